package import Glibc

/// A listening socket, of which clients are taken as they come.
///
/// Where no client can be taken in although one waits, as when the process has no descriptors left (accept(2): EMFILE,
/// ENFILE, ENOMEM), `poll` says again and again that one does. So it rests for a tenth of a second then; whoever waits
/// goes on waiting.
package struct Listener {
    private static let rest: Duration = .milliseconds(100)

    private let socket: Descriptor
    private var restsUntil: ContinuousClock.Instant?
    /// Why clients wait, in the kernel's words; nil while they needn't.
    package private(set) var fault: String?

    package init(_ socket: Descriptor) { self.socket = socket }

    /// What to poll for. At rest it is nothing, until `nextDeadline`.
    package var pollRequest: pollfd {
        pollfd(fd: restsUntil == nil ? socket.number : -1, events: Int16(POLLIN), revents: 0)
    }

    /// When to ask again whatever `poll` says; nil while it doesn't rest.
    package var nextDeadline: ContinuousClock.Instant? { restsUntil }

    /// Somebody who wants to talk to us; nil if there is nobody any more, or they have to wait.
    package mutating func accept(at now: ContinuousClock.Instant) -> Descriptor? {
        if let end = restsUntil, now < end { return nil }
        restsUntil = nil
        var number = Glibc.accept(socket.number, nil, nil)
        while number < 0, errno == EINTR { number = Glibc.accept(socket.number, nil, nil) }
        if number >= 0 || errno == EAGAIN {
            fault = nil
        } else {
            fault = meaning(ofErrno: errno)
            restsUntil = now + Self.rest
        }
        guard number >= 0 else { return nil }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        _ = fcntl(number, F_SETFL, O_NONBLOCK)
        return Descriptor(number)
    }
}

import Glibc

/// SIGINT and SIGTERM as something to wait for: the handler writes to a pipe.
public final class StopSignal: Sendable {
    /// Readable once a signal has come.
    public let descriptor: Int32
    /// The handler can reach only globals; written once, before the handler is installed.
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

    /// Catches both signals from now on. One object a process.
    public init() {
        var ends: [Int32] = [-1, -1]
        precondition(unsafe pipe(&ends) == 0, "no descriptors left for a pipe")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = ends[0]
        unsafe Self.writeEnd = ends[1]
        for number in [SIGINT, SIGTERM] {
            _ = signal(number) { _ in
                var octet: UInt8 = 1
                unsafe _ = write(StopSignal.writeEnd, &octet, 1)
            }
        }
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Whether one has come.
    public var hasCome: Bool { waits(milliseconds: 0) }

    /// Waits for one, so long at most.
    /// - Returns: whether one has come.
    public func waits(milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&request, 1, milliseconds) > 0
    }

    /// Returns when a signal has come.
    public func wait() {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&request, 1, -1) <= 0 {}
    }
}

import Glibc

/// One end of a connection, as the thread that polls it sees it: bytes in and out, and whether the other end lives.
///
/// Used by one thread. Nothing here waits.
final class Peer {
    let socket: Descriptor
    let outbox: Outbox
    private let tuning: LinkTuning
    private var reader = FrameReader()
    /// Bytes of the frame at the front that have been sent.
    private var sentByteCount = 0
    private var lastHeard: ContinuousClock.Instant
    private var nextPing: ContinuousClock.Instant

    init(
        _ socket: Descriptor, outbox: Outbox, tuning: LinkTuning, at now: ContinuousClock.Instant
    ) {
        self.socket = socket
        self.outbox = outbox
        lastHeard = now
        nextPing = now + tuning.ping
        self.tuning = tuning
    }

    /// What to poll for. One who doesn't want to read only hears that the other end is gone.
    func pollRequest(reads: Bool) -> pollfd {
        let events = (reads ? POLLIN : 0) | (outbox.front != nil ? POLLOUT : 0)
        return pollfd(fd: socket.number, events: Int16(events), revents: 0)
    }

    /// Reads what is there, up to `limit` bytes, so that one peer doesn't keep out the others.
    /// - Throws: why the connection is over. What had come before can still be taken by `next`.
    func receive(limit: Int = 4 << 20, at now: ContinuousClock.Instant) throws(LinkError) {
        var received = 0
        while received < limit {
            let count = withUnsafeTemporaryAllocation(byteCount: 256 << 10, alignment: 16) { chunk in
                let count = recv(socket.number, chunk.baseAddress, chunk.count, Int32(MSG_DONTWAIT))
                if count > 0 { reader.append(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
                return count
            }
            if count > 0 {
                received += count
                lastHeard = now
            } else if count == 0 {
                throw LinkError(
                    reader.isInsideFrame
                        ? "the other end closed the connection in the middle of a frame"
                        : "the other end closed the connection")
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                throw LinkError("the connection is broken: \(meaning(ofErrno: errno))")
            }
        }
    }

    /// The next frame that has come.
    func next() throws(LinkError) -> LinkFrame? { try reader.next() }

    /// Sends what waits, as far as the other end takes it.
    func send() throws(LinkError) {
        while let frame = outbox.front {
            let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
            let count = frame.withUnsafeBytes {
                Glibc.send(
                    socket.number, $0.baseAddress.map { $0 + sentByteCount }, $0.count - sentByteCount, flags)
            }
            if count >= 0 {
                sentByteCount += count
                guard sentByteCount == frame.count else { continue }
                sentByteCount = 0
                outbox.removeFront()
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                throw LinkError("the connection is broken: \(meaning(ofErrno: errno))")
            }
        }
    }

    /// Pings when it is time, and finds out that the other end is dead.
    /// - Parameter isListening: whether what comes is read at all: only then silence means something.
    func keepAlive(isListening: Bool, at now: ContinuousClock.Instant) throws(LinkError) {
        if !isListening { lastHeard = now }
        guard now < lastHeard + tuning.silence else {
            throw LinkError("nothing has come from the other end for \(tuning.silence)")
        }
        guard now >= nextPing else { return }
        nextPing = now + tuning.ping
        // One who doesn't read is not sent more.
        if outbox.front == nil { outbox.append([Message.ping.frame.bytes]) }
    }

    /// When `keepAlive` wants to be called again.
    var nextDeadline: ContinuousClock.Instant { min(nextPing, lastHeard + tuning.silence) }
}

/// Milliseconds for `poll` to wait until then: never less than there are, never for ever.
package func pollTimeout(
    from now: ContinuousClock.Instant, until deadline: ContinuousClock.Instant
) -> Int32 {
    let (seconds, attoseconds) = now.duration(to: deadline).components
    if seconds < 0 || attoseconds < 0 { return 0 }
    if seconds >= 60 { return 60_000 }
    return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
}

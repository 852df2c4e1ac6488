import CLinux
import Glibc

/// Something to poll for that any thread can make readable.
public final class WakeUp: Sendable {
    /// Readable from `signal` on until `clear`.
    public let descriptor: Int32

    public init() {
        descriptor = wl_event_open()
        precondition(descriptor >= 0, "no descriptors left for an event: errno \(-descriptor)")
    }

    deinit { close(descriptor) }

    /// Wakes whoever polls. Cost: a system call.
    public func signal() {
        var one: UInt64 = 1
        // It fails only when it has been signalled 2⁶⁴ times, and is readable then as well.
        _ = write(descriptor, &one, 8)
    }

    /// Waits for a signal until then, and takes it back.
    public func wait(until deadline: ContinuousClock.Instant) {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&request, 1, pollTimeout(from: .now, until: deadline)) <= 0, .now < deadline {}
        clear()
    }

    /// Takes back all signals so far.
    public func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}

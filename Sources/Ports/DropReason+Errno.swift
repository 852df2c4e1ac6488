import Glibc
import Packets

extension DropReason {
    /// What a send that failed with this `errno` means for the packet: the interface can't send at all, or it
    /// could not send this one (queue full, too long, refused).
    init(sendError: Int32) {
        switch sendError {
        case EIO, EBADFD, EBADF, ENETDOWN, ENXIO, ENODEV: self = .portDown
        default: self = .transmitFailed
        }
    }
}

/// The time of arrival of what is received now: nanoseconds since the Unix epoch.
func currentTimestamp() -> UInt64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
}

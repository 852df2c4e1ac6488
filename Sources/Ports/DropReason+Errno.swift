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

import CLinux
import Glibc
import Packets

/// A descriptor of /dev/net/tun that is attached to an interface: each read takes one frame that the kernel
/// sent out of it, each write is one frame that comes in by it.
struct TunDevice: ~Copyable {
    /// Which layer its frames begin at.
    enum Kind: String {
        /// IP packets.
        case tun = "TUN"
        /// Ethernet frames.
        case tap = "TAP"
    }

    let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Attaches to the interface, which is made if there is none, and makes it stay when the process ends.
    /// - Parameter patience: how often to try again, 10 ms apart, while the kernel is still busy tearing down
    ///   the last use of this name.
    static func attach(to interface: String, kind: Kind, patience: Int) throws(InterfaceError) -> TunDevice {
        func failure(_ action: String, _ errorNumber: Int32) -> InterfaceError {
            InterfaceError(interface: interface, action: action, errorNumber: errorNumber)
        }
        let descriptor = unsafe open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open /dev/net/tun", errno) }
        let device = TunDevice(descriptor: descriptor)
        var result = unsafe wl_tun_attach(descriptor, interface, kind == .tap)
        var attempts = 0
        while result == EBUSY, attempts < patience {
            usleep(10_000)
            attempts += 1
            result = unsafe wl_tun_attach(descriptor, interface, kind == .tap)
        }
        switch result {
        case 0: break
        case EBUSY:
            throw InterfaceError(
                interface: interface, action: "attach to it", reason: "another process has it open")
        case EINVAL:
            throw InterfaceError(
                interface: interface, action: "attach to it", reason: "it exists, but is no \(kind.rawValue)")
        default: throw failure("make it a \(kind.rawValue)", result)
        }
        let persisted = wl_tun_persist(descriptor)
        guard persisted == 0 else { throw failure("make it persistent", persisted) }
        return device
    }

    /// Appends what waits to the vector, until it is full. False once the interface has been deleted.
    func receive(into vector: PacketVector) -> Bool {
        let now = currentTimestamp()
        while !vector.isFull {
            let frame = unsafe vector.nextFrame
            // One byte of the tailroom more than a frame may have: a read that cut its packet short doesn't
            // say so.
            let count = unsafe read(descriptor, frame.baseAddress, frame.count + 1)
            if count > frame.count {
                vector.appendDropped(.oversized, timestamp: now)
            } else if count >= 0 {
                vector.append(byteCount: count, timestamp: now)
            } else if errno != EINTR {
                // EAGAIN: nothing there, or the interface is down. EBADFD: it is gone.
                return errno != EBADFD
            }
        }
        return true
    }

    /// Sends packets, each by a system call.
    /// - Parameter failures: takes those that the kernel refused.
    func transmit(
        _ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>, failures: inout SendFailures
    ) {
        for order in 0..<selection.count {
            let index = unsafe Int(selection[order])
            let frame = unsafe vector.frame(index)
            var count = unsafe write(descriptor, frame.baseAddress, frame.count)
            while count < 0, errno == EINTR {
                count = unsafe write(descriptor, frame.baseAddress, frame.count)
            }
            if count >= 0 {
                vector[index].disposition = .forwarded
            } else {
                let errorNumber = errno
                vector[index].drop(DropReason(sendError: errorNumber))
                failures.note(errorNumber)
            }
        }
    }
}

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

        var link: LinkType { self == .tun ? .ip : .ethernet }
    }

    let descriptor: Int32
    /// Whether each frame stands behind a virtio header.
    let hasHeaders: Bool
    /// Whether the interface can have further queues.
    private(set) var hasQueues = false
    /// What the kernel leaves to us.
    private(set) var offloads: PortOffloads = []
    /// Packets of which the kernel may be given superframes.
    private(set) var joining: Coalescer.Transports = []
    /// What the kernel would not have of what was asked for, each in a sentence.
    private(set) var refusals: [String] = []
    /// Reads and writes many frames at once; nil: one by one.
    private var ring: IORing?

    private init(descriptor: Int32, hasHeaders: Bool) {
        self.descriptor = descriptor
        self.hasHeaders = hasHeaders
    }

    deinit { close(descriptor) }

    /// What is in force.
    var engine: PortEngine { soundRing == nil ? .readWrite : .ioUring }
    var soundRing: IORing? { ring.flatMap { $0.isSound ? $0 : nil } }
    /// Why the ring has failed since; nil: it has not.
    var failure: String? {
        ring.flatMap { ring in
            ring.isSound
                ? nil
                : "io_uring has failed (\(String(errorNumber: ring.errorNumber))); packets pass one by one"
        }
    }

    /// Attaches to the interface, which is made if there is none, and makes it stay when the process ends.
    /// - Parameter patience: how often to try again, 10 ms apart, while the kernel is still busy tearing down
    ///   the last use of this name.
    /// - Parameter offload: whether superframes and unfinished checksums are wanted.
    /// - Parameter engine: how packets are to pass; nil: as fast as the kernel lets us.
    /// - Parameter queues: whether the interface is to be made for several queues. One that is there is taken as it is.
    static func attach(
        to interface: String, kind: Kind, patience: Int, offload: Bool, engine: PortEngine? = nil,
        queues: Bool = false
    ) throws(InterfaceError) -> TunDevice {
        func failure(_ action: String, _ errorNumber: Int32) -> InterfaceError {
            InterfaceError(interface: interface, action: action, errorNumber: errorNumber)
        }
        let descriptor = unsafe open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open /dev/net/tun", errno) }
        // Also without offload: a superframe that an earlier user of the interface has left is told from a packet.
        let hasHeaders = wl_tun_has_headers(descriptor)
        var device = TunDevice(descriptor: descriptor, hasHeaders: hasHeaders)
        device.hasQueues = queues
        var result = unsafe wl_tun_attach(descriptor, interface, kind == .tap, hasHeaders, queues)
        if result == EINVAL {
            // An earlier user has made it for one queue, or for several.
            device.hasQueues = !queues
            result = unsafe wl_tun_attach(descriptor, interface, kind == .tap, hasHeaders, !queues)
        }
        var attempts = 0
        while result == EBUSY, attempts < patience {
            usleep(10_000)
            attempts += 1
            result = unsafe wl_tun_attach(descriptor, interface, kind == .tap, hasHeaders, device.hasQueues)
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
        if hasHeaders {
            let sized = wl_tun_set_header(descriptor, Int32(OffloadHeader.byteCount))
            guard sized == 0 else { throw failure("set the size of its virtio headers", sized) }
        }
        device.negotiate(offload: offload)
        if hasHeaders, engine != .readWrite { device.openRing() }
        return device
    }

    private mutating func openRing() {
        do throws(IORing.Refusal) {
            ring = try IORing(on: descriptor)
        } catch {
            refusals.append(
                "io_uring is not to be had (\(String(errorNumber: error.errorNumber))), and packets pass one by one"
            )
        }
    }

    /// Has the kernel leave to us as much as it will, or nothing where no offload is wanted: what an earlier user of the
    /// interface agreed on would stay in force.
    private mutating func negotiate(offload: Bool) {
        guard offload, hasHeaders else {
            _ = wl_tun_set_offload(descriptor, 0)
            if offload {
                refusals.append("the kernel has no virtio headers for it, and packets pass one by one")
            }
            return
        }
        let checksum = UInt(WL_TUN_CHECKSUM)
        let tcp = checksum | UInt(WL_TUN_TSO4 | WL_TUN_TSO6)
        let congestion = UInt(WL_TUN_TSO_ECN)
        // The kernel takes USO for both versions of IP or for neither.
        let udp = UInt(WL_TUN_USO4 | WL_TUN_USO6)
        let wishes = [tcp | congestion | udp, tcp | congestion, tcp | udp, tcp, checksum, 0]
        let agreed = wishes.first { wl_tun_set_offload(descriptor, $0) == 0 } ?? 0
        if agreed & checksum != 0 { offloads.insert(.checksum) } else { refuse("unfinished checksums") }
        if agreed & tcp == tcp { offloads.insert(.segmentation) } else { refuse("superframes of TCP") }
        if agreed & udp == udp { joining = [.tcp, .udp] } else { refuse("superframes of UDP") }
        if agreed & congestion == 0 { refuse("superframes of TCP that tell of congestion") }
        joining.insert(.tcp)
    }

    private mutating func refuse(_ what: String) {
        refusals.append("the kernel passes no \(what) to it")
    }

    /// Appends what waits to the vector, until it is full. False once the interface has been deleted.
    /// - Parameter buffer: takes frames behind virtio headers.
    func receive(into vector: PacketVector, by buffer: TunReceiveBuffer) -> Bool {
        // EBADFD: it is gone.
        guard !hasHeaders else {
            return buffer.receive(
                from: descriptor, by: soundRing, hasSuperframes: !offloads.isEmpty, into: vector) != EBADFD
        }
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
}

import Glibc
import Packets
import Ports
import Synchronization

/// What one client wants to see of a worker's packets, and the ring in which it finds them. Made by the observation
/// thread; the worker fills it while it is armed.
final class Tap: Sendable {
    enum Purpose: Sendable {
        case capture(CaptureRequest)
        case trace(TraceRequest)
    }

    /// Bytes of the ring: some 5,000 packets of 1,500 bytes.
    static let ringByteCount = 8 << 20

    let purpose: Purpose
    /// Port slots; nil for all.
    let ports: Set<UInt16>?
    let filter: PacketFilter?
    let ring = RecordRing(byteCount: Tap.ringByteCount)
    /// Packets that are still wanted, as the worker has said.
    private let remaining: Atomic<UInt64>
    private let closed = Atomic(false)

    init(_ purpose: Purpose, ports: Set<UInt16>?, filter: PacketFilter?) {
        self.purpose = purpose
        self.ports = ports
        self.filter = filter
        let count =
            switch purpose {
            case .capture(let request): request.count
            case .trace(let request): request.count
            }
        remaining = Atomic(count == 0 ? .max : count)
    }

    /// Whether nothing more is wanted.
    var isDone: Bool { closed.load(ordering: .acquiring) || remaining.load(ordering: .acquiring) == 0 }

    func close() { closed.store(true, ordering: .releasing) }

    /// The worker: how many packets are wanted at first.
    var wanted: UInt64 { remaining.load(ordering: .relaxed) }

    /// The worker: says how many are still wanted, when those before stand in the ring.
    func settle(_ left: UInt64) { remaining.store(left, ordering: .releasing) }

    /// The worker: whether a packet passes the ports and the expression.
    func passes(_ frame: UnsafeRawBufferPointer, port: UInt16, link: LinkType) -> Bool {
        if let ports, !ports.contains(port) { return false }
        return filter?.passes(frame, link) ?? true
    }
}

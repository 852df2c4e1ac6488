public import Ports
public import Tables

/// What a worker works by: tables, and the ports that they speak of. Made by one thread, adopted by others.
///
/// Ports aren't thread-safe: from when a publication is handed over, the worker alone uses those in it, but for what a
/// port itself allows.
public final class Publication: @unchecked Sendable {
    public let tables: TablesPublication
    /// By worker.
    private let ports: [[(any PacketPort)?]]
    /// Bytes of a slot of packet memory that holds the longest packet of any port. A worker that has smaller slots makes
    /// larger ones.
    public let slotByteCount: Int

    /// What one worker works by.
    /// - Parameter ports: by slot, at most 256; what is missing at the end is nil.
    public convenience init(
        tables: TablesPublication, ports: [(any PacketPort)?], slotByteCount: Int = 2048
    ) {
        self.init(tables: tables, portsByWorker: [ports], slotByteCount: slotByteCount)
    }

    /// What several workers work by, each with ports of its own.
    /// - Parameter ports: by worker, and then by slot, at most 256; what is missing at the end is nil.
    public init(
        tables: TablesPublication, portsByWorker ports: [[(any PacketPort)?]], slotByteCount: Int = 2048
    ) {
        self.tables = tables
        self.slotByteCount = slotByteCount
        self.ports = ports.map { ports in
            precondition(ports.count <= ForwardingTables.portCapacity)
            return ports + Array(repeating: nil, count: ForwardingTables.portCapacity - ports.count)
        }
    }

    /// A worker's ports by slot, 256 of them; nil where there is none. Packets for such a port are dropped as for one that
    /// is down.
    public func ports(of worker: Int) -> [(any PacketPort)?] { ports[worker] }
}

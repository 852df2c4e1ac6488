public import Ports
public import Wire

/// What a worker has found out about a port, for the thread that edits the tables.
public struct PortReport: Sendable, Equatable {
    public var slot: UInt16
    /// Whose it is: of a port of several queues each worker reports its own.
    public var worker: Int
    /// The publication that the worker goes by: when the report is read, there may be another port in the slot.
    public var serial: UInt64
    public var state: PortState
    public var mac: MACAddress?
    public var mtu: Int
    public var statistics: PortStatistics
    public var offloads: PortOffloads
    public var engine: PortEngine?
    /// What is not in force of what was asked for, and why.
    public var notes: [String]

    /// Looks at a port as it is now.
    public init(_ port: any PacketPort, slot: UInt16, serial: UInt64, worker: Int = 0) {
        self.slot = slot
        self.worker = worker
        self.serial = serial
        state = port.state
        mac = port.macAddress
        mtu = port.mtu
        statistics = port.statistics
        offloads = port.offloads
        engine = port.engine
        notes = port.notes
    }
}

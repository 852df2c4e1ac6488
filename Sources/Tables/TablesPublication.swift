public import Wire

/// The tables as they were published at one time: what packets are held against from then on. Immutable, and valid for
/// as long as it is kept, up to the second publication behind it: see `ForwardingTables`.
@safe public final class TablesPublication: @unchecked Sendable {
    /// Counts publications: 0 is the empty tables'. A reader takes in every one, in this order.
    public let serial: UInt64
    /// The number of the last transaction that is in it.
    public let number: UInt64
    /// The sum of the hashes of all objects, mod 2⁶⁴.
    public let tableHash: UInt64
    /// What the data path reads. It knows no learned neighbours: these are the reader's own (`WorkerTables`).
    public let view: TablesView
    /// All adjacencies. The places behind `ForwardingTables.adjacencyCapacity` are the worker's.
    public let adjacencies: Table<Adjacency>
    /// Adjacencies that weren't in the publication before.
    public let addedAdjacencies: [AdjacencyIndex]
    /// Adjacencies that were in the publication before and aren't any more. Their records still stand.
    public let retiredAdjacencies: [AdjacencyIndex]
    /// Ports that were added, removed or changed since the publication before, in ascending order.
    public let changedPorts: [UInt16]
    /// Tunnels that were added, removed or changed since the publication before: what has been learned of their paths
    /// holds no more.
    public let changedTunnels: Set<TunnelIndex>
    /// By slot; nil where there is none.
    public let ports: [PortSettings?]
    /// The node's own addresses and the port each stands on: those of the ports, then tunnel ends that are no port's.
    public let localAddresses: [(address: IPAddress, port: UInt16)]
    /// The same by port slot.
    public let addressesByPort: [[IPAddress]]
    /// What `view` points into.
    private let memory: [AnyObject]

    init(
        serial: UInt64, number: UInt64, tableHash: UInt64, view: TablesView, memory: [AnyObject],
        adjacencies: Table<Adjacency>, added: [AdjacencyIndex], retired: [AdjacencyIndex],
        changedPorts: [UInt16], changedTunnels: Set<TunnelIndex>, ports: [PortSettings?],
        addresses: LocalAddresses
    ) {
        self.serial = serial
        self.number = number
        self.tableHash = tableHash
        self.view = view
        self.memory = memory
        self.adjacencies = adjacencies
        addedAdjacencies = added
        retiredAdjacencies = retired
        self.changedPorts = changedPorts
        self.changedTunnels = changedTunnels
        self.ports = ports
        localAddresses = addresses.all
        addressesByPort = addresses.byPort
    }
}

/// The node's own addresses, in the order in which they are spoken from.
struct LocalAddresses {
    var all: [(address: IPAddress, port: UInt16)] = []
    var byPort: [[IPAddress]] = Array(repeating: [], count: ForwardingTables.portCapacity)

    mutating func append(_ address: IPAddress, _ port: UInt16) {
        all.append((address, port))
        byPort[Int(port)].append(address)
    }
}

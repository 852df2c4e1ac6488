public import Exchange
public import Tables
public import Wire

/// A whole exchange as the forwarder wants it, in one transaction; with the names by which people know what the tables
/// only number.
public struct CompiledExchange: Sendable {
    public let state: State
    /// What makes the tables, from nothing.
    public let transaction: Transaction
    public let facts: PortFacts
    /// By port slot.
    public let ports: [PortObject]
    /// By session slot.
    public let sessionObjects: [SessionObject]
    /// By label.
    public let labelObjects: [Label: LabelObject]
    /// Names by session slot: that of a session with several paths stands as often.
    public let sessions: [String]
    /// By session slot: which session of the exchange is counted there, and on which of its paths.
    public let places: [Place]
    /// By subscriber slot.
    public let subscribers: [String]
    /// By service slot.
    public let services: [String]
    /// By tunnel slot.
    public let tunnels: [String]

    /// Compiles a validated exchange, its objects in the slots that are their places in the file. Deterministic: the same
    /// exchange gives the same transaction.
    public init(_ exchange: ExchangeDescription, _ facts: PortFacts) {
        precondition(
            facts.macAddresses.count == exchange.ports.count && facts.mtus.count == exchange.ports.count)
        state = State(exchange)
        self.facts = facts
        transaction = TableCompiler.everything(in: state, number: state.sequence)
        var ports: [PortObject] = []
        var sessions: [SessionObject] = []
        var labels: [Label: LabelObject] = [:]
        for change in transaction.changes {
            switch change {
            case .set(.port(let port)): ports.append(port)
            case .set(.session(let session)): sessions.append(session)
            case .set(.label(let label)): labels[label.label] = label
            default: break
            }
        }
        self.ports = ports
        sessionObjects = sessions
        labelObjects = labels
        places = exchange.sessions.enumerated().flatMap { session, object in
            object.paths.map { Place(session: session, path: $0) }
        }
        self.sessions = places.map { exchange.sessions[$0.session].name }
        subscribers = exchange.subscribers.map(\.name)
        services = exchange.services.map(\.name)
        tunnels = exchange.tunnels.map(\.name)
    }

    /// A path of a session, by the session's place in the file.
    public struct Place: Sendable {
        public let session: Int
        public let path: Session.Path
    }

    /// Tables with all of it, published.
    /// - Throws: what the tables refuse although validation didn't.
    public func makeTables() throws(TableError) -> ForwardingTables {
        let tables = ForwardingTables()
        for (slot, (mac, mtu)) in zip(facts.macAddresses, facts.mtus).enumerated() {
            tables.portFacts(UInt16(slot), mac: mac, mtu: mtu.map { UInt16(clamping: $0) })
        }
        try tables.stage(transaction)
        _ = tables.publish()
        return tables
    }
}

/// What isn't in the file but is known of the ports.
public struct PortFacts: Sendable {
    /// By place in the file. Nil where it isn't known yet.
    public var macAddresses: [MACAddress?]
    /// The longest network-layer packet by place in the file; nil: 1,500 bytes.
    public var mtus: [Int?]

    public init(macAddresses: [MACAddress?], mtus: [Int?]) {
        self.macAddresses = macAddresses
        self.mtus = mtus
    }

    /// Facts for a run without interfaces: MAC addresses from the file, else 02:57:4c:00:00:NN, NN the port's place
    /// counted from 1.
    public static func offline(_ exchange: ExchangeDescription) -> PortFacts {
        PortFacts(
            macAddresses: exchange.ports.enumerated().map { index, port in
                port.mac ?? MACAddress(rawValue: 0x0257_4c00_0000 + UInt64(index) + 1)
            }, mtus: exchange.ports.map(\.mtu))
    }
}

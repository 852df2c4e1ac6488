public import Wire

/// Everything that the forwarding tables are made from, as plain values: what the table compiler writes and
/// `ForwardingTables` reads. Indices are places in the arrays here.
public struct TableContents: Sendable {
    /// In the order of the exchange file; `PortIndex` counts here.
    public var ports: [PortEntry] = []
    /// The node's own addresses, and the port each stands on.
    public var localAddresses: [(address: IPAddress, port: UInt16)] = []
    /// The prefixes whose addresses are on a port's own link.
    public var links: [(prefix: IPPrefix, port: UInt16)] = []
    public var adjacencies: [Adjacency] = []
    /// Neighbours known from the start, each on an adjacency whose state is `.onLink`.
    public var neighbours: [(address: IPAddress, mac: MACAddress, onLink: AdjacencyIndex)] = []

    public var subscribers: [SubscriberEntry] = []
    public var subscriberPrefixes: [(prefix: IPPrefix, subscriber: SubscriberIndex)] = []
    public var servicePrefixes: [(prefix: IPPrefix, service: ServiceIndex)] = []
    public var rules: [Rule] = []
    /// Two for each session: up, then down.
    public var conversions: [Conversion] = []
    /// The sessions that are open: who may use what.
    public var admissions: [(subscriber: SubscriberIndex, service: ServiceIndex, session: SessionIndex)] = []

    public var tunnels: [TunnelEntry] = []
    /// IP-in-IP tunnels by outer source (the remote end) and outer destination (ours).
    public var tunnelEndpoints: [(remote: IPv4Address, local: IPv4Address, tunnel: TunnelIndex)] = []
    public var nhlfes: [NHLFE] = []
    public var incomingLabels: [(label: Label, entry: ILMEntry)] = []
    public var userLabels: [(context: LabelContext, label: Label, conversion: ConversionIndex)] = []

    public init() {}
}

/// Where a user label has its meaning (RFC 5331 calls it a context-specific label space).
public enum LabelContext: Hashable, Sendable {
    /// Under the path label of this tunnel.
    case tunnel(TunnelIndex)
    /// On top of the stack, on this port: the path label was popped by the hop before.
    case port(UInt16)

    /// The key of a label in this context.
    @inlinable @inline(always) public func key(_ label: UInt32) -> UInt64 {
        switch self {
        case .tunnel(let tunnel): UInt64(tunnel.rawValue) &<< 20 | UInt64(label)
        case .port(let port): 1 &<< 62 | UInt64(port) &<< 20 | UInt64(label)
        }
    }
}

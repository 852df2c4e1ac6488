public import Wire

/// One change of the forwarder's tables, which packets see whole or not at all.
public struct Transaction: Equatable, Sendable {
    /// The number of the command that the tables are brought up to.
    public var number: UInt64
    /// Whether `changes` is all there is: whatever isn't among them goes. What is among them and the same as before is
    /// left alone.
    public var isReset: Bool
    /// At most one for each key.
    public var changes: [Change]

    /// A transaction.
    public init(number: UInt64, isReset: Bool = false, changes: [Change]) {
        self.number = number
        self.isReset = isReset
        self.changes = changes
    }

    /// One object put in, in place of the one with its key, or taken out.
    public enum Change: Equatable, Sendable {
        case set(TableObject)
        case remove(TableKey)
    }
}

/// What a table object is found by. Slots are given out by the control plane and are small.
public enum TableKey: Hashable, Sendable {
    /// 0…255.
    case port(UInt16)
    case tunnel(TunnelIndex)
    case subscriber(SubscriberIndex)
    case service(ServiceIndex)
    /// The slot of the session's counters: a session on another way is another object.
    case session(SessionIndex)
    case label(Label)
}

/// A thing that the forwarder knows.
public enum TableObject: Equatable, Sendable {
    case port(PortObject)
    case tunnel(TunnelObject)
    case subscriber(SubscriberObject)
    case service(ServiceObject)
    case session(SessionObject)
    case label(LabelObject)

    /// What it is found by.
    public var key: TableKey {
        switch self {
        case .port(let port): .port(port.slot)
        case .tunnel(let tunnel): .tunnel(tunnel.slot)
        case .subscriber(let subscriber): .subscriber(subscriber.slot)
        case .service(let service): .service(service.slot)
        case .session(let session): .session(session.slot)
        case .label(let label): .label(label.label)
        }
    }
}

/// A port to be opened, and what packets on it are held to.
public struct PortObject: Equatable, Sendable {
    public var slot: UInt16
    /// For people.
    public var name: String
    public var medium: PortMedium
    public var role: PortEntry.Role
    /// The node's own addresses here.
    public var addresses: [InterfaceAddress]
    /// Nil: the interface's own.
    public var mac: MACAddress?
    /// The longest network-layer packet, in bytes. Nil: the interface's.
    public var mtu: UInt16?
    public var routes: PortRoutes
    /// Neighbours whose MAC addresses need not be asked for.
    public var neighbours: [StaticNeighbour]
    /// The forwarder that opens it: others know the port, but have no packets from it and none for it.
    public var forwarder: String

    public init(
        slot: UInt16, name: String, medium: PortMedium, role: PortEntry.Role,
        addresses: [InterfaceAddress] = [], mac: MACAddress? = nil, mtu: UInt16? = nil,
        routes: PortRoutes = .none, neighbours: [StaticNeighbour] = [], forwarder: String = "main"
    ) {
        self.slot = slot
        self.name = name
        self.medium = medium
        self.role = role
        self.addresses = addresses
        self.mac = mac
        self.mtu = mtu
        self.routes = routes
        self.neighbours = neighbours
        self.forwarder = forwarder
    }

    /// Whether frames begin with an Ethernet header.
    public var isEthernet: Bool {
        switch medium {
        case .tun: false
        case .tap, .packet, .capture: true
        case .file(_, _, let isEthernet): isEthernet
        }
    }
}

/// What a port is made of.
public enum PortMedium: Equatable, Sendable {
    case tun(interface: String)
    case tap(interface: String)
    case packet(interface: String)
    case capture(interface: String)
    /// Paths of capture files.
    case file(read: String?, write: String?, isEthernet: Bool)
}

/// What the kernel is to route into a TUN.
public enum PortRoutes: Equatable, Sendable {
    case none
    /// The prefixes of all services.
    case services
    /// The addresses of all subscribers.
    case subscribers
    case prefixes([IPPrefix])
}

/// A neighbour from the configuration.
public struct StaticNeighbour: Equatable, Sendable {
    public var address: IPAddress
    public var mac: MACAddress

    public init(address: IPAddress, mac: MACAddress) {
        self.address = address
        self.mac = mac
    }
}

/// A tunnel's receiving side.
public struct TunnelObject: Equatable, Sendable {
    public var slot: TunnelIndex
    /// The line's port.
    public var port: UInt16
    public var end: End

    public init(slot: TunnelIndex, port: UInt16, end: End) {
        self.slot = slot
        self.port = port
        self.end = end
    }

    /// What packets in the tunnel are known by.
    public enum End: Equatable, Sendable {
        /// The path label; nil where the hop before us pops it. `handsOnTTL`: RFC 3443 uniform model.
        case mpls(receive: Label?, handsOnTTL: Bool)
        /// The outer source and destination.
        case ipip(remote: IPv4Address, local: IPv4Address)
    }
}

/// A subscriber's addresses, and where packets from them must come in.
public struct SubscriberObject: Equatable, Sendable {
    public var slot: SubscriberIndex
    /// Nil where the subscriber is reached through tunnels.
    public var port: UInt16?
    /// VLAN ids, outer first.
    public var tags: [UInt16]
    public var prefixes: [IPPrefix]

    public init(slot: SubscriberIndex, port: UInt16?, tags: [UInt16], prefixes: [IPPrefix]) {
        self.slot = slot
        self.port = port
        self.tags = tags
        self.prefixes = prefixes
    }
}

/// A service's addresses.
public struct ServiceObject: Equatable, Sendable {
    public var slot: ServiceIndex
    public var prefixes: [IPPrefix]

    public init(slot: ServiceIndex, prefixes: [IPPrefix]) {
        self.slot = slot
        self.prefixes = prefixes
    }
}

/// An open session: who may use what, by which way, counted where.
public struct SessionObject: Equatable, Sendable {
    /// The slot of its counters.
    public var slot: SessionIndex
    /// Whose counters they are: written beside them, for whoever reads them.
    public var session: UInt64
    public var leg: UInt32
    public var subscriber: SubscriberIndex
    public var service: ServiceIndex
    /// A packet needs one of them; none: all is admitted. At most 255.
    public var rules: [Rule]
    public var up: SessionWay
    public var down: SessionWay

    public init(
        slot: SessionIndex, session: UInt64, leg: UInt32, subscriber: SubscriberIndex, service: ServiceIndex,
        rules: [Rule], up: SessionWay, down: SessionWay
    ) {
        self.slot = slot
        self.session = session
        self.leg = leg
        self.subscriber = subscriber
        self.service = service
        self.rules = rules
        self.up = up
        self.down = down
    }
}

/// One direction of a session.
public struct SessionWay: Equatable, Sendable {
    /// The leg that packets arrive by.
    public var arrival: Arrival
    /// The user label they arrive under, in its context.
    public var userLabel: UserLabel?
    public var nextHop: NextHop
    public var push: Push
    /// The longest inner packet in bytes. Nil: what the port that it leaves by takes.
    public var maximumInnerByteCount: UInt16?

    public init(
        arrival: Arrival, userLabel: UserLabel? = nil, nextHop: NextHop, push: Push,
        maximumInnerByteCount: UInt16?
    ) {
        self.arrival = arrival
        self.userLabel = userLabel
        self.nextHop = nextHop
        self.push = push
        self.maximumInnerByteCount = maximumInnerByteCount
    }

    /// A label where it has its meaning.
    public struct UserLabel: Hashable, Sendable {
        public var context: LabelContext
        public var label: Label

        public init(context: LabelContext, label: Label) {
            self.context = context
            self.label = label
        }
    }

    /// What is put before each packet.
    public enum Push: Equatable, Sendable {
        case nothing
        /// One or two entries, top first, as `Conversion.push` takes them.
        case labels([LabelStackEntry], Conversion.Flags)
        /// An outer IPv4 header.
        case ipv4(source: IPv4Address, destination: IPv4Address, ttl: UInt8, dscp: UInt8, Conversion.Flags)
    }
}

/// Where packets go on a link: what an adjacency is made for.
public struct NextHop: Hashable, Sendable {
    public var port: UInt16
    /// VLAN ids, outer first. Empty on ports without an Ethernet header.
    public var tags: [UInt16]
    /// Nil: each destination on the link is its own; also on ports without an Ethernet header.
    public var address: IPAddress?

    public init(port: UInt16, tags: [UInt16] = [], address: IPAddress? = nil) {
        self.port = port
        self.tags = tags
        self.address = address
    }
}

/// A transit label (RFC 3031 §3.11).
public struct LabelObject: Equatable, Sendable {
    public var label: Label
    /// The labels to send, top first; at most three.
    public var labels: [Label]
    /// Whether the incoming label is popped before `labels` are pushed.
    public var pops: Bool
    public var nextHop: NextHop
    /// The longest label stack plus payload that the line takes, in bytes.
    public var mtu: UInt16

    public init(label: Label, labels: [Label], pops: Bool, nextHop: NextHop, mtu: UInt16) {
        self.label = label
        self.labels = labels
        self.pops = pops
        self.nextHop = nextHop
        self.mtu = mtu
    }
}

public import Wire

/// One change of the forwarder's tables, which packets see whole or not at all.
public struct Transaction: Equatable, Sendable {
    /// The number of the command that the tables are brought up to.
    public var number: UInt64
    /// Whether `changes` is all there is: whatever isn't among them goes. What is among them and the same as before is
    /// left alone.
    public var isReset: Bool
    /// At most one for each key.
    public var changes: [Change] {
        get { contents }
        set {
            contents = newValue
            hashes = []
        }
    }

    private var contents: [Change]
    /// The hash of each change's object, 0 for a removal; empty where the changes weren't read from bytes, which give it
    /// at no cost.
    private var hashes: [UInt64] = []

    /// A transaction.
    public init(number: UInt64, isReset: Bool = false, changes: [Change]) {
        self.number = number
        self.isReset = isReset
        contents = changes
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.number == b.number && a.isReset == b.isReset && a.contents == b.contents
    }

    /// How many changes there are.
    public var changeCount: Int { contents.count }

    /// Makes room for so many changes.
    public mutating func reserve(_ count: Int) {
        contents.reserveCapacity(count)
        hashes.reserveCapacity(count)
    }

    /// Reads one change more, and notes the hash of its object. All changes there are must have come so.
    /// - Parameter reader: of a stream of changes.
    /// - Throws: what is wrong, and at which byte.
    public mutating func readChange(_ reader: inout ByteReader) throws(ByteReaderError) {
        precondition(hashes.count == contents.count)
        let start = reader.offset
        let change = try Change(&reader)
        contents.append(change)
        guard case .set = change else { return hashes.append(0) }
        // The object stands behind the byte that says that it is set.
        hashes.append(
            unsafe reader.bytes(since: start + 1).withUnsafeBytes { unsafe TableObject.hash(ofEncoded: $0) })
    }

    /// The hash of the object that a change sets.
    /// - Parameter place: of the change.
    func hash(of object: TableObject, at place: Int) -> UInt64 {
        hashes.isEmpty ? object.hash : hashes[place]
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
    /// The slot of one of its sessions.
    case group(SessionIndex)
    case label(Label)
}

/// A thing that the forwarder knows. What is large stands apart, so that the others are small and it is passed on by
/// reference.
public enum TableObject: Equatable, Sendable {
    indirect case port(PortObject)
    indirect case tunnel(TunnelObject)
    case subscriber(SubscriberObject)
    case service(ServiceObject)
    indirect case session(SessionObject)
    case group(PathGroupObject)
    indirect case label(LabelObject)

    /// What it is found by.
    public var key: TableKey {
        switch self {
        case .port(let port): .port(port.slot)
        case .tunnel(let tunnel): .tunnel(tunnel.slot)
        case .subscriber(let subscriber): .subscriber(subscriber.slot)
        case .service(let service): .service(service.slot)
        case .session(let session): .session(session.slot)
        case .group(let group): .group(group.slot)
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
    /// Whether senders here are told that what they send is prohibited (RFC 1812 §5.2.7.1).
    public var answersDenied: Bool
    /// Whether senders of packets that came in here are told what became of them: TTL used up, too long.
    public var sendsErrors: Bool
    public var engine: PortEngine
    /// Whether the port and the kernel pass each other superframes and unfinished checksums, where they can.
    public var hasOffload: Bool

    public init(
        slot: UInt16, name: String, medium: PortMedium, role: PortEntry.Role,
        addresses: [InterfaceAddress] = [], mac: MACAddress? = nil, mtu: UInt16? = nil,
        routes: PortRoutes = .none, neighbours: [StaticNeighbour] = [], forwarder: String = "main",
        answersDenied: Bool = false, sendsErrors: Bool = true, engine: PortEngine = .automatic,
        hasOffload: Bool = true
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
        self.answersDenied = answersDenied
        self.sendsErrors = sendsErrors
        self.engine = engine
        self.hasOffload = hasOffload
    }

    /// Whether frames begin with an Ethernet header.
    public var isEthernet: Bool {
        switch medium {
        case .tun: false
        case .tap, .packet, .sharedPacket, .capture: true
        case .file(_, _, let isEthernet): isEthernet
        }
    }
}

/// What a port is made of.
public enum PortMedium: Equatable, Sendable {
    case tun(interface: String)
    case tap(interface: String)
    case packet(interface: String)
    /// An interface whose addresses the kernel keeps: we take our packets only, and the kernel the others.
    case sharedPacket(interface: String)
    case capture(interface: String)
    /// Paths of capture files.
    case file(read: String?, write: String?, isEthernet: Bool)
}

/// How packets pass between a port and the kernel.
public enum PortEngine: UInt8, Sendable {
    /// As is fastest among what the kernel has.
    case automatic = 0
    case readWrite
    case ioUring
    case ring
    case mmsg
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

/// A tunnel: its receiving side, and what all that is sent into it shares.
public struct TunnelObject: Equatable, Sendable {
    public var slot: TunnelIndex
    /// The line's port.
    public var port: UInt16
    /// The line's VLAN ids, outer first.
    public var tags: [UInt16]
    public var end: End
    /// What becomes of the inner packet's DSCP on arrival.
    public var innerClass: InnerClass
    /// Of all that is sent into it.
    public var policer: Policer?

    public init(
        slot: TunnelIndex, port: UInt16, tags: [UInt16] = [], end: End, innerClass: InnerClass = .keep,
        policer: Policer? = nil
    ) {
        self.slot = slot
        self.port = port
        self.tags = tags
        self.end = end
        self.innerClass = innerClass
        self.policer = policer
    }

    /// What packets in the tunnel are known by.
    public enum End: Equatable, Sendable {
        /// The path label; nil where the hop before us pops it. `handsOnTTL`: RFC 3443 uniform model.
        case mpls(receive: Label?, handsOnTTL: Bool)
        /// The outer source and destination, of one version.
        case ipip(remote: IPAddress, local: IPAddress)
        /// MPLS-in-UDP (RFC 7510): the outer source and destination, of one version, and the path label; nil where user
        /// labels stand alone. `needsChecksum`: datagrams without one are refused.
        case mplsudp(remote: IPAddress, local: IPAddress, receive: Label?, needsChecksum: Bool)

        /// The outer source and destination, where there are such.
        public var ends: (remote: IPAddress, local: IPAddress)? {
            switch self {
            case .mpls: nil
            case .ipip(let remote, let local), .mplsudp(let remote, let local, _, _): (remote, local)
            }
        }
    }

    /// What becomes of the inner DSCP when the outer header or label is taken off (RFC 2983, RFC 3270).
    public enum InnerClass: Equatable, Sendable {
        /// It stays: the pipe model.
        case keep
        /// IP-in-IP: it takes the outer one over, the uniform model.
        case outer
        /// MPLS: by the traffic class of the top label, 8 entries; 64: it stays.
        case map([UInt8])
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
    /// Whether a group has it: plain packets find it only by way of the group.
    public var isGrouped: Bool

    public init(
        slot: SessionIndex, session: UInt64, leg: UInt32, subscriber: SubscriberIndex, service: ServiceIndex,
        rules: [Rule], up: SessionWay, down: SessionWay, isGrouped: Bool = false
    ) {
        self.slot = slot
        self.session = session
        self.leg = leg
        self.subscriber = subscriber
        self.service = service
        self.rules = rules
        self.up = up
        self.down = down
        self.isGrouped = isGrouped
    }
}

/// The paths of one subscriber's use of one service: each a session object with a way and counters of its own. A flow
/// goes by one of them (RFC 2991), and all but the flows of a path that goes stay where they are.
public struct PathGroupObject: Equatable, Sendable {
    /// Paths at most.
    public static let capacity = 8

    /// The slot of its first session.
    public var slot: SessionIndex
    public var subscriber: SubscriberIndex
    public var service: ServiceIndex
    /// Two to eight, each of this subscriber and service.
    public var sessions: [SessionIndex]

    public init(
        slot: SessionIndex, subscriber: SubscriberIndex, service: ServiceIndex, sessions: [SessionIndex]
    ) {
        self.slot = slot
        self.subscriber = subscriber
        self.service = service
        self.sessions = sessions
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
    /// The tunnel that packets go into, if any.
    public var tunnel: TunnelIndex?
    /// The longest inner packet in bytes. Nil: what the port that it leaves by takes.
    public var maximumInnerByteCount: UInt16?
    /// TCP's maximum segment sizes are held to what packets of so many bytes take (RFC 9293 §3.7.1). Nil: they stay.
    public var segmentLimit: UInt16?
    /// By the inner DSCP, 64 entries: the traffic class of pushed labels, or the DSCP of an outer header. Nil: as the
    /// flags of `push` say.
    public var classMap: [UInt8]?
    /// Of this direction.
    public var policer: Policer?

    public init(
        arrival: Arrival, userLabel: UserLabel? = nil, nextHop: NextHop, push: Push,
        tunnel: TunnelIndex? = nil, maximumInnerByteCount: UInt16?, segmentLimit: UInt16? = nil,
        classMap: [UInt8]? = nil, policer: Policer? = nil
    ) {
        self.arrival = arrival
        self.userLabel = userLabel
        self.nextHop = nextHop
        self.push = push
        self.tunnel = tunnel
        self.maximumInnerByteCount = maximumInnerByteCount
        self.segmentLimit = segmentLimit
        self.classMap = classMap
        self.policer = policer
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
        /// One to eight entries, top first, as `Conversion.push` takes them.
        case labels([LabelStackEntry], Conversion.Flags)
        /// An outer IPv4 or IPv6 header: both addresses are of one version. `dscp`: where the flags don't copy it.
        case outer(source: IPAddress, destination: IPAddress, ttl: UInt8, dscp: UInt8, Conversion.Flags)
        /// An outer IPv4 or IPv6 header, UDP, and labels (RFC 7510).
        case datagram(Datagram, Conversion.Flags)
    }

    /// What is put before a packet in MPLS-in-UDP.
    public struct Datagram: Equatable, Sendable {
        /// Both are of one version.
        public var source: IPAddress
        public var destination: IPAddress
        /// Of the outer header, where the flags don't copy them.
        public var ttl: UInt8
        public var dscp: UInt8
        /// Nil: the user label stands alone.
        public var pathLabel: Label?
        public var userLabel: Label
        /// Whether UDP has a checksum.
        public var hasChecksum: Bool

        public init(
            source: IPAddress, destination: IPAddress, ttl: UInt8, dscp: UInt8, pathLabel: Label?,
            userLabel: Label, hasChecksum: Bool
        ) {
            self.source = source
            self.destination = destination
            self.ttl = ttl
            self.dscp = dscp
            self.pathLabel = pathLabel
            self.userLabel = userLabel
            self.hasChecksum = hasChecksum
        }
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
    /// The labels to send, top first; at most eight.
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

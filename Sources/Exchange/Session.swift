public import Wire

/// A subscriber's use of a service: the join of an access leg and a network leg, one of which may be several tunnels at
/// once. Packets are counted by session.
public struct Session: Equatable, Sendable {
    /// Unique among the sessions: 1 to 64 of the characters A-Z a-z 0-9 . _ -.
    public var name: String
    /// The name of the subscriber.
    public var subscriber: String
    /// The name of the service.
    public var service: String
    /// Towards the subscriber.
    public var access: Legs
    /// Towards the provider.
    public var network: Legs
    /// Of what the subscriber sends, by all paths together.
    public var upPolicer: Policer?
    /// Of what the subscriber gets, by all paths together.
    public var downPolicer: Policer?
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        name: String, subscriber: String, service: String, access: Legs, network: Legs,
        upPolicer: Policer? = nil, downPolicer: Policer? = nil, location: SourceLocation? = nil
    ) {
        self.name = name
        self.subscriber = subscriber
        self.service = service
        self.access = access
        self.network = network
        self.upPolicer = upPolicer
        self.downPolicer = downPolicer
        self.location = location
    }

    /// Every way through the edge that its packets may take: one, or one for each tunnel of the side that has several.
    public var paths: [Path] {
        access.each.flatMap { access in network.each.map { Path(access: access, network: $0) } }
    }

    /// One way through the edge. Each is counted by itself.
    public struct Path: Hashable, Sendable {
        public var access: Leg
        public var network: Leg

        public init(access: Leg, network: Leg) {
            self.access = access
            self.network = network
        }
    }
}

/// One side of a session: a leg, or several tunnels, each flow being in one of them (RFC 2991).
public struct Legs: Hashable, Sendable {
    /// The only leg, or the first of several.
    public private(set) var first: Leg?
    /// Apart from the first: nearly all sessions have one, and there are a million.
    private var further: [Leg]

    /// Takes every leg as it is; `ExchangeDescription.validate()` judges them.
    public init(_ each: [Leg]) {
        first = each.first
        further = Array(each.dropFirst())
    }

    /// One, or two to eight tunnels. In their order.
    public var each: [Leg] { (first.map { [$0] } ?? []) + further }

    /// How many there are.
    public var count: Int { first == nil ? 0 : 1 + further.count }

    /// A single plain leg.
    public static func plain(port: String, nextHop: IPAddress?) -> Self {
        Self([.plain(port: port, nextHop: nextHop)])
    }

    /// A single leg in a tunnel.
    public static func tunnel(name: String, send: Label?, receive: Label?) -> Self {
        Self([.tunnel(name: name, send: send, receive: receive)])
    }
}

/// One leg of a session.
public enum Leg: Hashable, Sendable {
    /// Bare IP on a port. `nextHop` nil: on an access leg the subscriber's, else the packet's own
    /// destination.
    case plain(port: String, nextHop: IPAddress?)
    /// Inside a tunnel. The user labels to send with and to receive by are given on MPLS tunnels, and only
    /// there.
    case tunnel(name: String, send: Label?, receive: Label?)
}

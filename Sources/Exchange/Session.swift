public import Wire

/// A subscriber's use of a service: the join of an access leg and a network leg. Packets are counted by
/// session.
public struct Session: Equatable, Sendable {
    /// Unique among the sessions: 1 to 64 of the characters A-Z a-z 0-9 . _ -.
    public var name: String
    /// The name of the subscriber.
    public var subscriber: String
    /// The name of the service.
    public var service: String
    /// Towards the subscriber.
    public var access: Leg
    /// Towards the provider.
    public var network: Leg
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        name: String, subscriber: String, service: String, access: Leg, network: Leg,
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.subscriber = subscriber
        self.service = service
        self.access = access
        self.network = network
        self.location = location
    }
}

/// One side of a session.
public enum Leg: Equatable, Sendable {
    /// Bare IP on a port. `nextHop` nil: on an access leg the subscriber's, else the packet's own
    /// destination.
    case plain(port: String, nextHop: IPAddress?)
    /// Inside a tunnel. The user labels to send with and to receive by are given on MPLS tunnels, and only
    /// there.
    case tunnel(name: String, send: Label?, receive: Label?)
}

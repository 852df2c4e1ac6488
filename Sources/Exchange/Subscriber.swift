public import Wire

/// Somebody whose packets are carried and charged for: a host, or a router with prefixes behind it.
public struct Subscriber: Equatable, Sendable {
    /// Unique among the subscribers: 1 to 64 of the characters A-Z a-z 0-9 . _ -.
    public var name: String
    /// The name of the port where this subscriber's packets come in. Nil where they arrive by tunnel only.
    public var port: String?
    /// The addresses that are this subscriber's alone.
    public var addresses: [IPPrefix]
    /// The VLAN ids of this subscriber's frames, outer first: none, one (IEEE 802.1Q) or two (802.1ad).
    public var vlan: [UInt16]
    /// The subscriber's router. Nil: the addresses are on the port's link themselves.
    public var nextHop: IPAddress?
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        name: String, port: String? = nil, addresses: [IPPrefix], vlan: [UInt16] = [],
        nextHop: IPAddress? = nil,
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.port = port
        self.addresses = addresses
        self.vlan = vlan
        self.nextHop = nextHop
        self.location = location
    }
}

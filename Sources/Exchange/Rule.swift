/// One kind of packet that a condition admits. Return traffic is admitted by the same rule mirrored.
public struct Rule: Hashable, Sendable {
    /// The transport protocol; `any` includes those without ports.
    public var `protocol`: RuleProtocol
    /// Destination ports on the way to the provider, source ports on the way back. Empty: all ports.
    public var ports: [ClosedRange<UInt16>]
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        protocol: RuleProtocol = .any, ports: [ClosedRange<UInt16>] = [], location: SourceLocation? = nil
    ) {
        self.protocol = `protocol`
        self.ports = ports
        self.location = location
    }
}

/// The transport protocol that a rule speaks of.
public enum RuleProtocol: Hashable, Sendable {
    case any
    /// ICMP for IPv4, ICMPv6 for IPv6.
    case icmp
    case tcp
    case udp
    case sctp
    /// By its IANA number.
    case number(UInt8)

    /// Whether its packets carry a source and a destination port.
    public var hasPorts: Bool {
        switch self {
        case .tcp, .udp, .sctp: true
        case .any, .icmp, .number: false
        }
    }
}

public import Wire

/// One kind of packet that a condition admits. Return traffic is admitted by the same rule mirrored.
public struct Rule: Hashable, Sendable {
    /// The transport protocol; `any` includes those without ports.
    public var `protocol`: RuleProtocol
    /// Destination ports on the way to the provider, source ports on the way back. Empty: all ports.
    public var ports: [ClosedRange<UInt16>]
    /// ICMP types on the way to the provider; on the way back what answers them. Empty: all types.
    public var types: [ICMPType]
    /// Differentiated services code points, 0…63, in either direction. Empty: all.
    public var dscps: [UInt8]
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        protocol: RuleProtocol = .any, ports: [ClosedRange<UInt16>] = [], types: [ICMPType] = [],
        dscps: [UInt8] = [], location: SourceLocation? = nil
    ) {
        self.protocol = `protocol`
        self.ports = ports
        self.types = types
        self.dscps = dscps
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

    /// The IP versions under which it is ICMP, or ICMPv6.
    public var icmpVersions: [IPVersion] {
        switch self {
        case .icmp: [.v4, .v6]
        case .number(IPProtocol.icmp.rawValue): [.v4]
        case .number(IPProtocol.icmpv6.rawValue): [.v6]
        case .any, .tcp, .udp, .sctp, .number: []
        }
    }
}

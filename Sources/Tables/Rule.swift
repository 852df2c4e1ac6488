public import Wire

/// One line of a condition's `allow`: a protocol, and a range of the service's ports. 8 bytes.
///
/// The ports are the service's: destination ports on the way up, source ports on the way down.
public struct Rule: BitwiseCopyable, Sendable, Hashable {
    /// The protocol under IPv4 and under IPv6: they differ for ICMP.
    public var ipv4Protocol: IPProtocol
    public var ipv6Protocol: IPProtocol
    public var anyProtocol: Bool
    /// Whether `ports` limits the rule.
    public var hasPorts: Bool
    public var lowestPort: UInt16
    public var highestPort: UInt16

    public init(ipv4Protocol: IPProtocol, ipv6Protocol: IPProtocol, ports: ClosedRange<UInt16>? = nil) {
        self.ipv4Protocol = ipv4Protocol
        self.ipv6Protocol = ipv6Protocol
        anyProtocol = false
        hasPorts = ports != nil
        lowestPort = ports?.lowerBound ?? 0
        highestPort = ports?.upperBound ?? .max
    }

    /// A rule that admits every protocol.
    public static var any: Rule {
        var rule = Rule(ipv4Protocol: .icmp, ipv6Protocol: .icmpv6)
        rule.anyProtocol = true
        return rule
    }
}

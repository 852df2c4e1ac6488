public import Wire

/// One line of a condition's `allow`, as it is compiled: a protocol, what is asked of its header, and DSCPs. 16 bytes.
///
/// Said of the way up. On the way down the same holds mirrored: the service's ports are source ports there, and an ICMP
/// request's reply stands for the request.
public struct Rule: BitwiseCopyable, Sendable, Hashable {
    /// What is asked of the transport header.
    public enum Match: UInt8, BitwiseCopyable, Sendable {
        case nothing
        /// The service's port, from `lowestPort` to `highestPort`.
        case ports
        /// The ICMP type: under IPv4 `icmpTypes.v4Up` or `.v4Down`, as the direction is, under IPv6 the others.
        case icmp
    }

    /// The protocol under IPv4 and under IPv6: they differ for ICMP.
    public var ipv4Protocol: IPProtocol
    public var ipv6Protocol: IPProtocol
    public var anyProtocol: Bool
    public var match: Match
    @usableFromInline package var low: UInt16
    @usableFromInline package var high: UInt16
    /// Bit n: packets with DSCP n. All bits: whatever it is.
    public var dscps: UInt64

    public init(
        ipv4Protocol: IPProtocol, ipv6Protocol: IPProtocol, ports: ClosedRange<UInt16>? = nil,
        dscps: UInt64 = .max
    ) {
        self.ipv4Protocol = ipv4Protocol
        self.ipv6Protocol = ipv6Protocol
        anyProtocol = false
        match = ports == nil ? .nothing : .ports
        low = ports?.lowerBound ?? 0
        high = ports?.upperBound ?? .max
        self.dscps = dscps
    }

    /// A rule about ICMP messages of one type, which under IPv4 and IPv6 have other numbers; 255, which no message has,
    /// where a version knows no such type.
    public init(icmpTypes: ICMPTypes, dscps: UInt64 = .max) {
        self.init(ipv4Protocol: .icmp, ipv6Protocol: .icmpv6, dscps: dscps)
        match = .icmp
        low = UInt16(icmpTypes.v4Up) << 8 | UInt16(icmpTypes.v4Down)
        high = UInt16(icmpTypes.v6Up) << 8 | UInt16(icmpTypes.v6Down)
    }

    /// An ICMP type on the way up, and what answers it on the way down, which may be the same.
    public struct ICMPTypes: Hashable, Sendable {
        public var v4Up: UInt8
        public var v4Down: UInt8
        public var v6Up: UInt8
        public var v6Down: UInt8

        public init(v4Up: UInt8, v4Down: UInt8, v6Up: UInt8, v6Down: UInt8) {
            self.v4Up = v4Up
            self.v4Down = v4Down
            self.v6Up = v6Up
            self.v6Down = v6Down
        }
    }

    @inlinable @inline(always) public var lowestPort: UInt16 { low }
    @inlinable @inline(always) public var highestPort: UInt16 { high }
    @inlinable @inline(always) public var icmpTypes: ICMPTypes {
        ICMPTypes(
            v4Up: UInt8(truncatingIfNeeded: low &>> 8), v4Down: UInt8(truncatingIfNeeded: low),
            v6Up: UInt8(truncatingIfNeeded: high &>> 8), v6Down: UInt8(truncatingIfNeeded: high))
    }

    /// A rule that admits every protocol.
    public static var any: Rule {
        var rule = Rule(ipv4Protocol: .icmp, ipv6Protocol: .icmpv6)
        rule.anyProtocol = true
        return rule
    }
}

/// What the packets of a flow have in common, as a number: that of which path it takes (RFC 2991, RFC 2992).
///
/// Addresses, protocol and, for TCP, UDP and SCTP, ports. In no fragment are there ports, so that the first and the later
/// ones go together. The same in every run, and on every node.
public struct FlowHash: Hashable, Sendable, BitwiseCopyable {
    public let rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Of an IPv4 packet whose header is sound. Calls no runtime function: the forwarding loop may use it.
    @inlinable @inline(always)
    public init(ipv4 packet: RawSpan) {
        let `protocol` = IPProtocol(rawValue: packet.octet(at: IPv4Field.protocol))
        let fragment = packet.uint16(at: IPv4Field.flagsAndFragmentOffset)
        let header = Int(packet.octet(at: IPv4Field.versionAndHeaderLength) & 0xf) &* 4
        var transport = UInt64(`protocol`.rawValue) &<< 32
        if fragment & QuotedPacket.fragmentMask == 0 {
            transport |= Self.ports(packet, `protocol`, at: header)
        }
        rawValue = Self.mixed(packet.uint64(at: IPv4Field.source), transport)
    }

    /// Of an IPv6 packet of at least 40 bytes. Calls no runtime function: the forwarding loop may use it.
    @inlinable @inline(always)
    public init(ipv6 packet: RawSpan) {
        var transport: UInt64 = 0
        if let upper = IPv6Upper(in: packet) {
            // What a first fragment begins with, a later one can't tell.
            let `protocol` = upper.isFragment ? IPProtocol.ipv6Fragment : upper.protocol
            transport = UInt64(`protocol`.rawValue) &<< 32
            if !upper.isFragment { transport |= Self.ports(packet, `protocol`, at: upper.offset) }
        }
        let source = packet.ipv6Address(at: IPv6Field.source)
        let destination = packet.ipv6Address(at: IPv6Field.destination)
        let from = Self.mixed(source.high, source.low)
        let ends = Self.mixed(destination.high ^ from, destination.low)
        rawValue = Self.mixed(ends, transport)
    }

    @inlinable @inline(always)
    static func ports(_ packet: RawSpan, _ protocol: IPProtocol, at offset: Int) -> UInt64 {
        guard `protocol` == .tcp || `protocol` == .udp || `protocol` == .sctp, offset &+ 4 <= packet.byteCount
        else { return 0 }
        return UInt64(packet.uint32(at: offset))
    }

    /// A number in which each bit of both words counts: their product folded, and SplitMix64's finish.
    @inlinable @inline(always)
    static func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = (a ^ seed).multipliedFullWidth(by: b ^ otherSeed)
        let folded = product.high ^ product.low
        let bits = (folded ^ folded &>> 30) &* 0xbf58_476d_1ce4_e5b9
        return bits ^ bits &>> 31
    }

    @inlinable static var seed: UInt64 { 0x9e37_79b9_7f4a_7c15 }
    @inlinable static var otherSeed: UInt64 { 0xd1b5_4a32_d192_ed03 }
}

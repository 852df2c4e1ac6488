/// The checksums that cover the addresses of the IP header too, by way of a pseudo-header: TCP (RFC 9293
/// §3.1), UDP (RFC 768) and ICMPv6 (RFC 4443 §2.3).
///
/// ```
/// IPv4 (RFC 9293 §3.1)                      IPv6 (RFC 8200 §8.1)
/// +---------------------------------+       +---------------------------------+
/// |         source address          |       |     source address, 16 bytes    |
/// +---------------------------------+       +---------------------------------+
/// |       destination address       |       |  destination address, 16 bytes  |
/// +--------+--------+---------------+       +---------------------------------+
/// |    0   |protocol|  upper length |       |       upper length, 32 bits     |
/// +--------+--------+---------------+       +------------------------+--------+
///                                           |            0           |protocol|
///                                           +------------------------+--------+
/// ```
public enum TransportChecksum {
    /// The sum of an IPv4 pseudo-header.
    /// - Parameter byteCount: transport header and payload: 0…65,535.
    @inlinable @inline(always)
    public static func pseudoHeaderSum(
        source: IPv4Address, destination: IPv4Address, protocol: IPProtocol, byteCount: Int
    ) -> UInt64 {
        InternetChecksum.sum(source.rawValue) &+ InternetChecksum.sum(destination.rawValue)
            &+ InternetChecksum.sum(UInt16(`protocol`.rawValue))
            &+ InternetChecksum.sum(UInt16(truncatingIfNeeded: byteCount))
    }

    /// The sum of an IPv6 pseudo-header.
    /// - Parameter destination: the last one, if a routing header changes it underway.
    /// - Parameter byteCount: upper header and payload, without extension headers.
    @inlinable @inline(always)
    public static func pseudoHeaderSum(
        source: IPv6Address, destination: IPv6Address, protocol: IPProtocol, byteCount: Int
    ) -> UInt64 {
        InternetChecksum.sum(source.high) &+ InternetChecksum.sum(source.low)
            &+ InternetChecksum.sum(destination.high) &+ InternetChecksum.sum(destination.low)
            &+ InternetChecksum.sum(UInt32(truncatingIfNeeded: byteCount))
            &+ InternetChecksum.sum(UInt16(`protocol`.rawValue))
    }

    /// Where the checksum stands in a header of this protocol, in bytes from its first. Nil for protocols
    /// without an Internet checksum over a pseudo-header.
    @inlinable
    public static func fieldOffset(for protocol: IPProtocol) -> Int? {
        switch `protocol` {
        case .tcp: TCPField.checksum
        case .udp: UDPField.checksum
        case .icmpv6: ICMPField.checksum
        default: nil
        }
    }

    /// The checksum field for a sum over pseudo-header, header and payload, as it is stored in memory. UDP
    /// has no zero: over IPv4 that would say that there is no checksum, and over IPv6 it is forbidden (RFC
    /// 768, RFC 8200 §8.1).
    @inlinable @inline(always)
    public static func field(_ sum: UInt64, protocol: IPProtocol) -> UInt16 {
        let field = InternetChecksum.field(sum)
        return field == 0 && `protocol` == .udp ? 0xffff : field
    }

    /// Whether the checksum of a whole TCP, UDP or ICMPv6 message matches. A UDP checksum of zero over IPv4,
    /// "none", is for the caller to accept.
    /// - Parameter message: upper header and payload.
    /// - Parameter sum: of its pseudo-header.
    @inlinable
    public static func isValid(_ message: RawSpan, pseudoHeader sum: UInt64) -> Bool {
        InternetChecksum.isValid(sum &+ InternetChecksum.sum(message))
    }
}

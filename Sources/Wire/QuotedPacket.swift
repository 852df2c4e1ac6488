/// The packet that an ICMP error is about: as much of it as the error quotes (RFC 792, RFC 4443 §3).
///
/// Errors are destination unreachable, time exceeded, parameter problem and, in ICMPv6, packet too big. The quoted header
/// is taken as it stands: its checksum says nothing, since routers on the way have written in it.
public struct QuotedPacket: Equatable, Sendable, BitwiseCopyable {
    /// Where the quoted IP header begins, in bytes from the first of the packet with the error.
    public let offset: Int
    /// What of the quoted packet there is: at least its IP header, at most what that says.
    public let byteCount: Int

    /// Finds what an IPv4 packet quotes. Nil if it is no ICMP error, or in fragments, or doesn't quote a whole IPv4 header.
    /// Calls no runtime function: the forwarding loop may use it.
    /// - Parameter packet: begins with a sound IPv4 header and ends with the packet.
    @inlinable @inline(always)
    public init?(inIPv4 packet: RawSpan) {
        guard IPProtocol(rawValue: packet.octet(at: IPv4Field.protocol)) == .icmp,
            packet.uint16(at: IPv4Field.flagsAndFragmentOffset) & Self.fragmentMask == 0
        else { return nil }
        let message = Int(packet.octet(at: IPv4Field.versionAndHeaderLength) & 0xf) &* 4
        let quote = message &+ ICMPField.byteCount
        guard quote &+ IPv4Field.minimumByteCount <= packet.byteCount else { return nil }
        switch packet.octet(at: message) {
        case 3, 11, 12: break
        default: return nil
        }
        let first = packet.octet(at: quote)
        let headerByteCount = Int(first & 0xf) &* 4
        let total = Int(packet.uint16(at: quote &+ IPv4Field.totalLength))
        guard first &>> 4 == 4, headerByteCount >= IPv4Field.minimumByteCount,
            quote &+ headerByteCount <= packet.byteCount, total >= headerByteCount
        else { return nil }
        offset = quote
        byteCount = min(total, packet.byteCount &- quote)
    }

    /// Finds what an IPv6 packet quotes. Nil if it is no ICMPv6 error, or in fragments, or doesn't quote a whole IPv6
    /// header. Calls no runtime function: the forwarding loop may use it.
    /// - Parameter packet: begins with an IPv6 header and ends with the packet.
    @inlinable @inline(always)
    public init?(inIPv6 packet: RawSpan) {
        guard let upper = IPv6Upper(in: packet), upper.protocol == .icmpv6, !upper.isFragment else {
            return nil
        }
        let quote = upper.offset &+ ICMPField.byteCount
        guard quote &+ IPv6Field.byteCount <= packet.byteCount else { return nil }
        switch packet.octet(at: upper.offset) {
        case 1, 2, 3, 4: break
        default: return nil
        }
        guard packet.octet(at: quote) &>> 4 == 6 else { return nil }
        offset = quote
        byteCount = min(
            IPv6Field.byteCount &+ Int(packet.uint16(at: quote &+ IPv6Field.payloadLength)),
            packet.byteCount &- quote)
    }

    /// More fragments, or an offset.
    @inlinable static var fragmentMask: UInt16 { IPv4Field.moreFragmentsMask | IPv4Field.fragmentOffsetMask }
}

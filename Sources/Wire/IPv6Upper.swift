/// What an IPv6 packet carries behind its extension headers (RFC 8200 §4).
///
/// Hop-by-hop options, routing, fragment and destination options headers are stepped over, in any order, as
/// receivers must (RFC 8200 §4.1). Any other next header is taken for the upper layer.
///
/// ```
///  0               8               16                              29  31
/// +---------------+---------------+-------------------------------+
/// |  next header  | length ÷ 8 − 1|  options or routing data …    |
/// +---------------+---------------+-------------------------+---+-+
/// |  next header  |       0       |     fragment offset     | 0 |M|   fragment header, 8 bytes,
/// +---------------+---------------+-------------------------+---+-+   and a 32-bit identification
/// ```
public struct IPv6Upper: Equatable, Sendable, BitwiseCopyable {
    /// The most extension headers that are followed. No real packet has more than four or five; a bound keeps
    /// the cost of a hostile one small.
    @inlinable public static var maximumExtensionHeaderCount: Int { 8 }

    /// The upper protocol. In a later fragment: what the fragmented part began with, which may be one more
    /// extension header.
    public let `protocol`: IPProtocol
    /// Where the upper header begins, in bytes from the IPv6 header's first. At most the packet's length.
    public let offset: Int
    /// First or later part of a fragmented packet.
    public let isFragment: Bool
    /// A fragment that doesn't begin with the upper header: `offset` points into the middle of the payload.
    public let isLaterFragment: Bool

    /// Walks the extension headers. Nil if one of them isn't there in full, or if there are more than
    /// `maximumExtensionHeaderCount`. Calls no runtime function: the forwarding loop may use it.
    /// - Parameter packet: begins with the IPv6 header, of at least 40 bytes, and ends with the packet.
    @inlinable @inline(always)
    public init?(in packet: RawSpan) {
        var next = IPProtocol(rawValue: packet.octet(at: IPv6Field.nextHeader))
        var offset = IPv6Field.byteCount
        var fragment = false
        var later = false
        for _ in 0..<Self.maximumExtensionHeaderCount {
            guard Self.isExtensionHeader(next), !later else { break }
            guard offset &+ 8 <= packet.byteCount else { return nil }
            let isFragmentHeader = next == .ipv6Fragment
            if isFragmentHeader {
                let field = packet.uint16(at: offset &+ 2)
                // The whole packet in one "atomic" fragment (RFC 6946) is no fragment.
                fragment = fragment || field & 0xfff9 != 0
                later = field & 0xfff8 != 0
            }
            next = IPProtocol(rawValue: packet.octet(at: offset))
            offset &+= isFragmentHeader ? 8 : 8 &+ Int(packet.octet(at: offset &+ 1)) &* 8
            guard offset <= packet.byteCount else { return nil }
        }
        guard later || !Self.isExtensionHeader(next) else { return nil }
        self.protocol = next
        self.offset = offset
        isFragment = fragment
        isLaterFragment = later
    }

    @inlinable @inline(always) static func isExtensionHeader(_ protocol: IPProtocol) -> Bool {
        switch `protocol`.rawValue {
        case 0, 43, 44, 60: true
        default: false
        }
    }
}

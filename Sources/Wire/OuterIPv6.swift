/// What an IPv6 packet that is addressed to this node carries: another packet (RFC 2473), or something else.
///
/// Unlike `IPv6Upper`, which only steps over extension headers to find what is behind them, this is the walk of the
/// node that they are for (RFC 8200 §4): hop-by-hop options stand straight after the header or not at all, a routing
/// header has no segments left, and an option that is unknown says itself whether the packet may go on. A tunnel
/// encapsulation limit (RFC 2473 §4.1.1) is for who encapsulates again, and pads are for nobody.
///
/// ```
/// +---------------+---------------+-------+-------+--- - -
/// |  next header  | length ÷ 8 − 1| type  | length|  data    options header (hop-by-hop 0, destination 60)
/// +---------------+---------------+-------+-------+--- - -
///                                   aa: 00 skip, else discard
/// ```
public struct OuterIPv6: Equatable, Sendable, BitwiseCopyable {
    /// What stands behind the header and its extension headers.
    public enum Content: UInt8, Sendable, BitwiseCopyable {
        /// A packet: `protocol` says of which version.
        case packet
        /// Part of something that was a packet or a datagram, or may have been one.
        case fragment
        /// What this node speaks, or doesn't, but no packet.
        case other
        /// Nothing that can be reached: an extension header that is cut short, out of place, too long or not to be
        /// passed by who doesn't know it.
        case broken
    }

    /// Extension headers that are followed, as by `IPv6Upper`; options in each of them (RFC 8504 §5.3 allows a bound).
    @inlinable public static var maximumExtensionHeaderCount: Int { IPv6Upper.maximumExtensionHeaderCount }
    @inlinable public static var maximumOptionCount: Int { 8 }

    public let content: Content
    /// The next header that ended the walk.
    public let `protocol`: IPProtocol
    /// Where what it announces begins, in bytes from the IPv6 header's first. At most the packet's length.
    public let offset: Int

    @inlinable @inline(always)
    init(_ content: Content, _ protocol: IPProtocol, _ offset: Int) {
        self.content = content
        self.protocol = `protocol`
        self.offset = offset
    }

    /// Walks the extension headers. Calls no runtime function: the forwarding loop may use it.
    /// - Parameter packet: begins with the IPv6 header, of at least 40 bytes, and ends with the packet.
    @inlinable @inline(always)
    public init(in packet: RawSpan) {
        var next = IPProtocol(rawValue: packet.octet(at: IPv6Field.nextHeader))
        var offset = IPv6Field.byteCount
        for place in 0...Self.maximumExtensionHeaderCount {
            if next == .ipv4 || next == .ipv6 {
                self.init(.packet, next, offset)
                return
            }
            guard IPv6Upper.isExtensionHeader(next) else {
                self.init(.other, next, offset)
                return
            }
            guard place < Self.maximumExtensionHeaderCount, offset &+ 8 <= packet.byteCount else { break }
            let header = next
            let begin = offset
            next = IPProtocol(rawValue: packet.octet(at: begin))
            offset = begin &+ (header == .ipv6Fragment ? 8 : 8 &+ Int(packet.octet(at: begin &+ 1)) &* 8)
            guard offset <= packet.byteCount else { break }
            if header == .ipv6Fragment {
                // More fragments, or an offset; a fragment of its own is the whole packet (RFC 6946).
                guard packet.uint16(at: begin &+ 2) & 0xfff9 == 0 else {
                    let mayBePacket =
                        next == .ipv4 || next == .ipv6 || next == .udp || IPv6Upper.isExtensionHeader(next)
                    self.init(mayBePacket ? .fragment : .other, next, offset)
                    return
                }
            } else if header == .ipv6Routing {
                guard packet.octet(at: begin &+ 3) == 0 else { break }
            } else {
                guard header != .hopByHop || place == 0, Self.mayPass(packet, begin &+ 2, offset) else {
                    break
                }
            }
        }
        self.init(.broken, next, min(offset, packet.byteCount))
    }

    /// Whether options, all of them unknown, let the packet go on.
    @inlinable @inline(always)
    static func mayPass(_ packet: RawSpan, _ start: Int, _ end: Int) -> Bool {
        var offset = start
        for _ in 0..<Self.maximumOptionCount {
            guard offset < end else { break }
            let type = packet.octet(at: offset)
            // Pad1 alone has no length.
            if type == 0 {
                offset &+= 1
                continue
            }
            guard type & 0xc0 == 0, offset &+ 2 <= end else { return false }
            offset &+= 2 &+ Int(packet.octet(at: offset &+ 1))
        }
        return offset == end
    }
}

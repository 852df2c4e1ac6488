/// What a router tells the sender of an IPv6 packet that it could not forward (RFC 4443 §3).
public enum ICMPv6Error: Equatable, Sendable {
    /// Hop limit ran out in transit.
    case timeExceeded
    /// The packet is longer than this many bytes, which the next hop takes (RFC 8201).
    case packetTooBig(mtu: UInt32)
    /// Code 0: no route; 1: administratively prohibited; 3: address unreachable; 4: port unreachable.
    case destinationUnreachable(code: UInt8)

    /// The longest message, IPv6 header included: the least MTU of IPv6 (RFC 4443 §2.4 (c)).
    public static var maximumByteCount: Int { 1280 }
    /// What the length field of RFC 4884 counts, in bytes.
    private static var lengthUnit: Int { 8 }
    private static var headersByteCount: Int { IPv6Field.byteCount + ICMPField.byteCount }

    /// Writes the whole IPv6 packet that reports this error and quotes as much of `packet` as fits.
    ///
    /// A frame that came as a link-layer multicast gets no answer but "too big" (RFC 4443 §2.4 (e.4)); the
    /// caller sees to that.
    /// - Parameter packet: as it arrived: what it is about, beginning with the IPv6 header.
    /// - Parameter isCut: whether `packet` is itself a quote, which may end before the packet does.
    /// - Parameter labels: the label stack that the packet came under, top first, which is told too (RFC 4950) where the
    ///   message has room for its length, which "too big" has not; at most 16 entries. Empty: none.
    /// - Parameter source: an address of ours.
    /// - Parameter bytes: takes the message from `start` on; must have room for 88 bytes, and 1,280 for full
    ///   quotes. May not overlap `packet`.
    /// - Returns: the message's length, or nil if there must be none: about an ICMPv6 error or redirect, or a
    ///   fragment of ICMPv6 that may be one; to a group, but for "too big"; from an address that isn't one
    ///   node's; or about no valid IPv6 packet. Unlike with IPv4, later fragments of other protocols are
    ///   reported: routers don't fragment, and "too big" must reach who did (RFC 8200 §5).
    public func emit(
        about packet: RawSpan, isCut: Bool = false, under labels: RawSpan = RawSpan(),
        from source: IPv6Address, into bytes: inout MutableRawSpan, at start: Int = 0
    ) -> Int? {
        guard let offender = reportable(packet, isCut: isCut) else { return nil }
        let labels = isExtensible ? labels : RawSpan()
        let quote = ICMPQuote(
            packetByteCount: offender.byteCount,
            room: min(Self.maximumByteCount, bytes.byteCount - start) - Self.headersByteCount,
            labelByteCount: labels.byteCount, unit: Self.lengthUnit)
        quote.emit(packet, labels: labels, into: &bytes, at: start + Self.headersByteCount)
        let byteCount = message(quote).emit(
            into: &bytes, at: start + IPv6Field.byteCount, payloadByteCount: quote.byteCount, source: source,
            destination: offender.source)
        let header = IPv6Header(
            nextHeader: .icmpv6, source: source, destination: offender.source, payloadByteCount: byteCount)
        header.emit(into: &bytes, at: start)
        return header.totalByteCount
    }

    /// Whether the message may say how long its quote is (RFC 4884 §4.4, §4.5).
    private var isExtensible: Bool {
        if case .packetTooBig = self { false } else { true }
    }

    /// The message's header. The length of a quote with labels behind it stands in the first octet of what the type
    /// leaves free (RFC 4884 §4.4, §4.5).
    private func message(_ quote: ICMPQuote) -> ICMPv6Message {
        let length = quote.lengthField(unit: Self.lengthUnit) << 24
        return switch self {
        case .timeExceeded: .other(type: .timeExceeded, code: 0, rest: length)
        case .packetTooBig(let mtu): .packetTooBig(mtu: mtu)
        case .destinationUnreachable(let code):
            .other(type: .destinationUnreachable, code: code, rest: length)
        }
    }

    /// The packet's source and the bytes of it that are there, if this error may be reported about it (RFC 4443
    /// §2.4 (e)).
    private func reportable(_ packet: RawSpan, isCut: Bool) -> (source: IPv6Address, byteCount: Int)? {
        guard packet.byteCount >= IPv6Field.byteCount, packet.octet(at: 0) >> 4 == 6 else { return nil }
        let total = IPv6Field.byteCount + Int(packet.uint16(at: IPv6Field.payloadLength))
        guard isCut || total <= packet.byteCount else { return nil }
        let byteCount = min(total, packet.byteCount)
        let source = packet.ipv6Address(at: IPv6Field.source)
        guard source.identifiesOneNode else { return nil }
        if packet.ipv6Address(at: IPv6Field.destination).isMulticast {
            guard case .packetTooBig = self else { return nil }
        }
        guard let upper = IPv6Upper(in: packet.extracting(first: byteCount)) else { return nil }
        if upper.protocol == .icmpv6 {
            guard !upper.isLaterFragment, upper.offset < byteCount else { return nil }
            let type = ICMPv6Type(rawValue: packet.octet(at: upper.offset + ICMPField.type))
            guard !type.isError, type != .redirect else { return nil }
        }
        return (source, byteCount)
    }
}

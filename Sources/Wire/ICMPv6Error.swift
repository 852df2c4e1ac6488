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
    private static var headersByteCount: Int { IPv6Field.byteCount + ICMPField.byteCount }

    /// Writes the whole IPv6 packet that reports this error and quotes as much of `packet` as fits.
    ///
    /// A frame that came as a link-layer multicast gets no answer but "too big" (RFC 4443 §2.4 (e.4)); the
    /// caller sees to that.
    /// - Parameter packet: as it arrived: what it is about, beginning with the IPv6 header.
    /// - Parameter source: an address of ours.
    /// - Parameter bytes: takes the message from `start` on; must have room for 88 bytes, and 1,280 for full
    ///   quotes. May not overlap `packet`.
    /// - Returns: the message's length, or nil if there must be none: about an ICMPv6 error or redirect, or a
    ///   fragment of ICMPv6 that may be one; to a group, but for "too big"; from an address that isn't one
    ///   node's; or about no valid IPv6 packet. Unlike with IPv4, later fragments of other protocols are
    ///   reported: routers don't fragment, and "too big" must reach who did (RFC 8200 §5).
    public func emit(
        about packet: RawSpan, from source: IPv6Address, into bytes: inout MutableRawSpan, at start: Int = 0
    ) -> Int? {
        guard let offender = reportable(packet) else { return nil }
        let quoteCount = min(
            offender.totalByteCount, Self.maximumByteCount - Self.headersByteCount,
            bytes.byteCount - start - Self.headersByteCount)
        let quote = packet.extracting(first: quoteCount)
        bytes.store(quote, at: start + Self.headersByteCount)
        let byteCount = message.emit(
            into: &bytes, at: start + IPv6Field.byteCount, payloadByteCount: quoteCount, source: source,
            destination: offender.source)
        let header = IPv6Header(
            nextHeader: .icmpv6, source: source, destination: offender.source, payloadByteCount: byteCount)
        header.emit(into: &bytes, at: start)
        return header.totalByteCount
    }

    private var message: ICMPv6Message {
        switch self {
        case .timeExceeded: .timeExceeded(code: 0)
        case .packetTooBig(let mtu): .packetTooBig(mtu: mtu)
        case .destinationUnreachable(let code): .destinationUnreachable(code: code)
        }
    }

    /// The packet's header, if this error may be reported about it (RFC 4443 §2.4 (e)).
    private func reportable(_ packet: RawSpan) -> IPv6Header? {
        do throws(WireError) {
            let view = try IPv6View(packet)
            guard view.source.identifiesOneNode else { return nil }
            if view.destination.isMulticast {
                guard case .packetTooBig = self else { return nil }
            }
            let upper = try view.upper()
            if upper.protocol == .icmpv6 {
                guard !upper.isLaterFragment, upper.offset < view.bytes.byteCount else { return nil }
                let type = ICMPv6Type(rawValue: view.bytes.octet(at: upper.offset + ICMPField.type))
                guard !type.isError, type != .redirect else { return nil }
            }
            return IPv6Header(view)
        } catch {
            return nil
        }
    }
}

/// What a router tells the sender of an IPv4 packet that it could not forward (RFC 792, RFC 1812 §4.3).
public enum ICMPv4Error: Equatable, Sendable {
    /// TTL ran out in transit.
    case timeExceeded
    /// DF is set and the packet is longer than this many bytes, which the next hop takes (RFC 1191 §4).
    case fragmentationNeeded(nextHopMTU: UInt16)
    /// Any other code of destination unreachable: 1 host, 3 port, 13 administratively prohibited …
    case destinationUnreachable(code: UInt8)

    /// The longest message, IP header included: 576 bytes, which every host takes (RFC 1812 §4.3.2.3).
    public static var maximumByteCount: Int { 576 }
    /// Network control, as routers' own messages should have (RFC 1812 §4.3.2.5): class selector 6.
    private static var dscp: UInt8 { 48 }
    private static var headersByteCount: Int { IPv4Field.minimumByteCount + ICMPField.byteCount }

    /// Writes the whole IPv4 packet that reports this error and quotes as much of `packet` as fits.
    ///
    /// The rest of RFC 1122 §3.2.2 is for the caller to see to: no answer to a frame that came as a
    /// link-layer broadcast, nor about a subnet's broadcast address, which can't be known from here.
    /// - Parameter packet: as it arrived: what it is about, beginning with the IPv4 header.
    /// - Parameter source: an address of ours.
    /// - Parameter bytes: takes the message from `start` on; must have room for 96 bytes, and 576 for full
    ///   quotes. May not overlap `packet`.
    /// - Returns: the message's length, or nil if there must be none: about an ICMP error, a later fragment,
    ///   a packet to or from a group, or from an address that isn't one host's; or about no valid IPv4
    ///   packet.
    public func emit(
        about packet: RawSpan, from source: IPv4Address, into bytes: inout MutableRawSpan, at start: Int = 0
    ) -> Int? {
        guard let offender = Self.reportable(packet) else { return nil }
        let quoteCount = min(
            offender.totalLength, Self.maximumByteCount - Self.headersByteCount,
            bytes.byteCount - start - Self.headersByteCount)
        let quote = packet.extracting(first: quoteCount)
        bytes.store(quote, at: start + Self.headersByteCount)
        let byteCount = message.emit(
            into: &bytes, at: start + IPv4Field.minimumByteCount, payloadByteCount: quoteCount)
        var header = IPv4Header(
            protocol: .icmp, source: source, destination: offender.source, payloadByteCount: byteCount)
        header.dscp = Self.dscp
        // With DF it is an atomic datagram, which needs no identification (RFC 6864 §4.1); 576 bytes fit everywhere.
        header.dontFragment = true
        header.emit(into: &bytes, at: start)
        return header.totalLength
    }

    private var message: ICMPv4Message {
        switch self {
        case .timeExceeded: .timeExceeded(code: 0)
        case .fragmentationNeeded(let mtu):
            .destinationUnreachable(code: ICMPv4Message.fragmentationNeeded, nextHopMTU: mtu)
        case .destinationUnreachable(let code): .destinationUnreachable(code: code, nextHopMTU: 0)
        }
    }

    /// The packet's header, if an error may be reported about it (RFC 1122 §3.2.2, RFC 1812 §4.3.2.7).
    private static func reportable(_ packet: RawSpan) -> IPv4Header? {
        do throws(WireError) {
            let view = try IPv4View(packet)
            guard !view.isLaterFragment, view.source.identifiesOneHost, !view.destination.isMulticast,
                view.destination != .broadcast
            else { return nil }
            if view.protocol == .icmp {
                let message = view.payload
                guard message.byteCount > ICMPField.type,
                    !ICMPv4Type(rawValue: message.octet(at: ICMPField.type)).isError
                else { return nil }
            }
            return IPv4Header(view)
        } catch {
            return nil
        }
    }
}

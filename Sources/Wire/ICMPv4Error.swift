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
    /// What the length field of RFC 4884 counts, in bytes.
    private static var lengthUnit: Int { 4 }
    private static var headersByteCount: Int { IPv4Field.minimumByteCount + ICMPField.byteCount }

    /// Writes the whole IPv4 packet that reports this error and quotes as much of `packet` as fits.
    ///
    /// The rest of RFC 1122 §3.2.2 is for the caller to see to: no answer to a frame that came as a
    /// link-layer broadcast, nor about a subnet's broadcast address, which can't be known from here.
    /// - Parameter packet: as it arrived: what it is about, beginning with the IPv4 header.
    /// - Parameter isCut: whether `packet` is itself a quote, which may end before the packet does.
    /// - Parameter labels: the label stack that the packet came under, top first, which is told too (RFC 4950); at most
    ///   16 entries. Empty: none.
    /// - Parameter source: an address of ours.
    /// - Parameter bytes: takes the message from `start` on; must have room for 96 bytes, and 576 for full
    ///   quotes. May not overlap `packet`.
    /// - Returns: the message's length, or nil if there must be none: about an ICMP error, a later fragment,
    ///   a packet to or from a group, or from an address that isn't one host's; or about no valid IPv4
    ///   packet.
    public func emit(
        about packet: RawSpan, isCut: Bool = false, under labels: RawSpan = RawSpan(),
        from source: IPv4Address, into bytes: inout MutableRawSpan, at start: Int = 0
    ) -> Int? {
        guard let offender = Self.reportable(packet, isCut: isCut) else { return nil }
        let quote = ICMPQuote(
            packetByteCount: offender.byteCount,
            room: min(Self.maximumByteCount, bytes.byteCount - start) - Self.headersByteCount,
            labelByteCount: labels.byteCount, unit: Self.lengthUnit)
        quote.emit(packet, labels: labels, into: &bytes, at: start + Self.headersByteCount)
        let byteCount = message(quote).emit(
            into: &bytes, at: start + IPv4Field.minimumByteCount, payloadByteCount: quote.byteCount)
        var header = IPv4Header(
            protocol: .icmp, source: source, destination: offender.source, payloadByteCount: byteCount)
        header.dscp = Self.dscp
        // With DF it is an atomic datagram, which needs no identification (RFC 6864 §4.1); 576 bytes fit everywhere.
        header.dontFragment = true
        header.emit(into: &bytes, at: start)
        return header.totalLength
    }

    /// The message's header. The length of a quote with labels behind it stands in the second octet of what the type
    /// leaves free (RFC 4884 §4.1, §4.3).
    private func message(_ quote: ICMPQuote) -> ICMPv4Message {
        let length = quote.lengthField(unit: Self.lengthUnit) << 16
        return switch self {
        case .timeExceeded: .other(type: .timeExceeded, code: 0, rest: length)
        case .fragmentationNeeded(let mtu):
            .other(
                type: .destinationUnreachable, code: ICMPv4Message.fragmentationNeeded,
                rest: length | UInt32(mtu))
        case .destinationUnreachable(let code):
            .other(type: .destinationUnreachable, code: code, rest: length)
        }
    }

    /// The packet's source and the bytes of it that are there, if an error may be reported about it (RFC 1122 §3.2.2,
    /// RFC 1812 §4.3.2.7).
    private static func reportable(
        _ packet: RawSpan, isCut: Bool
    ) -> (source: IPv4Address, byteCount: Int)? {
        guard packet.byteCount >= IPv4Field.minimumByteCount else { return nil }
        let first = packet.octet(at: IPv4Field.versionAndHeaderLength)
        let headerByteCount = Int(first & 0xf) * 4
        let totalLength = Int(packet.uint16(at: IPv4Field.totalLength))
        guard first >> 4 == 4, headerByteCount >= IPv4Field.minimumByteCount,
            headerByteCount <= packet.byteCount, totalLength >= headerByteCount,
            isCut || totalLength <= packet.byteCount
        else { return nil }
        let byteCount = min(totalLength, packet.byteCount)
        let source = packet.ipv4Address(at: IPv4Field.source)
        let destination = packet.ipv4Address(at: IPv4Field.destination)
        let fragment = packet.uint16(at: IPv4Field.flagsAndFragmentOffset)
        guard fragment & IPv4Field.fragmentOffsetMask == 0, source.identifiesOneHost,
            !destination.isMulticast, destination != .broadcast
        else { return nil }
        if packet.octet(at: IPv4Field.protocol) == IPProtocol.icmp.rawValue {
            let type = headerByteCount + ICMPField.type
            guard type < byteCount, !ICMPv4Type(rawValue: packet.octet(at: type)).isError else { return nil }
        }
        return (source, byteCount)
    }
}

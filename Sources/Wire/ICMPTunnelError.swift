/// What a router on the way says of an encapsulated packet of ours, to us who encapsulated it (RFC 2003 §4, §5, RFC 2473
/// §8).
///
/// ```
/// | IP, to us | ICMP 8 | quote: outer IP header, inner IP header, and more of the inner packet |
/// | IP, to us | ICMP 8 | quote: outer IP header, UDP to 6635, labels, inner IP header, and more of the inner packet |
/// ```
public struct ICMPTunnelError: Equatable, Sendable {
    /// What it says, as far as that concerns who sent the inner packet.
    public enum Finding: Equatable, Sendable {
        /// The outer packet was too long for the next link, which takes so many bytes; zero: the router doesn't say
        /// (RFC 1191 §4).
        case tooBig(mtu: UInt32)
        /// The other end can't be reached: no route, no host, or too many hops to it.
        case unreachable
        /// Anything else.
        case other
    }

    /// What it says.
    public let finding: Finding
    /// The quoted outer header's source: our end of the tunnel.
    public let local: IPAddress
    /// The quoted outer header's destination: the other end.
    public let remote: IPAddress
    /// The length of the packet that it is about, outer header included, as that header says.
    public let outerByteCount: Int
    /// Whether the packet was MPLS in UDP; else IP in IP.
    public let isDatagram: Bool
    /// The version of the inner packet, as the outer header says, or, in UDP, the packet itself; nil where the quote ends
    /// before that.
    public let innerVersion: IPVersion?
    /// Where in the message the inner packet is quoted, in bytes from the IP header's first. Empty where the quote ends
    /// with what stands before the inner packet.
    public let inner: Range<Int>

    /// Reads a whole IP packet. Nil unless it is a sound ICMP or ICMPv6 error, checksum included and no fragment, that
    /// quotes an outer header with an IP packet in it.
    public init?(_ packet: RawSpan) {
        guard packet.byteCount > 0 else { return nil }
        do throws(WireError) {
            if packet.octet(at: 0) >> 4 == 4 {
                let view = try IPv4View(packet)
                guard view.protocol == .icmp, !view.isFragment else { return nil }
                let message = try ICMPView(view.payload, over: .v4)
                guard message.hasValidChecksum(), ICMPv4Type(rawValue: message.type).isError else {
                    return nil
                }
                let start = view.headerByteCount + ICMPField.byteCount
                // RFC 4884 §4.1: the quote's length in 32-bit words, or zero where nothing follows it.
                let length = Int(message.rest >> 16 & 0xff) * 4
                let quote = message.payload.extracting(first: length > 0 ? length : message.payload.byteCount)
                self.init(v4: quote, at: start) {
                    Self.finding(v4: message.type, message.code, message.rest, isDatagram: $0)
                }
            } else {
                let view = try IPv6View(packet)
                guard view.nextHeader == .icmpv6 else { return nil }
                let message = try ICMPView(view.payload, over: .v6)
                let sum = TransportChecksum.pseudoHeaderSum(
                    source: view.source, destination: view.destination, protocol: .icmpv6,
                    byteCount: view.payloadLength)
                let type = ICMPv6Type(rawValue: message.type)
                guard message.hasValidChecksum(pseudoHeader: sum), type.isError else { return nil }
                let start = IPv6Field.byteCount + ICMPField.byteCount
                // RFC 4884 §4.4: in 64-bit words. "Too big" has its MTU there.
                let length = type == .packetTooBig ? 0 : Int(message.rest >> 24) * 8
                let quote = message.payload.extracting(first: length > 0 ? length : message.payload.byteCount)
                self.init(v6: quote, at: start) { _ in Self.finding(v6: type, message.code, message.rest) }
            }
        } catch {
            return nil
        }
    }

    private init?(v4 quote: RawSpan, at start: Int, _ finding: (_ isDatagram: Bool) -> Finding) {
        guard quote.byteCount >= IPv4Field.minimumByteCount else { return nil }
        let first = quote.octet(at: IPv4Field.versionAndHeaderLength)
        let headerByteCount = Int(first & 0xf) * 4
        guard first >> 4 == 4, headerByteCount >= IPv4Field.minimumByteCount,
            headerByteCount <= quote.byteCount,
            let carried = Carried(
                quote, IPProtocol(rawValue: quote.octet(at: IPv4Field.protocol)), headerByteCount),
            // A later fragment doesn't begin with the inner header.
            quote.uint16(at: IPv4Field.flagsAndFragmentOffset) & IPv4Field.fragmentOffsetMask == 0
        else { return nil }
        self.finding = finding(carried.isDatagram)
        local = .v4(quote.ipv4Address(at: IPv4Field.source))
        remote = .v4(quote.ipv4Address(at: IPv4Field.destination))
        outerByteCount = Int(quote.uint16(at: IPv4Field.totalLength))
        isDatagram = carried.isDatagram
        innerVersion = carried.version
        inner = start + carried.offset..<start + quote.byteCount
    }

    private init?(v6 quote: RawSpan, at start: Int, _ finding: (_ isDatagram: Bool) -> Finding) {
        guard quote.byteCount >= IPv6Field.byteCount, quote.octet(at: 0) >> 4 == 6,
            let carried = Carried(
                quote, IPProtocol(rawValue: quote.octet(at: IPv6Field.nextHeader)), IPv6Field.byteCount)
        else { return nil }
        self.finding = finding(carried.isDatagram)
        local = .v6(quote.ipv6Address(at: IPv6Field.source))
        remote = .v6(quote.ipv6Address(at: IPv6Field.destination))
        outerByteCount = IPv6Field.byteCount + Int(quote.uint16(at: IPv6Field.payloadLength))
        isDatagram = carried.isDatagram
        innerVersion = carried.version
        inner = start + carried.offset..<start + quote.byteCount
    }

    private static func finding(v4 type: UInt8, _ code: UInt8, _ rest: UInt32, isDatagram: Bool) -> Finding {
        switch (ICMPv4Type(rawValue: type), code) {
        case (.destinationUnreachable, ICMPv4Message.fragmentationNeeded): .tooBig(mtu: rest & 0xffff)
        // Network, host, protocol: nobody decapsulates there (RFC 2003 §4.1).
        case (.destinationUnreachable, 0...2), (.timeExceeded, 0): .unreachable
        // Nobody listens on the port.
        case (.destinationUnreachable, 3) where isDatagram: .unreachable
        default: .other
        }
    }

    private static func finding(v6 type: ICMPv6Type, _ code: UInt8, _ rest: UInt32) -> Finding {
        switch (type, code) {
        case (.packetTooBig, _): .tooBig(mtu: rest)
        case (.destinationUnreachable, _), (.timeExceeded, 0): .unreachable
        default: .other
        }
    }
}

/// What a quoted outer header carries.
private struct Carried {
    let isDatagram: Bool
    /// Nil where the quote ends before that is said.
    let version: IPVersion?
    /// Where the inner packet begins in the quote; its end, where nothing of it is quoted.
    let offset: Int

    /// Labels that are passed over.
    private static let maximumLabelCount = 8

    /// Nil where it is neither a packet nor MPLS in UDP.
    /// - Parameter start: where the outer header ends.
    init?(_ quote: RawSpan, _ protocol: IPProtocol, _ start: Int) {
        switch `protocol` {
        case .ipv4, .ipv6:
            isDatagram = false
            version = `protocol` == .ipv4 ? .v4 : .v6
            offset = start
        case .udp:
            guard start + 4 <= quote.byteCount, quote.uint16(at: start + 2) == MPLSInUDP.port else {
                return nil
            }
            isDatagram = true
            offset = Self.packet(under: quote, start + UDPField.byteCount)
            version =
                offset < quote.byteCount ? IPVersion(rawValue: quote.octet(at: offset) >> 4) : nil
        default: return nil
        }
    }

    /// Where the stack's bottom is passed.
    private static func packet(under quote: RawSpan, _ start: Int) -> Int {
        for place in 0..<maximumLabelCount {
            let entry = start + place * LabelStackEntry.byteCount
            guard entry + LabelStackEntry.byteCount <= quote.byteCount else { break }
            if LabelStackEntry(rawValue: quote.uint32(at: entry)).isBottomOfStack {
                return entry + LabelStackEntry.byteCount
            }
        }
        return quote.byteCount
    }
}

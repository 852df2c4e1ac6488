import Wire

/// A frame in a few words: what the slow path takes in and sends (ARP, neighbour discovery, ICMP), and anything else
/// by its addresses.
struct FrameSummary: CustomStringConvertible {
    let description: String

    /// - Parameter isEthernet: whether the frame begins with an Ethernet header, else with an IP header.
    init(_ frame: [UInt8], isEthernet: Bool) {
        do throws(WireError) {
            description = try Self.describe(frame.span.bytes, isEthernet: isEthernet)
        } catch {
            description = "\(frame.count) bytes that make no whole packet"
        }
    }

    /// Bytes of the frame's Ethernet header and VLAN tags; 0 on links without. Nil if it is cut short.
    static func linkHeaderByteCount(_ frame: [UInt8], isEthernet: Bool) -> Int? {
        guard isEthernet else { return 0 }
        var offset = 14
        while offset <= frame.count, offset < 22 {
            let type = EtherType(rawValue: UInt16(frame[offset - 2]) << 8 | UInt16(frame[offset - 1]))
            guard type == .vlan || type == .serviceVLAN else { return offset }
            offset += 4
        }
        return offset <= frame.count ? offset : nil
    }

    private static func describe(_ frame: RawSpan, isEthernet: Bool) throws(WireError) -> String {
        guard isEthernet else { return try describeIP(frame) }
        var network = try EthernetView(frame).payload
        var etherType = try EthernetView(frame).etherType
        while etherType == .vlan || etherType == .serviceVLAN {
            guard network.byteCount >= 4 else { throw WireError(.ethernet, .truncated) }
            etherType = EtherType(rawValue: network.uint16(at: 2))
            network = network.extracting(droppingFirst: 4)
        }
        switch etherType {
        case .arp: return describe(ARPPacket(try ARPView(network)))
        case .ipv4, .ipv6: return try describeIP(network)
        case .mpls: return try describeLabelled(network)
        default: return Words.etherType(etherType)
        }
    }

    private static func describeLabelled(_ stack: RawSpan) throws(WireError) -> String {
        var labels: [String] = []
        var offset = 0
        var isBottom = false
        while !isBottom, offset + LabelStackEntry.byteCount <= stack.byteCount {
            let entry = LabelStackEntry(rawValue: stack.uint32(at: offset))
            labels.append("\(entry.label)")
            isBottom = entry.isBottomOfStack
            offset += LabelStackEntry.byteCount
        }
        guard isBottom else { return Words.etherType(.mpls) }
        return "under \(labels.joined(separator: ", ")): "
            + (try describeIP(stack.extracting(droppingFirst: offset)))
    }

    private static func describe(_ packet: ARPPacket) -> String {
        switch packet.operation {
        case .request: "ARP request of \(packet.senderProtocol): who has \(packet.targetProtocol)?"
        case .reply: "ARP reply: \(packet.senderProtocol) is at \(packet.senderHardware)"
        }
    }

    private static func describeIP(_ packet: RawSpan, isInner: Bool = false) throws(WireError) -> String {
        guard packet.byteCount > 0, packet.octet(at: 0) >> 4 == 6 else {
            let view = try IPv4View(packet)
            let ends = "\(view.source) → \(view.destination)"
            if !isInner, view.protocol == .ipv4 || view.protocol == .ipv6, !view.isLaterFragment {
                return "inside IPv4 \(ends): " + (try describeIP(view.payload, isInner: true))
            }
            guard view.protocol == .icmp, !view.isLaterFragment else {
                return "IPv4 \(ends), \(Words.protocol(view.protocol))"
            }
            let message = ICMPv4Message(try ICMPView(view.payload, over: .v4))
            return "ICMP \(describe(message)), \(ends)"
        }
        let view = try IPv6View(packet)
        let ends = "\(view.source) → \(view.destination)"
        let upper = try view.upper()
        if !isInner, upper.protocol == .ipv4 || upper.protocol == .ipv6, !upper.isFragment {
            return "inside IPv6 \(ends): "
                + (try describeIP(view.bytes.extracting(droppingFirst: upper.offset), isInner: true))
        }
        guard upper.protocol == .icmpv6, !upper.isLaterFragment else {
            return "IPv6 \(ends), \(Words.protocol(upper.protocol))"
        }
        let bytes = view.bytes.extracting(droppingFirst: upper.offset)
        let message = ICMPv6Message(try ICMPView(bytes, over: .v6))
        return "ICMPv6 \(describe(message, bytes)), \(ends)"
    }

    private static func describe(_ message: ICMPv4Message) -> String {
        switch message {
        case .echoRequest: "echo request"
        case .echoReply: "echo reply"
        case .timeExceeded: "time exceeded"
        case .destinationUnreachable(code: ICMPv4Message.fragmentationNeeded, let mtu):
            "too big (fragmentation needed, MTU \(mtu))"
        case .destinationUnreachable(let code, _): "destination unreachable, code \(code)"
        case .other(let type, let code, _): "type \(type.rawValue), code \(code)"
        }
    }

    private static func describe(_ message: ICMPv6Message, _ bytes: RawSpan) -> String {
        switch message {
        case .echoRequest: return "echo request"
        case .echoReply: return "echo reply"
        case .timeExceeded: return "time exceeded"
        case .packetTooBig(let mtu): return "too big (MTU \(mtu))"
        case .destinationUnreachable(let code): return "destination unreachable, code \(code)"
        case .other(let type, let code, _):
            let target = bytes.byteCount >= 24 ? " for \(bytes.ipv6Address(at: 8))" : ""
            if type == .neighbourSolicitation { return "neighbour solicitation\(target)" }
            if type == .neighbourAdvertisement { return "neighbour advertisement\(target)" }
            return "type \(type.rawValue), code \(code)"
        }
    }
}

public import Ports
import Wire

/// What a frame's headers say, outermost first, as far as its bytes go: a sample may be cut short. Of a frame that is
/// nothing but headers the first ones are told, so that nobody is shown thousands of lines.
public struct FrameLayers: Sendable {
    /// A header, with the fields that a conversion may change.
    public struct Layer: Equatable, Sendable {
        /// As in `MPLS`.
        public let name: String
        /// As in `TTL` and `63`, in the order of the header.
        public let fields: [(name: String, value: String)]

        public static func == (one: Layer, other: Layer) -> Bool {
            one.name == other.name && one.fields.elementsEqual(other.fields) { $0 == $1 }
        }
    }

    /// Headers that are told of. More than eight labels and two IP headers with theirs no packet of ours has.
    public static let layerLimit = 32

    public private(set) var layers: [Layer] = []
    /// Of the innermost packet.
    private var ends: String?
    private var kind = "frame"
    private var info = ""
    private var labels: [String] = []

    /// - Parameter link: what the frame begins with.
    public init(_ frame: [UInt8], link: LinkType) {
        var rest = frame[...]
        switch link {
        case .ethernet: readEthernet(&rest)
        case .ip: readPackets(&rest)
        }
    }

    /// `Ethernet 02:…→02:… | MPLS 16001 TC 0 TTL 63 | IPv4 10.1.0.5→198.51.100.10 TTL 63 …`.
    public var description: String {
        layers.map { layer in
            ([layer.name] + layer.fields.map { $0.name.isEmpty ? $0.value : "\($0.name) \($0.value)" })
                .joined(separator: " ")
        }.joined(separator: " | ")
    }

    /// One line as packet analysers print them: who to whom, what, and what there is to know.
    public var summary: String {
        var text = "\(ends ?? "?") \(kind)"
        if !info.isEmpty { text += " \(info)" }
        if !labels.isEmpty { text += " [labels \(labels.joined(separator: " "))]" }
        return text
    }

    private mutating func add(_ name: String, _ fields: [(String, String)]) {
        layers.append(Layer(name: name, fields: fields.map { (name: $0.0, value: $0.1) }))
    }

    // MARK: Link

    private mutating func readEthernet(_ rest: inout ArraySlice<UInt8>) {
        guard let header = rest.take(14) else { return add("frame", [("", "cut short")]) }
        let (destination, source) = (Self.mac(header.prefix(6)), Self.mac(header.dropFirst(6).prefix(6)))
        add("Ethernet", [("", "\(source)→\(destination)")])
        ends = "\(source) → \(destination)"
        var type = EtherType(rawValue: UInt16(header.number(at: 12, 2)))
        while type == .vlan || type == .serviceVLAN, hasRoom(&rest), let tag = rest.take(4) {
            let control = tag.number(at: 0, 2)
            add("VLAN", [("", "\(control & 0xfff)"), ("priority", "\(control >> 13)")])
            type = EtherType(rawValue: UInt16(tag.number(at: 2, 2)))
        }
        switch type {
        case .mpls: readLabels(&rest)
        case .ipv4, .ipv6: readPackets(&rest)
        case .arp: readARP(rest)
        default:
            kind = Words.etherType(type)
            add(kind, [])
        }
    }

    private static func mac(_ bytes: ArraySlice<UInt8>) -> MACAddress {
        MACAddress(rawValue: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }

    private mutating func readARP(_ rest: ArraySlice<UInt8>) {
        kind = "ARP"
        guard rest.count >= 28 else { return add("ARP", [("", "cut short")]) }
        let sender = IPv4Address(rawValue: UInt32(rest.number(at: 14, 4)))
        let target = IPv4Address(rawValue: UInt32(rest.number(at: 24, 4)))
        info =
            rest.number(at: 6, 2) == 1
            ? "who has \(target)? tell \(sender)" : "\(sender) is at \(Self.mac(rest.dropFirst(8).prefix(6)))"
        add("ARP", [("", info)])
    }

    private mutating func readLabels(_ rest: inout ArraySlice<UInt8>) {
        kind = "MPLS"
        if readStack(&rest) { readPackets(&rest) }
    }

    /// - Returns: whether it has a bottom, behind which a packet may begin.
    private mutating func readStack(_ rest: inout ArraySlice<UInt8>) -> Bool {
        while hasRoom(&rest), let bytes = rest.take(4) {
            let entry = LabelStackEntry(rawValue: UInt32(bytes.number(at: 0, 4)))
            add(
                "MPLS",
                [
                    ("", "\(entry.label)"), ("TC", "\(entry.trafficClass)"),
                    ("S", entry.isBottomOfStack ? "1" : "0"),
                ]
                    + [("TTL", "\(entry.ttl)")])
            labels.append("\(entry.label)")
            if entry.isBottomOfStack { return true }
        }
        return false
    }

    // MARK: IP

    /// One packet, and the one that it carries, and so on: in a loop, since a frame may be made of nothing else.
    private mutating func readPackets(_ rest: inout ArraySlice<UInt8>) {
        while hasRoom(&rest), readPacket(&rest) {}
    }

    /// - Returns: whether it carries another packet, which begins where it ends.
    private mutating func readPacket(_ rest: inout ArraySlice<UInt8>) -> Bool {
        switch rest.first.map({ $0 >> 4 }) {
        case 4: return readIPv4(&rest)
        case 6: return readIPv6(&rest)
        default:
            if !rest.isEmpty { add("data", [("", Words.bytes(rest.count))]) }
            return false
        }
    }

    /// Whether one more header may be told. If not, what is left is, as so many bytes, and nothing is left.
    private mutating func hasRoom(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if layers.count < Self.layerLimit { return true }
        if !rest.isEmpty { add("more", [("", Words.bytes(rest.count))]) }
        rest = []
        return false
    }

    private mutating func readIPv4(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let headerByteCount = rest.first.map { Int($0 & 15) * 4 } ?? 0
        guard headerByteCount >= 20, let header = rest.take(headerByteCount) else {
            add("IPv4", [("", "cut short")])
            return false
        }
        let source = IPv4Address(rawValue: UInt32(header.number(at: 12, 4)))
        let destination = IPv4Address(rawValue: UInt32(header.number(at: 16, 4)))
        let fragment = header.number(at: 6, 2)
        let offset = fragment & 0x1fff
        let octet = header.number(at: 1, 1)
        var flags = fragment & 0x4000 != 0 ? "DF" : "no DF"
        if fragment & 0x2000 != 0 { flags += " MF" }
        if offset > 0 { flags += " offset \(offset * 8)" }
        add(
            "IPv4",
            [
                ("", "\(source)→\(destination)"), ("TTL", "\(header.number(at: 8, 1))"),
                ("DSCP", "\(octet >> 2)"),
                ("ECN", "\(octet & 3)"), ("length", "\(header.number(at: 2, 2))"), ("", flags),
            ])
        ends = "\(source) → \(destination)"
        return readUpper(
            IPProtocol(rawValue: UInt8(header.number(at: 9, 1))), isLaterFragment: offset > 0, &rest)
    }

    private mutating func readIPv6(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let header = rest.take(40) else {
            add("IPv6", [("", "cut short")])
            return false
        }
        func address(_ offset: Int) -> IPv6Address {
            IPv6Address(high: header.number(at: offset, 8), low: header.number(at: offset + 8, 8))
        }
        let octet = header.number(at: 0, 2) >> 4 & 0xff
        add(
            "IPv6",
            [
                ("", "\(address(8))→\(address(24))"), ("hop limit", "\(header.number(at: 7, 1))"),
                ("DSCP", "\(octet >> 2)"), ("ECN", "\(octet & 3)"), ("payload", "\(header.number(at: 4, 2))"),
            ])
        ends = "\(address(8)) → \(address(24))"
        var next = IPProtocol(rawValue: UInt8(header.number(at: 6, 1)))
        var isLaterFragment = false
        while next == .hopByHop || next == .ipv6Routing || next == .ipv6DestinationOptions
            || next == .ipv6Fragment
        {
            guard rest.count >= 8 else { return false }
            if next == .ipv6Fragment { isLaterFragment = rest.number(at: 2, 2) >> 3 > 0 }
            let byteCount = next == .ipv6Fragment ? 8 : 8 + 8 * Int(rest.number(at: 1, 1))
            next = IPProtocol(rawValue: UInt8(rest.number(at: 0, 1)))
            guard rest.take(byteCount) != nil else { return false }
        }
        return readUpper(next, isLaterFragment: isLaterFragment, &rest)
    }

    /// - Returns: whether it is another packet, or leads to one, which isn't told then.
    private mutating func readUpper(
        _ protocol: IPProtocol, isLaterFragment: Bool, _ rest: inout ArraySlice<UInt8>
    ) -> Bool {
        if (`protocol` == .ipv4 || `protocol` == .ipv6), !isLaterFragment { return true }
        kind = Words.protocol(`protocol`)
        guard !isLaterFragment else {
            info = "later fragment"
            add(kind, [("", info)])
            return false
        }
        switch `protocol` {
        case .tcp, .udp, .sctp:
            guard rest.count >= 4 else { return false }
            info = "\(rest.number(at: 0, 2)) → \(rest.number(at: 2, 2))"
        case .icmp, .icmpv6:
            guard rest.count >= 2 else { return false }
            info = "type \(rest.number(at: 0, 1)) code \(rest.number(at: 1, 1))"
        default: break
        }
        add(kind, info.isEmpty ? [] : [("", info)])
        guard `protocol` == .udp, rest.count >= UDPField.byteCount, rest.number(at: 2, 2) == MPLSInUDP.port
        else { return false }
        rest.removeFirst(UDPField.byteCount)
        return readStack(&rest)
    }
}

extension ArraySlice<UInt8> {
    /// Takes the first bytes; nil, and nothing is taken, where there are fewer.
    fileprivate mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard self.count >= count else { return nil }
        defer { removeFirst(count) }
        return prefix(count)
    }

    /// Up to eight bytes in network order. They must be there.
    fileprivate func number(at offset: Int, _ count: Int) -> UInt64 {
        self[startIndex + offset..<startIndex + offset + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

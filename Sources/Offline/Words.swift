import Tables
import Wire

/// Numbers and names as they stand in sentences.
enum Words {
    static func bytes(_ count: Int) -> String { count == 1 ? "1 byte" : "\(count) bytes" }

    /// `a`, `a and b`, `a, b and c`.
    static func list(_ items: [String], _ conjunction: String = "and") -> String {
        guard items.count > 1 else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " \(conjunction) " + items[items.count - 1]
    }

    /// Outcomes that need more words than their names.
    static var consumed: String { "consumed by this node" }
    static var waiting: String { "waits until its next hop has answered" }

    /// VLAN ids, the outer one in the high half, as `untagged`, `VLAN 5` or `VLAN 100, inside it 7`.
    static func tags(_ tags: UInt32) -> String {
        switch (tags >> 16, tags & 0xffff) {
        case (0, 0): "untagged"
        case (0, let id): "VLAN \(id)"
        case (let outer, let inner): "VLAN \(outer), inside it \(inner)"
        }
    }

    static func etherType(_ type: EtherType) -> String {
        switch type {
        case .ipv4: "IPv4"
        case .ipv6: "IPv6"
        case .arp: "ARP"
        case .mpls: "MPLS"
        default: "ethertype 0x" + Hex.text([UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xff)])
        }
    }

    /// As a rule of an exchange file spells it: a name, or the number.
    static func `protocol`(_ number: IPProtocol) -> String {
        switch number {
        case .icmp: "icmp"
        case .icmpv6: "icmpv6"
        case .tcp: "tcp"
        case .udp: "udp"
        case .sctp: "sctp"
        case .ipv4: "ipv4"
        case .ipv6: "ipv6"
        case .ipv6Fragment: "fragment"
        default: "protocol \(number.rawValue)"
        }
    }

    /// As it stands in a header.
    static func checksum(_ field: UInt16) -> String {
        "0x" + Hex.text([UInt8(field >> 8), UInt8(field & 0xff)])
    }

    /// What a policer does.
    static func action(_ action: Policer.Action) -> String {
        switch action {
        case .pass: "passes"
        case .drop: "is dropped"
        case .dscp(let number): "leaves with DSCP \(number)"
        case .trafficClass(let number): "leaves with traffic class \(number)"
        }
    }

    static func congestion(_ ecn: UInt8) -> String {
        switch ECN(trafficClassOctet: ecn) {
        case .notECT: "Not-ECT"
        case .ect0: "ECT(0)"
        case .ect1: "ECT(1)"
        case .ce: "CE"
        }
    }

    static func entry(_ entry: LabelStackEntry) -> String {
        "TC \(entry.trafficClass), TTL \(entry.ttl)" + (entry.isBottomOfStack ? ", bottom of stack" : "")
    }

    /// What the TTL is called in this version of IP.
    static func timeToLive(_ address: IPAddress) -> String {
        address.version == .v4 ? "TTL" : "hop limit"
    }
}

import Ports
import Wire

/// What every frame that leaves must be, whatever came in.
enum SentFrame {
    /// What is wrong with a frame; nil if nothing.
    static func fault(_ frame: [UInt8], _ link: LinkType) -> String? {
        guard link == .ethernet else { return networkFault(frame[...]) }
        guard frame.count > 14 else { return "a frame of \(frame.count) bytes" }
        var offset = 12
        func word() -> UInt16 { UInt16(frame[offset]) << 8 | UInt16(frame[offset + 1]) }
        while EtherType(rawValue: word()) == .vlan || EtherType(rawValue: word()) == .serviceVLAN {
            offset += 4
            guard offset + 2 < frame.count else { return "tags without anything behind them" }
        }
        let type = EtherType(rawValue: word())
        let network = frame[(offset + 2)...]
        switch type {
        case .arp: return network.count < 28 ? "half an ARP packet" : nil
        case .mpls:
            guard network.count >= 4 else { return "half a label" }
            return network[network.startIndex + 3] == 0 ? "a label with TTL 0" : nil
        case .ipv4, .ipv6:
            let version: UInt8 = type == .ipv4 ? 4 : 6
            guard network.first.map({ $0 >> 4 }) == version else { return "\(type) that isn't" }
            return networkFault(network)
        default: return "ethertype \(type.rawValue)"
        }
    }

    /// RFC 791 §3.1, RFC 8200 §3.
    private static func networkFault(_ slice: ArraySlice<UInt8>) -> String? {
        let packet = Array(slice)
        guard let first = packet.first else { return "nothing" }
        if first >> 4 == 4 {
            let header = Int(first & 0xf) * 4
            guard header >= 20, packet.count >= header else { return "half an IPv4 header" }
            guard packet[8] > 0 else { return "an IPv4 packet with TTL 0" }
            let total = Int(packet[2]) << 8 | Int(packet[3])
            guard (header...packet.count).contains(total) else { return "an IPv4 packet of a wrong length" }
            let isValid = Array(packet[..<header]).read { InternetChecksum.isValid(InternetChecksum.sum($0)) }
            return isValid ? nil : "an IPv4 header with a wrong checksum"
        }
        guard first >> 4 == 6, packet.count >= 40 else { return "neither IPv4 nor IPv6" }
        guard packet[7] > 0 else { return "an IPv6 packet with hop limit 0" }
        let payload = Int(packet[4]) << 8 | Int(packet[5])
        return payload + 40 <= packet.count ? nil : "an IPv6 packet of a wrong length"
    }
}

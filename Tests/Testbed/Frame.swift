public import Wire

/// An Ethernet frame as plain fields, its VLAN tags and label stack apart from what they carry.
public struct Frame: Equatable, Sendable {
    public var destination: MACAddress
    public var source: MACAddress
    /// VLAN ids, outer first. Two are written as 802.1ad with 802.1Q inside.
    public var tags: [UInt16] = []
    public var etherType: EtherType
    /// The label stack, top first; empty unless the ethertype is MPLS.
    public var labels: [LabelStackEntry] = []
    public var payload: [UInt8]

    public init(
        to destination: MACAddress, from source: MACAddress, tags: [UInt16] = [], _ etherType: EtherType,
        labels: [LabelStackEntry] = [], _ payload: [UInt8]
    ) {
        self.destination = destination
        self.source = source
        self.tags = tags
        self.etherType = etherType
        self.labels = labels
        self.payload = payload
    }

    /// A frame with an IP packet in it.
    public init(
        to destination: MACAddress, from source: MACAddress, tags: [UInt16] = [], _ datagram: Datagram
    ) {
        let type: EtherType = datagram.source.version == .v4 ? .ipv4 : .ipv6
        self.init(to: destination, from: source, tags: tags, type, datagram.bytes)
    }

    public var bytes: [UInt8] {
        var bytes = destination.octets + source.octets
        for (place, tag) in tags.enumerated() {
            let type: EtherType = place == 0 && tags.count == 2 ? .serviceVLAN : .vlan
            bytes += octets(type.rawValue) + octets(tag)
        }
        return bytes + octets(etherType.rawValue) + labels.flatMap { octets($0.rawValue) } + payload
    }

    /// Nil where the frame ends inside its headers.
    public init?(_ bytes: [UInt8]) {
        func word(_ offset: Int) -> UInt16? {
            offset + 2 <= bytes.count ? UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) : nil
        }
        func mac(_ offset: Int) -> MACAddress {
            MACAddress(rawValue: bytes[offset..<offset + 6].reduce(0) { $0 << 8 | UInt64($1) })
        }
        guard bytes.count >= 14 else { return nil }
        (destination, source) = (mac(0), mac(6))
        var offset = 12
        while let type = word(offset),
            type == EtherType.vlan.rawValue || type == EtherType.serviceVLAN.rawValue
        {
            guard let tag = word(offset + 2) else { return nil }
            tags.append(tag & 0xfff)
            offset += 4
        }
        guard let type = word(offset) else { return nil }
        etherType = EtherType(rawValue: type)
        offset += 2
        while etherType == .mpls, labels.last?.isBottomOfStack != true {
            guard let high = word(offset), let low = word(offset + 2) else { return nil }
            labels.append(LabelStackEntry(rawValue: UInt32(high) << 16 | UInt32(low)))
            offset += 4
        }
        payload = Array(bytes[offset...])
    }

    /// The IP packet that the frame carries; nil if it carries none, or an unsound one.
    public var datagram: Datagram? { Datagram(payload) }
}

extension LabelStackEntry {
    /// An entry as tests write it.
    public init(_ label: UInt32, ttl: UInt8 = 64, trafficClass: UInt8 = 0, bottom: Bool = false) {
        self.init(
            label: Label(unchecked: label), trafficClass: trafficClass, isBottomOfStack: bottom, ttl: ttl)
    }
}

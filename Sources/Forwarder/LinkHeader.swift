import Wire

/// The link header of a frame of our own: addresses, VLAN tags and ethertype (RFC 894, IEEE 802.1Q); empty on a link
/// that has none.
struct LinkHeader: Equatable {
    /// 0, 14, 18 or 22, as they are sent.
    private(set) var octets: [UInt8]

    init(_ octets: [UInt8]) { self.octets = octets }

    /// The header of an answer to a frame with this one: to its sender, under the same tags and ethertype.
    func reply(from mac: MACAddress) -> LinkHeader {
        guard !octets.isEmpty else { return self }
        var header = self
        header.octets.replaceSubrange(0..<6, with: octets[6..<12])
        header.octets.replaceSubrange(6..<12, with: mac.octets)
        return header
    }

    /// The same header to another station or group, with another ethertype.
    func to(_ destination: MACAddress, _ etherType: EtherType) -> LinkHeader {
        guard !octets.isEmpty else { return self }
        var header = self
        header.octets.replaceSubrange(0..<6, with: destination.octets)
        header.octets.replaceSubrange(
            (octets.count - 2)..., with: [UInt8(etherType.rawValue >> 8), UInt8(etherType.rawValue & 0xff)])
        return header
    }
}

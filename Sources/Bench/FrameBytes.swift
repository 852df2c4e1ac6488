import Wire

/// Frames as they are built: octets in network order, one behind the other.
struct FrameBytes {
    private(set) var bytes: [UInt8] = []

    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ octets: [UInt8]) { bytes += octets }
    mutating func append(zeros count: Int) { bytes += [UInt8](repeating: 0, count: count) }

    mutating func appendEthernet(to destination: MACAddress, from source: MACAddress, _ type: EtherType) {
        append(destination.octets)
        append(source.octets)
        append(type.rawValue)
    }

    /// A label stack, the top first, with TTL 64.
    mutating func append(labels: [Label]) {
        for (index, label) in labels.enumerated() {
            let isBottom = index == labels.count - 1
            append(LabelStackEntry(label: label, isBottomOfStack: isBottom, ttl: 64).rawValue)
        }
    }

    /// An IPv4 header (RFC 791 §3.1), DF set, with its checksum.
    mutating func appendIPv4(
        _ protocol: IPProtocol, from source: IPv4Address, to destination: IPv4Address, payloadByteCount: Int
    ) {
        let start = bytes.count
        append([0x45, 0])
        append(UInt16(20 + payloadByteCount))
        append([0, 0, 0x40, 0, 64, `protocol`.rawValue, 0, 0])
        append(source.rawValue)
        append(destination.rawValue)
        let sum = Self.sum(bytes[start...])
        (bytes[start + 10], bytes[start + 11]) = (UInt8(~sum >> 8), UInt8(~sum & 0xff))
    }

    /// An IPv6 header (RFC 8200 §3).
    mutating func appendIPv6(
        _ protocol: IPProtocol, from source: IPv6Address, to destination: IPv6Address, payloadByteCount: Int
    ) {
        append([0x60, 0, 0, 0])
        append(UInt16(payloadByteCount))
        append([`protocol`.rawValue, 64])
        for half in [source.high, source.low, destination.high, destination.low] { append(half) }
    }

    /// A UDP header (RFC 768) without checksum.
    mutating func appendUDP(from source: UInt16, to destination: UInt16, payloadByteCount: Int) {
        append(source)
        append(destination)
        append(UInt16(8 + payloadByteCount))
        append(UInt16(0))
    }

    /// The ones' complement sum of 16-bit words in network order, folded (RFC 1071); the last octet of an odd number
    /// counts as a word's first.
    static func sum(_ bytes: some Collection<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        var isFirst = true
        for byte in bytes {
            sum &+= isFirst ? UInt32(byte) << 8 : UInt32(byte)
            if sum >= 0x8000_0000 { sum = sum & 0xffff &+ sum >> 16 }
            isFirst.toggle()
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return UInt16(sum)
    }
}

import Wire

extension ByteWriter {
    /// The version, and 4 or 16 bytes.
    mutating func write(address: IPAddress) {
        write(address.version.rawValue)
        switch address {
        case .v4(let address): write(address.rawValue)
        case .v6(let address):
            write(address.high)
            write(address.low)
        }
    }

    /// The first address, and the length.
    mutating func write(prefix: IPPrefix) {
        write(address: prefix.address)
        write(UInt8(prefix.bitCount))
    }

    /// Six octets.
    mutating func write(mac: MACAddress) {
        write(UInt16(mac.rawValue >> 32))
        write(UInt32(truncatingIfNeeded: mac.rawValue))
    }
}

extension ByteReader {
    mutating func readAddress() throws(ByteReaderError) -> IPAddress {
        let version = try read(UInt8.self)
        switch version {
        case 4: return .v4(IPv4Address(rawValue: try read()))
        case 6: return .v6(IPv6Address(high: try read(), low: try read()))
        default: throw fault("an address of IP version \(version)", back: 1)
        }
    }

    mutating func readPrefix() throws(ByteReaderError) -> IPPrefix {
        let address = try readAddress()
        let bitCount = try read(UInt8.self)
        guard let prefix = IPPrefix(address, bitCount: Int(bitCount)) else {
            throw fault("a prefix \(address)/\(bitCount)", back: 1)
        }
        return prefix
    }

    mutating func readMAC() throws(ByteReaderError) -> MACAddress {
        let high = try read(UInt16.self)
        return MACAddress(rawValue: UInt64(high) << 32 | UInt64(try read(UInt32.self)))
    }

    mutating func readLabel() throws(ByteReaderError) -> Label {
        let number = try read(UInt32.self)
        guard let label = Label(rawValue: number) else { throw fault("a label \(number)", back: 4) }
        return label
    }

    /// VLAN ids, outer first.
    mutating func readTags() throws(ByteReaderError) -> [UInt16] {
        try readList(elementByteCount: 2) { (reader) throws(ByteReaderError) in try reader.read() }
    }
}

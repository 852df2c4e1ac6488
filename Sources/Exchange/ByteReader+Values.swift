import Wire

extension ByteReader {
    mutating func readLabel() throws(ByteReaderError) -> Label {
        guard let label = Label(rawValue: try read()) else {
            throw fault("a label of more than 20 bits", back: 4)
        }
        return label
    }

    mutating func readAddress() throws(ByteReaderError) -> IPAddress {
        switch try read(UInt8.self) {
        case IPVersion.v4.rawValue: return .v4(IPv4Address(rawValue: try read()))
        case IPVersion.v6.rawValue:
            let high: UInt64 = try read()
            return .v6(IPv6Address(high: high, low: try read()))
        default: throw fault("an address that is neither IPv4 nor IPv6", back: 1)
        }
    }

    mutating func readPrefix() throws(ByteReaderError) -> IPPrefix {
        let address = try readAddress()
        guard let prefix = IPPrefix(address, bitCount: Int(try read(UInt8.self))) else {
            throw fault("a prefix whose length is wrong for its address", back: 1)
        }
        return prefix
    }

    mutating func readInterfaceAddress() throws(ByteReaderError) -> InterfaceAddress {
        let address = try readAddress()
        guard let result = InterfaceAddress(address, bitCount: Int(try read(UInt8.self))) else {
            throw fault("a prefix length that is out of range", back: 1)
        }
        return result
    }

    mutating func readMACAddress() throws(ByteReaderError) -> MACAddress {
        let bits: UInt64 = try read()
        guard bits >> 48 == 0 else { throw fault("a MAC address of more than 48 bits", back: 8) }
        return MACAddress(rawValue: bits)
    }

    mutating func readLegID() throws(ByteReaderError) -> LegID {
        let session: UInt64 = try read()
        return LegID(session: session, leg: try read())
    }

    mutating func readTraffic() throws(ByteReaderError) -> Traffic {
        let upPackets: UInt64 = try read()
        let upBytes: UInt64 = try read()
        let downPackets: UInt64 = try read()
        return Traffic(
            upPackets: upPackets, upBytes: upBytes, downPackets: downPackets, downBytes: try read())
    }

    /// A number that is small unless something is wrong with it.
    mutating func readAnyNumber() throws(ByteReaderError) -> Int { Int(try read(Int64.self)) }

    /// What a byte that tells a case tells.
    func unknownCase(_ kind: String) -> ByteReaderError { fault("\(kind) of an unknown kind", back: 1) }
}

import Wire

/// How values that stand in many objects are written. Every choice begins with a byte that tells the case.
extension ByteWriter {
    mutating func write(_ label: Label) { write(label.rawValue) }

    mutating func write(_ address: IPAddress) {
        write(address.version.rawValue)
        switch address {
        case .v4(let v4): write(v4.rawValue)
        case .v6(let v6):
            write(v6.high)
            write(v6.low)
        }
    }

    mutating func write(_ prefix: IPPrefix) {
        write(prefix.address)
        write(UInt8(prefix.bitCount))
    }

    mutating func write(_ address: InterfaceAddress) {
        write(address.address)
        write(UInt8(address.bitCount))
    }

    mutating func write(_ mac: MACAddress) { write(mac.rawValue) }

    mutating func write(_ leg: LegID) {
        write(leg.session)
        write(leg.leg)
    }

    mutating func write(_ traffic: Traffic) {
        write(traffic.upPackets)
        write(traffic.upBytes)
        write(traffic.downPackets)
        write(traffic.downBytes)
    }

    /// A number that is small unless something is wrong with it.
    mutating func write(any number: Int) { write(Int64(number)) }
}

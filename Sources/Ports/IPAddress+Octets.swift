import Wire

extension IPAddress {
    /// Four or sixteen, as they are sent.
    var octets: [UInt8] {
        switch self {
        case .v4(let address): (0..<4).map { UInt8(truncatingIfNeeded: address.rawValue >> (24 - 8 * $0)) }
        case .v6(let address):
            (0..<16).map {
                UInt8(truncatingIfNeeded: ($0 < 8 ? address.high : address.low) >> UInt64(56 - 8 * ($0 % 8)))
            }
        }
    }

    /// Nil unless there are four or sixteen.
    init?(octets: [UInt8]) {
        let groups = octets.map { UInt64($0) }
        switch groups.count {
        case 4: self = .v4(IPv4Address(rawValue: UInt32(groups.reduce(0) { $0 << 8 | $1 })))
        case 16:
            let (high, low) = (
                groups[..<8].reduce(0) { $0 << 8 | $1 }, groups[8...].reduce(0) { $0 << 8 | $1 }
            )
            self = .v6(IPv6Address(high: high, low: low))
        default: return nil
        }
    }
}

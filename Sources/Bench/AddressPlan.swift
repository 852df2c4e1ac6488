import Tables
import Wire

/// Every number that both the tables and the packets of a measurement are made of: sessions of as many subscribers with
/// one of up to 1,000 services, in up to 16 tunnels.
struct AddressPlan {
    static let access: UInt16 = 0
    static let network: UInt16 = 1
    static let ownMAC = [MACAddress(rawValue: 0x0257_4c00_0001), MACAddress(rawValue: 0x0257_4c00_0002)]
    static let nextHopMAC = [MACAddress(rawValue: 0x0200_0000_0001), MACAddress(rawValue: 0x0200_0000_0002)]
    static let nextHop = [IPv4Address(rawValue: 0xa9fe_0001), IPv4Address(rawValue: 0xa9fe_0002)]
    /// 192.0.2.1.
    static let own = IPv4Address(rawValue: 0xc000_0201)
    static let servicePort: UInt16 = 443
    static let subscriberPort: UInt16 = 40_000

    let sessionCount: Int
    var tunnelCount: Int { min(16, sessionCount) }
    var serviceCount: Int { min(1000, (sessionCount + 9) / 10) }

    func tunnel(_ session: Int) -> Int { session % tunnelCount }
    func service(_ session: Int) -> Int { session % serviceCount }

    /// In 10.0.0.0/8, one after the other, as an address pool gives them out.
    func subscriber(_ session: Int) -> IPv4Address { IPv4Address(rawValue: 0x0a00_0001 + UInt32(session)) }
    /// A /24 in 100.64.0.0/10.
    func servicePrefix(_ service: Int) -> IPv4Address {
        IPv4Address(rawValue: 0x6440_0000 + UInt32(service) << 8)
    }
    func serviceAddress(_ session: Int) -> IPv4Address {
        IPv4Address(rawValue: servicePrefix(service(session)).rawValue + 1 + UInt32(session % 251))
    }
    /// A /64 in 2001:db8::/32 to each subscriber, as delegated prefixes are given out.
    func subscriber6(_ session: Int) -> IPv6Address {
        IPv6Address(high: 0x2001_0db8_0000_0000 + UInt64(session), low: 1)
    }
    /// A /48 in 2001:db8::/32.
    func servicePrefix6(_ service: Int) -> IPv6Address {
        IPv6Address(high: 0x2001_0db8_8000_0000 + UInt64(service) << 16, low: 0)
    }
    func serviceAddress6(_ session: Int) -> IPv6Address {
        IPv6Address(high: servicePrefix6(service(session)).high, low: 1 + UInt64(session % 251))
    }
    /// 192.0.2.16 and on.
    func remote(_ tunnel: Int) -> IPv4Address { IPv4Address(rawValue: 0xc000_0210 + UInt32(tunnel)) }

    func pathLabel(received tunnel: Int) -> Label { Label(unchecked: 16 + UInt32(tunnel)) }
    func pathLabel(sent tunnel: Int) -> Label { Label(unchecked: 16_000 + UInt32(tunnel)) }
    /// Different within its tunnel.
    func userLabel(received session: Int) -> Label {
        Label(unchecked: 200_000 + UInt32(session / tunnelCount))
    }
    func userLabel(sent session: Int) -> Label { Label(unchecked: 100_000 + UInt32(session / tunnelCount)) }
    func transitLabel(received session: Int) -> Label { Label(unchecked: 64 + UInt32(session)) }
    func transitLabel(sent session: Int) -> Label { Label(unchecked: 48 + UInt32(session)) }
}

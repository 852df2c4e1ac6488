import Tables
import Wire

/// An edge with as many open sessions as asked for, each between a subscriber of its own and one of up to 1,000
/// services, in one of up to 16 tunnels. Where labels are swapped there are as many transit labels instead.
struct Scenario {
    static let access: UInt16 = 0
    static let network: UInt16 = 1

    let operation: Operation
    let sessionCount: Int
    let ruleCount: Int
    let isPoliced: Bool
    let plan: AddressPlan

    /// The port that the packets come in by.
    var port: UInt16 { operation.isUp ? Self.access : Self.network }

    /// - Parameters:
    ///   - ruleCount: rules that each session's packets are held against; the last one admits.
    ///   - isPoliced: whether each direction of each session has a policer.
    init(_ operation: Operation, sessionCount: Int, ruleCount: Int, isPoliced: Bool) {
        precondition((1...1_000_000).contains(sessionCount) && (0...255).contains(ruleCount))
        self.operation = operation
        self.sessionCount = sessionCount
        self.ruleCount = ruleCount
        self.isPoliced = isPoliced
        plan = AddressPlan(sessionCount: sessionCount)
    }

    /// A frame of a session's packets, as it arrives. All have one length.
    func frame(_ session: Int) -> [UInt8] { Self.frame(plan, operation, session: session) }
}

/// Every number that both the tables and the packets are made of.
struct AddressPlan {
    let sessionCount: Int
    var tunnelCount: Int { min(16, sessionCount) }
    var serviceCount: Int { min(1000, (sessionCount + 9) / 10) }

    static let ownMAC: [MACAddress] = [0x0257_4c00_0001, 0x0257_4c00_0002].map { MACAddress(rawValue: $0) }
    static let nextHopMAC: [MACAddress] = [0x0200_0000_0001, 0x0200_0000_0002].map {
        MACAddress(rawValue: $0)
    }
    static let nextHop: [IPv4Address] = [0xa9fe_0001, 0xa9fe_0002].map { IPv4Address(rawValue: $0) }
    /// 192.0.2.1.
    static let own = IPv4Address(rawValue: 0xc000_0201)
    static let servicePort: UInt16 = 443
    static let subscriberPort: UInt16 = 40_000

    func tunnel(_ session: Int) -> Int { session % tunnelCount }
    func service(_ session: Int) -> Int { session % serviceCount }

    /// In 10.0.0.0/8, one after the other, as an address pool gives them out.
    func subscriberAddress(_ session: Int) -> IPv4Address {
        IPv4Address(rawValue: 0x0a00_0001 + UInt32(session))
    }
    /// A /24 in 100.64.0.0/10.
    func servicePrefix(_ service: Int) -> IPv4Address {
        IPv4Address(rawValue: 0x6440_0000 + UInt32(service) << 8)
    }
    func serviceAddress(_ session: Int) -> IPv4Address {
        IPv4Address(rawValue: servicePrefix(service(session)).rawValue + 1 + UInt32(session % 251))
    }
    /// 192.0.2.16 and on.
    func remote(_ tunnel: Int) -> IPv4Address { IPv4Address(rawValue: 0xc000_0210 + UInt32(tunnel)) }

    func pathLabel(sent tunnel: Int) -> Label { Label(unchecked: 16_000 + UInt32(tunnel)) }
    func pathLabel(received tunnel: Int) -> Label { Label(unchecked: 17_000 + UInt32(tunnel)) }
    /// User labels have their meaning in a tunnel each.
    func userLabel(sent session: Int) -> Label { Label(unchecked: 100_000 + UInt32(session / tunnelCount)) }
    func userLabel(received session: Int) -> Label {
        Label(unchecked: 200_000 + UInt32(session / tunnelCount))
    }
    func transitLabel(sent session: Int) -> Label { Label(unchecked: 20_001 + UInt32(session)) }
    func transitLabel(received session: Int) -> Label { Label(unchecked: 20_000 + UInt32(session)) }
    /// In 2001:db8:0:8000::/49, a /64 each, as a pool gives them out.
    func subscriberNetwork6(_ session: Int) -> IPv6Address {
        IPv6Address(high: 0x2001_0db8_0000_8000 &+ UInt64(session), low: 0)
    }
    /// A /48 in 2001:db9::/32.
    func servicePrefix6(_ service: Int) -> IPv6Address {
        IPv6Address(high: 0x2001_0db9_0000_0000 | UInt64(service) << 16, low: 0)
    }
}

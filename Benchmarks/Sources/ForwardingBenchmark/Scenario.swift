import Tables
import Wire

/// An edge with as many open sessions as asked for, each between a subscriber of its own and one of up to 1,000
/// services, in one of up to 16 tunnels; and a transit label for each session.
struct Scenario {
    static let access: UInt16 = 0
    static let network: UInt16 = 1

    let operation: Operation
    let sessionCount: Int
    let objects: [TableObject]
    /// One frame for each session, as it arrives, all of one length.
    let frames: [[UInt8]]

    /// The port that the packets come in by.
    var port: UInt16 { operation.isUp ? Self.access : Self.network }

    /// - Parameter ruleCount: rules that each session's packets are held against; the last one admits.
    init(_ operation: Operation, sessionCount: Int, ruleCount: Int) {
        precondition((1...100_000).contains(sessionCount) && (0...255).contains(ruleCount))
        self.operation = operation
        self.sessionCount = sessionCount
        let plan = AddressPlan(sessionCount: sessionCount)
        objects = Self.objects(plan, operation, ruleCount: ruleCount)
        frames = (0..<sessionCount).map { Self.frame(plan, operation, session: $0) }
    }
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
    func userLabel(sent session: Int) -> Label { Label(unchecked: 100_000 + UInt32(session)) }
    func userLabel(received session: Int) -> Label { Label(unchecked: 200_000 + UInt32(session)) }
    func transitLabel(sent session: Int) -> Label { Label(unchecked: 300_000 + UInt32(session)) }
    func transitLabel(received session: Int) -> Label { Label(unchecked: 400_000 + UInt32(session)) }
}

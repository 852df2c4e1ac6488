import Exchange
import Testing
import Wire

/// Values that a file can't hold, since they are refused as it is decoded, but a description made otherwise
/// can.
@Suite struct UnwritableTests {
    @Test("what no file could say is refused all the same", arguments: faults)
    func refused(fault: Fault) {
        var exchange = Self.exchange
        #expect(exchange.validate() == [])
        fault.spoil(&exchange)
        let found = exchange.validate().map(\.message)
        #expect(found.contains { $0.contains(fault.fragment) }, "\(found)")
    }

    struct Fault: CustomTestStringConvertible, Sendable {
        let fragment: String
        let spoil: @Sendable (inout ExchangeDescription) -> Void

        init(_ fragment: String, _ spoil: @escaping @Sendable (inout ExchangeDescription) -> Void) {
            self.fragment = fragment
            self.spoil = spoil
        }

        var testDescription: String { fragment }
    }

    private static let faults = [
        Fault("port `core`: mtu 70000 is out of range") { $0.ports[0].mtu = 70_000 },
        Fault("port `core`: mtu 68 is out of range") { $0.ports[0].mtu = 68 },
        Fault("port `core`: engine `ring` is none of this kind of port; leave it out") {
            $0.ports[0].medium = .capture(interface: "eth9")
            $0.ports[0].engine = .ring
        },
        Fault("port `core`: captures and files have no offloads") {
            $0.ports[0].medium = .file(read: "in", write: nil, link: .ethernet)
            $0.ports[0].offload = .off
        },
        Fault("line `north`: mtu 70000 is out of range") { $0.lines[0].mtu = 70_000 },
        Fault("line `north`: mtu -1 is out of range") { $0.lines[0].mtu = -1 },
        Fault("line `north`: a capacity of 0") { $0.lines[0].capacityBitsPerSecond = 0 },
        Fault("tunnel `labels`: a capacity of 0") { $0.tunnels[0].capacityBitsPerSecond = 0 },
        Fault("tunnel `labels`: a pipe's ttl of 0") {
            $0.tunnels[0].encapsulation = .mpls(mpls(ttl: .pipe(0)))
        },
        Fault("trafficClass 8 has more than three bits") {
            $0.tunnels[0].encapsulation = .mpls(mpls(trafficClass: .fixed(8)))
        },
        Fault("tunnel `addresses`: a ttl of 0") { $0.tunnels[1].encapsulation = .ipip(ipip(ttl: .fixed(0))) },
        Fault("dscp 64 has more than six bits") {
            $0.tunnels[1].encapsulation = .ipip(ipip(dscp: .fixed(64)))
        },
        Fault("trafficClass: nothing can become 8; give 0 to 7") {
            $0.tunnels[0].encapsulation = .mpls(mpls(trafficClass: .map(map(64, [46: 8]))))
        },
        Fault("trafficClass: nothing can become 9; give 0 to 7") {
            $0.tunnels[0].encapsulation = .mpls(mpls(trafficClass: .map(map(64, [46: 7], otherwise: 9))))
        },
        Fault("innerDSCP: nothing can become 64; give 0 to 63") {
            $0.tunnels[0].encapsulation = .mpls(mpls(innerDSCP: map(8, [5: 64])))
        },
        Fault("innerDSCP: what isn't given is kept") {
            $0.tunnels[0].encapsulation = .mpls(mpls(innerDSCP: map(8, [5: 6], otherwise: 1)))
        },
        Fault("dscp: nothing can become 64; give 0 to 63") {
            $0.tunnels[1].encapsulation = .ipip(ipip(dscp: .map(map(64, [46: 64]))))
        },
        Fault("tunnel `labels`: policer: a policer's rates go from 1 bit to 1Tbit a second") {
            $0.tunnels[0].policer = Policer(committedBitsPerSecond: 0)
        },
        Fault("policer: burst 0 is out of range; give 1 to 2147483647 bytes") {
            $0.tunnels[0].policer = Policer(committedBitsPerSecond: 8, committedBurstByteCount: 0)
        },
        Fault("policer: peakBurst 2147483648 is out of range") {
            $0.tunnels[0].policer = Policer(committedBitsPerSecond: 8, peakBurstByteCount: 1 << 31)
        },
        Fault("policer: green: DSCP 64 has more than six bits") {
            $0.tunnels[0].policer = Policer(committedBitsPerSecond: 8, green: .dscp(64))
        },
        Fault("policer: red: trafficClass 8 has more than three bits") {
            $0.tunnels[0].policer = Policer(committedBitsPerSecond: 8, red: .trafficClass(8))
        },
        Fault("line `north`: vlan 0 is out of range") { $0.lines[0].vlan = [0] },
        Fault("DSCP 64 has more than six bits") {
            $0.conditions = [Condition(subscriber: "alice", service: "s", allow: [Rule(dscps: [64])])]
        },
        Fault("session `a`: network has 0 legs; give one, or a list of 2 to 8") {
            $0.sessions = [
                Session(
                    name: "a", subscriber: "alice", service: "s",
                    access: .plain(port: "access", nextHop: nil),
                    network: Legs([]))
            ]
        },
        Fault("vlan 0 is out of range") { $0.subscribers[0].vlan = [0] },
        Fault("vlan 4095 is out of range") { $0.subscribers[0].vlan = [1, 4095] },
        Fault("tunnels on line `north` are promised 18446744.073709551615Tbit") {
            $0.lines[0].capacityBitsPerSecond = .max - 1
            $0.tunnels[0].capacityBitsPerSecond = .max - 2
            $0.tunnels[1].capacityBitsPerSecond = .max - 2
        },
    ]

    private static let ourAddress = IPAddress.v4(IPv4Address(rawValue: 0x0a00_0001))
    private static let theirAddress = IPAddress.v4(IPv4Address(rawValue: 0x0a00_0002))

    private static func mpls(
        ttl: MPLSEncapsulation.TTL = .uniform, trafficClass: MPLSEncapsulation.TrafficClass = .copy,
        innerDSCP: ClassMap? = nil
    ) -> MPLSEncapsulation {
        MPLSEncapsulation(
            send: [Label(unchecked: 16)], receive: Label(rawValue: 0xf_ffff), ttl: ttl,
            trafficClass: trafficClass, innerDSCP: innerDSCP)
    }

    private static func map(_ count: Int, _ given: [Int: UInt8], otherwise: UInt8? = nil) -> ClassMap {
        var map = ClassMap(count: count, otherwise: otherwise)
        for (number, value) in given { map[number] = value }
        return map
    }

    private static func ipip(ttl: IPIPEncapsulation.TTL = .fixed(64), dscp: IPIPEncapsulation.DSCP = .copy)
        -> IPIPEncapsulation
    {
        IPIPEncapsulation(local: ourAddress, remote: theirAddress, ttl: ttl, dscp: dscp)
    }

    private static var exchange: ExchangeDescription {
        var exchange = ExchangeDescription()
        exchange.ports = [
            Port(
                name: "core", medium: .packet(interface: "eth0"), role: .network,
                addresses: [InterfaceAddress(ourAddress, bitCount: 30)].compactMap(\.self)),
            Port(name: "access", medium: .tap(interface: "tap0"), role: .access),
        ]
        exchange.lines = [Line(name: "north", port: "core", nextHop: theirAddress)]
        exchange.tunnels = [
            Tunnel(name: "labels", line: "north", encapsulation: .mpls(mpls())),
            Tunnel(name: "addresses", line: "north", encapsulation: .ipip(ipip())),
        ]
        exchange.subscribers = [
            Subscriber(
                name: "alice", port: "access", addresses: [IPPrefix(.v4(IPv4Address(rawValue: 0x0a01_0005)))])
        ]
        return exchange
    }
}

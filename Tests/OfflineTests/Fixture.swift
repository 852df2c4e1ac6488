import Exchange
import ExchangeFile
import Forwarder
import Offline
import Packets
import Ports
import TableCompiler
import Testing

/// A packet, where it arrives, and its expected outcome.
struct ExpectedPacket: CustomTestStringConvertible, Sendable {
    let name: String
    let port: String
    let outcome: Explanation.Outcome
    /// Zero bytes behind the ones in hex.
    let zeros: Int
    let hex: String
    let fixture: Fixture

    init(
        _ name: String, port: String, _ outcome: Explanation.Outcome, on fixture: Fixture = .plain,
        zeros: Int,
        _ hex: String
    ) {
        self.name = name
        self.fixture = fixture
        self.port = port
        self.outcome = outcome
        self.zeros = zeros
        self.hex = hex
    }

    func bytes() throws -> [UInt8] { try Hex.bytes(hex) + Array(repeating: 0, count: zeros) }
    var testDescription: String { "\(name), \(outcome)" }

    static func named(_ name: String) throws -> ExpectedPacket {
        try #require(packetTable.first { $0.name == name }, "no packet '\(name)'")
    }
}

/// The edges that the packets of the table are for.
enum Fixture: Sendable {
    case plain, rich

    func describe() throws -> ExchangeDescription {
        try ExchangeFile.parse(text: self == .plain ? edge : richEdge, fileName: "edge.yaml")
    }
}

/// The edge that most packets are for.
let edge = """
    ports:
      access0: { tun: wl-access0, role: access, addresses: [10.1.0.1/24, "2001:db8:1::1/64"] }
      access1:
        tap: wl-access1
        role: access
        mac: "02:00:00:00:00:11"
        addresses: [10.2.0.1/24]
        neighbours: { 10.2.0.5: "02:00:00:00:00:05" }
      core0:
        packet: veth-core
        role: network
        mac: "02:00:00:00:00:0a"
        addresses: [10.0.0.1/30, "2001:db8:ff::1/64"]
        neighbours: { 10.0.0.2: "02:00:00:00:00:02" }
      core1: { packet: veth-west, role: network, mac: "02:00:00:00:00:0b", addresses: [10.0.1.1/30] }
    lines:
      north: { port: core0, nextHop: 10.0.0.2, mtu: 1500 }
      west:  { port: core1, nextHop: 10.0.1.2 }
    providers: { acme: { name: Acme Media } }
    services:
      acme-video: { provider: acme, prefixes: [198.51.100.0/24, "2001:db8:a::/48"] }
      acme-music: { provider: acme, prefixes: [203.0.113.0/25] }
      acme-games: { provider: acme, prefixes: [203.0.113.128/25] }
    tunnels:
      acme-north: { line: north, mpls: { send: 16001, receive: 17001 } }
      acme-west:  { line: west, ipip: { local: 10.0.1.1, remote: 192.0.2.9 } }
    subscribers:
      alice: { port: access0, addresses: [10.1.0.5, "2001:db8:1:5::/64"] }
      bob:   { port: access0, addresses: [10.1.0.6] }
      carol: { port: access1, addresses: [10.2.0.5], vlan: 100 }
    conditions:
      - subscriber: alice
        service: acme-video
        allow: [{ protocol: tcp, ports: [80, 443] }, { protocol: icmp }]
      - { subscriber: alice, service: acme-music }
      - { subscriber: bob, service: acme-music }
      - { subscriber: carol, service: acme-video }
    sessions:
      alice-video:
        subscriber: alice
        service: acme-video
        access: { port: access0 }
        network: { tunnel: acme-north, send: 100042, receive: 200042 }
      alice-music:
        subscriber: alice
        service: acme-music
        access: { port: access0 }
        network: { tunnel: acme-west }
      carol-video:
        subscriber: carol
        service: acme-video
        access: { port: access1 }
        network: { tunnel: acme-north, send: 100043, receive: 200043 }
    labels:
      - { in: 16100, swap: 16200, via: north }
      - { in: 16101, pop: true, via: north }
      - { in: 16102, pop: true, via: { tunnel: acme-north } }
      - { in: 16103, swap: [16203, 16204], via: north }

    """

func edgeDescription() throws -> ExchangeDescription { try Fixture.plain.describe() }

/// The worker as a forwarder runs it, without a recorder, on ports of memory.
struct Edge {
    let ports: [MemoryPort]
    let worker: Worker
    private let sessions: [String]

    init(_ exchange: ExchangeDescription) throws {
        sessions = exchange.sessions.map(\.name)
        let facts = PortFacts.offline(exchange)
        let compiled = CompiledExchange(exchange, facts)
        ports = zip(exchange.ports, facts.macAddresses).map { port, mac in
            MemoryPort(
                name: port.name, link: port.isEthernet ? .ethernet : .ip,
                macAddress: port.isEthernet ? mac : nil)
        }
        // As long as a slot of a replay.
        let slotByteCount = (262_144 + PacketVector.headroom + PacketVector.tailroom + 63) & ~63
        worker = Worker(
            Publication(tables: try compiled.makeTables().publication, ports: ports), vectorCapacity: 1,
            slotByteCount: slotByteCount)
    }

    /// Forwards one packet.
    func forward(_ packet: [UInt8], from name: String) throws -> CountersReport {
        let index = try #require(ports.firstIndex { $0.name == name })
        ports[index].offer(packet)
        #expect(worker.serve(PortIndex(rawValue: UInt16(index))) == 1)
        // Nobody answers here.
        worker.giveUpWaiting()
        return report
    }

    var report: CountersReport {
        CountersReport(
            worker.counters, sessions: sessions, ports: ports.map(\.name))
    }
}

/// The one outcome in a report about one packet.
func outcome(_ report: CountersReport) -> Explanation.Outcome? {
    let dropped = report.drops.reduce(0) { $0 + $1.count }
    switch (report.forwarded, report.consumed, dropped) {
    case (1, 0, 0): return .forwarded
    case (0, 1, 0): return .consumed
    case (0, 0, 1): return report.drops.first.map { .dropped($0.reason) }
    default: return nil
    }
}

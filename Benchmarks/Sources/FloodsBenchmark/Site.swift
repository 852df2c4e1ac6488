import EndlessPorts
import Exchange
import ExchangeFile
import Forwarder
import Observation
import Packets
import Ports
import TableCompiler
import Tables
import Wire

/// An edge whose worker serves two access ports and two network ports, made of memory.
final class Site {
    static let userCount = 1000
    /// The one whose packets come by the other access port.
    static let neighbour: UInt32 = 0x0a09_0005
    static let server: UInt32 = 0xc633_640a

    static func user(_ number: Int) -> UInt32 { 0x0a01_0000 + UInt32(number) + 1 }

    private let names: [String]
    private let ports: [EndlessPort]
    let worker: Worker

    init() throws {
        let exchange = try ExchangeFile.parse(text: Self.exchange, fileName: "the benchmark's exchange")
        let compiled = CompiledExchange(exchange, .offline(exchange))
        let tables = try compiled.makeTables()
        ports = zip(compiled.ports, compiled.facts.macAddresses).map { port, mac in
            EndlessPort(
                name: port.name, link: port.isEthernet ? .ethernet : .ip,
                macAddress: port.isEthernet ? mac : nil)
        }
        names = ports.map(\.name)
        worker = Worker(
            Publication(tables: tables.publication, ports: ports), neighbourSeed: 1,
            observer: WorkerObserver())
        tables.settle()
        // Admitted: many users' packets, of 64 bytes, into a tunnel of two labels.
        self["access0"].frames = (0..<Self.userCount).map {
            Packet.udp(Self.user($0 &* 7 % Self.userCount), Self.server)
        }
    }

    subscript(name: String) -> EndlessPort { ports[index(name)] }

    private func index(_ name: String) -> Int {
        guard let index = names.firstIndex(of: name) else { preconditionFailure("no port \(name)") }
        return index
    }

    /// Serves ports in turn, a vector each, so many turns.
    /// - Returns: nanoseconds a vector of the first port.
    func serve(_ names: [String], turns: Int) -> Double {
        let indices = names.map { PortIndex(rawValue: UInt16(index($0))) }
        let begin = Clock.spent
        for _ in 0..<turns { for port in indices { _ = worker.serve(port) } }
        return Double(Clock.spent - begin) / Double(turns)
    }

    /// What has become of most packets that were not forwarded.
    var usualOutcome: String {
        var outcomes = DropReason.allCases.map { (worker.counters.dropped($0), "\($0)") }
        outcomes.append((worker.counters.consumed, "consumed"))
        return outcomes.max { $0.0 < $1.0 }?.1 ?? ""
    }

    private static let exchange: String = {
        let users = 0..<userCount
        func address(_ raw: UInt32) -> String { "\(IPv4Address(rawValue: raw))" }
        return """
            ports:
              access0: { tun: wl-access0, role: access }
              access1: { tun: wl-access1, role: access, addresses: [10.9.0.1/24] }
              core0:   { packet: wl-core0, role: network, addresses: [10.0.0.1/30], mac: "02:00:00:00:00:01",
                         neighbours: { 10.0.0.2: "02:00:00:00:00:02" } }
              core1:   { packet: wl-core1, role: network, addresses: [10.2.0.1/16], mac: "02:00:00:00:00:11" }
            lines: { north: { port: core0, nextHop: 10.0.0.2 }, narrow: { port: core0, nextHop: 10.0.0.2, mtu: 1320 } }
            providers: { acme: {} }
            services:
              video: { provider: acme, prefixes: [198.51.100.0/24] }
              music: { provider: acme, prefixes: [203.0.113.0/24] }
              news:  { provider: acme, prefixes: [10.2.0.0/16] }
            tunnels:
              north:  { line: north, mpls: { send: 16001, receive: 17001 } }
              narrow: { line: narrow, mpls: { send: 16002, receive: 17002 } }
            subscribers:
              neighbour: { port: access1, addresses: [10.9.0.5] }

            """
                + users.map { "  user\($0): { port: access0, addresses: [\(address(user($0)))] }\n" }.joined()
                + "conditions:\n"
                + "  - { subscriber: neighbour, service: video }\n  - { subscriber: neighbour, service: news }\n"
                + users.map { "  - { subscriber: user\($0), service: video }\n" }.joined()
                    + """
                    sessions:
                      neighbour-video: { subscriber: neighbour, service: video, access: { port: access1 },
                                         network: { tunnel: narrow, send: 99, receive: 98 } }
                      neighbour-news:  { subscriber: neighbour, service: news, access: { port: access1 },
                                         network: { port: core1 } }

                    """
                + users.map {
                    "  user\($0): { subscriber: user\($0), service: video, access: { port: access0 },\n"
                        + "    network: { tunnel: north, send: \(100_000 + $0), receive: \(200_000 + $0) } }\n"
                }.joined()
    }()
}

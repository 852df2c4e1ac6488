import EndlessPorts
import Exchange
import ExchangeFile
import Forwarder
import Observation
import Ports
import TableCompiler
import Tables
import Wire

/// An edge whose workers each have a queue of one access port and one network port, made of memory.
final class Site {
    static let userCount = 1000

    let workers: [Worker]
    private let tables: ForwardingTables

    /// - Parameter hasPolicers: whether each session has a policer, which no packet ever exceeds.
    /// - Parameter isOneSession: whether all packets of all workers are one session's.
    init(workers count: Int, hasPolicers: Bool, isOneSession: Bool) throws {
        let text = Self.exchange(hasPolicers: hasPolicers)
        let exchange = try ExchangeFile.parse(text: text, fileName: "the benchmark's exchange")
        let compiled = CompiledExchange(exchange, .offline(exchange))
        tables = try compiled.makeTables()
        let queues = (0..<count).map { worker in
            zip(compiled.ports, compiled.facts.macAddresses).map { port, mac in
                let queue = EndlessPort(
                    name: port.name, link: port.isEthernet ? .ethernet : .ip,
                    macAddress: port.isEthernet ? mac : nil)
                if port.name == "access0" {
                    // Its own users, as the kernel keeps flows on queues.
                    queue.frames = stride(from: worker, to: Self.userCount, by: count).map {
                        Self.packet(isOneSession ? 0 : $0 &* 7 % Self.userCount)
                    }
                }
                return queue
            }
        }
        let first = Publication(tables: tables.publication, portsByWorker: queues)
        let share = count > 1 ? WorkerShare(workers: count) : nil
        workers = (0..<count).map {
            Worker(
                first, neighbourSeed: 1, observer: WorkerObserver(), number: $0, share: share,
                clock: { Clock.now })
        }
        tables.settle()
    }

    private static func user(_ number: Int) -> UInt32 { 0x0a01_0000 + UInt32(number) + 1 }

    /// A user's packet to the service: 50 octets, which make an Ethernet frame of 64.
    private static func packet(_ number: Int) -> [UInt8] {
        let octets = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: user(number) >> $0) }
        var header: [UInt8] = [0x45, 0, 0, 50, 0, 0, 0x40, 0, 64, 17, 0, 0] + octets + [198, 51, 100, 10]
        let checksum = InternetChecksum.field(InternetChecksum.sum(header.span.bytes))
        (header[10], header[11]) = (UInt8(checksum & 0xff), UInt8(checksum >> 8))
        return header + [0, 9, 0, 9, 0, 30, 0, 0] + [UInt8](repeating: 0, count: 22)
    }

    private static func exchange(hasPolicers: Bool) -> String {
        let users = 0..<userCount
        let policer = hasPolicers ? ", policer: { up: { committed: 900Gbit, burst: 2000000000 } }" : ""
        return """
            ports:
              access0: { tun: wl-access0, role: access }
              core0:   { packet: wl-core0, role: network, addresses: [10.0.0.1/30], mac: "02:00:00:00:00:01",
                         neighbours: { 10.0.0.2: "02:00:00:00:00:02" } }
            lines: { north: { port: core0, nextHop: 10.0.0.2 } }
            providers: { acme: {} }
            services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
            tunnels: { north: { line: north, mpls: { send: 16001, receive: 17001 } } }
            subscribers:

            """
                + users.map {
                    "  user\($0): { port: access0, addresses: [\(IPv4Address(rawValue: user($0)))] }\n"
                }.joined()
                + "conditions:\n"
                + users.map { "  - { subscriber: user\($0), service: video }\n" }.joined()
                + "sessions:\n"
                + users.map {
                    "  user\($0): { subscriber: user\($0), service: video, access: { port: access0 },\n"
                        + "    network: { tunnel: north, send: \(100_000 + $0), receive: \(200_000 + $0) }\(policer) }\n"
                }.joined()
    }
}

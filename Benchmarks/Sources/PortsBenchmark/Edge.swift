import ExchangeFile
import Forwarder
import Glibc
import Observation
import Packets
import Ports
import PortsReference
import TableCompiler
import Tables

/// One worker with a subscriber's port, which is served, and a service behind another one.
final class Edge {
    private let worker: Worker
    private let tables: ForwardingTables
    private let ports: [any PacketPort]
    private static let access = PortIndex(rawValue: 0)

    /// - Parameter ports: the access port and the network port, as an exchange file has them.
    /// - Parameter hasLabels: whether two labels are pushed; else packets go on as they are.
    /// - Parameter opened: the two.
    init(exchange ports: String, hasLabels: Bool, opened: [any PacketPort]) throws {
        self.ports = opened
        let nextHop = ports.contains("10.1.0.5:") ? ", nextHop: 10.1.0.5" : ""
        let lines = """
            lines: { north: { port: core0, nextHop: 10.0.0.2 } }
            tunnels: { north: { line: north, mpls: { send: 16001, receive: 17001 } } }

            """
        let network = hasLabels ? "tunnel: north, send: 100042, receive: 200042" : "port: core0"
        let text =
            "ports:\n\(ports)\n" + (hasLabels ? lines : "")
                + """
                providers: { acme: {} }
                services: { video: { provider: acme, prefixes: [10.2.0.0/24, 198.51.100.0/24] } }
                subscribers: { alice: { port: access0, addresses: [10.1.0.5] } }
                conditions: [{ subscriber: alice, service: video }]
                sessions:
                  alice-video: { subscriber: alice, service: video, access: { port: access0\(nextHop) },
                                 network: { \(network) } }
                """
        let exchange = try ExchangeFile.parse(text: text, fileName: "the benchmark's exchange")
        let compiled = CompiledExchange(exchange, .offline(exchange))
        tables = try compiled.makeTables()
        worker = Worker(
            Publication(tables: tables.publication, ports: opened), neighbourSeed: 1,
            observer: WorkerObserver())
        tables.settle()
    }

    /// Forwards for a time, sleeping where nothing comes.
    /// - Returns: the packets that have left.
    func run(seconds: Double) -> UInt64 {
        let before = worker.counters.forwarded
        let end = ref_now() + seconds
        while ref_now() < end {
            guard worker.serve(Self.access) == 0 else { continue }
            var descriptor = pollfd(fd: ports[0].pollDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
            poll(&descriptor, 1, 10)
        }
        return worker.counters.forwarded - before
    }

    /// Forwards what a file has.
    func runToEnd() -> UInt64 {
        while worker.serve(Self.access) > 0 {}
        return worker.counters.forwarded
    }
}

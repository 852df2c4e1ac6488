import Exchange
import ExchangeFile
import Forwarder
import Observation
import Packets
import Ports
import TableCompiler
import Tables
import Wire

/// One of two edges between a subscriber's host and a server's: a TUN to the host, a wire to the other edge.
final class Edge {
    static let subscriber = "10.1.0.5"
    static let server = "198.51.100.10"
    /// The longest packet of the hosts: with Ethernet, labels or an outer header it stays below 1,500 bytes.
    private static let hostMTU = 1400

    let host: TUNPort
    let wire: any PacketPort
    let worker: Worker
    /// Keeps what is published.
    private let tables: ForwardingTables

    /// - Parameter isServers: whether it is edge B, the server's.
    /// - Parameter host: opened in the host's namespace by `openHost`.
    /// - Parameter wire: makes the port of this address.
    init(_ measured: Case, isServers: Bool, host: TUNPort, wire: (MACAddress) throws -> any PacketPort) throws
    {
        let exchange = try ExchangeFile.parse(
            text: Self.exchange(measured, isServers), fileName: "the benchmark's exchange")
        let compiled = CompiledExchange(exchange, .offline(exchange))
        tables = try compiled.makeTables()
        self.host = host
        self.wire = try wire(Self.mac(isServers))
        worker = Worker(
            Publication(tables: tables.publication, ports: [host, self.wire]), neighbourSeed: 1,
            observer: WorkerObserver())
        tables.settle()
    }

    static func mac(_ isServers: Bool) -> MACAddress {
        MACAddress(rawValue: 0x02_0000_0000_01 + (isServers ? 1 : 0))
    }

    /// The TUN by which a host reaches the other one, in the calling thread's namespace.
    static func openHost(isServers: Bool) throws -> TUNPort {
        let (own, other) = isServers ? (server, subscriber) : (subscriber, server)
        guard let address = InterfaceAddress(own), let route = IPPrefix(other) else {
            preconditionFailure("no addresses")
        }
        return try TUNPort(
            .init(name: "host", interface: "wl-host", addresses: [address], routes: [route], mtu: hostMTU))
    }

    /// Serves the host's port, then the wire's, a vector each.
    /// - Returns: whether there was anything.
    func serve() -> Bool {
        let fromHost = worker.serve(PortIndex(rawValue: 0))
        return serveWire() || fromHost > 0
    }

    func serveWire() -> Bool { worker.serve(PortIndex(rawValue: 1)) > 0 }
    func serveHost() -> Bool { worker.serve(PortIndex(rawValue: 0)) > 0 }

    private static func exchange(_ measured: Case, _ isServers: Bool) -> String {
        let (own, other) = isServers ? (2, 1) : (1, 2)
        let tunnel =
            "tunnel: acme-north" + measured.encapsulation.labels(isMirrored: isServers)
        let (access, network) = isServers ? (tunnel, "port: host") : ("port: host", tunnel)
        return """
            ports:
              host:  { tun: wl-host, role: \(isServers ? "network" : "access") }
              core0: { packet: wl-core, role: network, addresses: [10.0.0.\(own)/30], mac: "\(mac(isServers))",
                       neighbours: { 10.0.0.\(other): "\(mac(!isServers))" } }
            lines: { north: { port: core0, nextHop: 10.0.0.\(other) } }
            providers: { acme: {} }
            services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
            tunnels:
              acme-north: { line: north, \(measured.encapsulation.tunnel(isMirrored: isServers)) }
            subscribers:
              alice: { \(isServers ? "" : "port: host, ")addresses: [\(subscriber)] }
            conditions: [{ subscriber: alice, service: video }]
            sessions:
              alice-video: { subscriber: alice, service: video, access: { \(access) }, network: { \(network) } }
            """
    }
}

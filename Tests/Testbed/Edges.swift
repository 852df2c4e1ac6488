public import Exchange
import ExchangeFile
public import TableCompiler
public import Tables
public import Wire

/// Two edges with a core link between them, as exchange files: what leaves one by `core0` arrives at the
/// other's.
///
/// ```
/// alice -- access0 (TUN) --+-----------------+                +---------------+-- server0 (TUN)
///                          | subscriberEdge core0 ======== core0 providerEdge |
/// bob, VLAN 100 - access1 -+-----------------+                +---------------+-- server1
/// ```
public enum Edges {
    public static let subscriberMAC = MACAddress(rawValue: 0x0200_0000_0001)
    /// Of the subscriber edge's core1.
    public static let subscriberMAC1 = MACAddress(rawValue: 0x0200_0000_0011)
    public static let providerMAC = MACAddress(rawValue: 0x0200_0000_0002)
    public static let accessMAC = MACAddress(rawValue: 0x0200_0000_0010)
    public static let bobMAC = MACAddress(rawValue: 0x0200_0000_00b0)
    public static let serverMAC = MACAddress(rawValue: 0x0200_0000_0020)
    public static let server1MAC = MACAddress(rawValue: 0x0200_0000_0021)

    /// Where subscribers are. Ports: access0, access1, core0, core1.
    public static let subscriberEdge = """
        ports:
          access0: { tun: wl-access0, role: access, addresses: [10.1.0.1/24, "2001:db8:1::1/64"] }
          access1: { tap: wl-access1, role: access, addresses: [10.2.0.1/24], mac: "02:00:00:00:00:10" }
          core0:   { packet: veth-core, role: network, addresses: [10.0.0.1/30, "2001:db8:ff::1/64"],
                     mac: "02:00:00:00:00:01", neighbours: { 10.0.0.2: "02:00:00:00:00:02" } }
          core1:   { packet: veth-west, role: network, addresses: [10.0.1.1/24], mac: "02:00:00:00:00:11" }
        lines:
          north: { port: core0, nextHop: 10.0.0.2 }
          slow:  { port: core0, nextHop: 10.0.0.2, mtu: 1320 }
        \(services)
        tunnels:
          acme-north: { line: north, mpls: { send: 16001, receive: 17001 } }
          acme-pipe:  { line: north, mpls: { send: 16002, php: true, ttl: pipe, trafficClass: 5 } }
          beta-west:  { line: slow, ipip: { local: 10.0.0.1, remote: 10.0.0.2 } }
        subscribers:
          alice: { port: access0, addresses: [10.1.0.5, "2001:db8:1:5::/64"] }
          bob:   { port: access1, addresses: [10.2.0.5], vlan: 100, nextHop: 10.2.0.5 }
        conditions:
          - { subscriber: alice, service: acme-video,
              allow: [{ protocol: udp, ports: [5000-5100] }, { protocol: icmp }] }
          - { subscriber: alice, service: beta-music }
          - { subscriber: alice, service: gamma-news }
          - { subscriber: bob, service: acme-video }
        sessions:
          alice-video: { subscriber: alice, service: acme-video, access: { port: access0 },
                         network: { tunnel: acme-north, send: 100042, receive: 200042 } }
          alice-music: { subscriber: alice, service: beta-music, access: { port: access0 },
                         network: { tunnel: beta-west } }
          bob-video:   { subscriber: bob, service: acme-video, access: { port: access1 },
                         network: { tunnel: acme-pipe, send: 100043, receive: 200043 } }
          alice-news:  { subscriber: alice, service: gamma-news, access: { port: access0 },
                         network: { port: core1 } }
        labels:
          - { in: 18000, swap: 18001, via: north }
          - { in: 18002, swap: [18003, 18004], via: north }
          - { in: 18005, pop: true, via: north }
          - { in: 18006, swap: 18007, via: { tunnel: acme-north } }
          - { in: 18008, pop: true, via: { tunnel: acme-north } }

        """

    /// Where the services are. Ports: server0, server1, core0.
    public static let providerEdge = """
        ports:
          server0: { tun: wl-server0, role: network }
          server1: { packet: veth-server, role: network, addresses: [192.0.2.1/24], mac: "02:00:00:00:00:20",
                     neighbours: { 192.0.2.9: "02:00:00:00:00:21" } }
          core0:   { packet: veth-core, role: network, addresses: [10.0.0.2/30], mac: "02:00:00:00:00:02",
                     neighbours: { 10.0.0.1: "02:00:00:00:00:01" } }
        lines:
          south: { port: core0, nextHop: 10.0.0.1 }
          slow:  { port: core0, nextHop: 10.0.0.1, mtu: 1320 }
        \(services)
        tunnels:
          acme-south: { line: south, mpls: { send: 17001, receive: 16001 } }
          acme-pipe:  { line: south, mpls: { receive: 16002, null: implicit, ttl: pipe, trafficClass: 5 } }
          beta-south: { line: slow, ipip: { local: 10.0.0.2, remote: 10.0.0.1 } }
        subscribers:
          alice: { addresses: [10.1.0.5, "2001:db8:1:5::/64"] }
          bob:   { addresses: [10.2.0.5] }
        conditions:
          - { subscriber: alice, service: acme-video }
          - { subscriber: alice, service: beta-music }
          - { subscriber: bob, service: acme-video }
        sessions:
          alice-video: { subscriber: alice, service: acme-video, network: { port: server0 },
                         access: { tunnel: acme-south, send: 200042, receive: 100042 } }
          alice-music: { subscriber: alice, service: beta-music, network: { port: server0 },
                         access: { tunnel: beta-south } }
          bob-video:   { subscriber: bob, service: acme-video, network: { port: server1, nextHop: 192.0.2.9 },
                         access: { tunnel: acme-pipe, send: 200043, receive: 100043 } }

        """

    private static let services = """
        providers: { acme: { name: Acme Media }, beta: { name: Beta Music } }
        services:
          acme-video: { provider: acme, prefixes: [198.51.100.0/24, "2001:db8:a::/48"] }
          beta-music: { provider: beta, prefixes: [203.0.113.0/24, "2001:db8:b::/48"] }
          gamma-news: { provider: beta, prefixes: [10.0.1.128/25] }
        """

    /// A good exchange file's content; a bad one is the test's fault.
    public static func describe(_ text: String) -> ExchangeDescription {
        do throws(ExchangeFileError) {
            return try ExchangeFile.parse(text: text, fileName: "test.yaml")
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The tables of a good exchange file, with the facts of a run without interfaces.
    public static func compile(_ text: String) -> CompiledExchange { compile(describe(text)) }

    public static func compile(_ exchange: ExchangeDescription) -> CompiledExchange {
        CompiledExchange(exchange, .offline(exchange))
    }

    /// The published tables of a compiled exchange that is good.
    public static func tables(_ compiled: CompiledExchange) -> ForwardingTables {
        do throws(TableError) { return try compiled.makeTables() } catch { preconditionFailure("\(error)") }
    }
}

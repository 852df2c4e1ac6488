import Exchange
import TableCompiler
import Tables
import Testbed
import Testing
import Wire

@Suite("From an exchange to tables") struct CompilerTests {
    let compiled = Edges.compile(Edges.subscriberEdge)

    @Test("PX-6 objects keep the places they have in the file")
    func places() {
        #expect(compiled.ports.map(\.port.name) == ["access0", "access1", "core0", "core1"])
        #expect(compiled.sessions == ["alice-video", "alice-music", "bob-video", "alice-news"])
        #expect(compiled.tunnels == ["acme-north", "acme-pipe", "beta-west"])
        #expect(compiled.subscribers == ["alice", "bob"])
        #expect(compiled.services == ["acme-video", "beta-music", "gamma-news"])
        #expect(compiled.contents.ports.map(\.isEthernet) == [false, true, true, true])
        #expect(compiled.contents.ports.map(\.role) == [.access, .access, .network, .network])
        #expect(compiled.contents.localAddresses.map(\.port) == [0, 0, 1, 2, 2, 3])
    }

    @Test("PX-4 subscribers belong to a port and its VLANs, and each session is one admission")
    func admissions() {
        let contents = compiled.contents
        #expect(contents.subscribers.map(\.tags) == [0, 100])
        #expect([0, 1].map { contents.subscribers[0].isOn(port: $0) } == [true, false])
        #expect([0, 1].map { contents.subscribers[1].isOn(port: $0) } == [false, true])
        #expect(contents.admissions.map(\.subscriber.rawValue) == [0, 0, 1, 0])
        #expect(contents.admissions.map(\.service.rawValue) == [0, 1, 0, 2])
        #expect(contents.admissions.map(\.session.rawValue) == [0, 1, 2, 3])
        #expect(contents.conversions.count == 8)
    }

    @Test("Legs by one next hop share one adjacency, and static neighbours are known from the start")
    func adjacencies() throws {
        let contents = compiled.contents
        let north = try #require(contents.adjacencies.filter { $0.port == 2 }.first)
        #expect(contents.adjacencies.count { $0.port == 2 } == 1)
        #expect(north.state == .resolved)
        #expect(north.destination == Edges.providerMAC)
        #expect(north.source == Edges.subscriberMAC)
        let towardsNorth = [0, 2, 4].map { contents.conversions[$0].adjacency }
        #expect(Set(towardsNorth + contents.nhlfes.map(\.adjacency)).count == 1)

        let bob = try #require(contents.adjacencies.first { $0.port == 1 })
        #expect((bob.state, bob.tags) == (.incomplete, [100]))
        let tun = try #require(contents.adjacencies.first { $0.port == 0 })
        #expect((tun.state, tun.headerByteCount) == (.direct, 0))
        let news = try #require(contents.adjacencies.first { $0.port == 3 })
        #expect((news.state, news.nextHop) == (.onLink, nil))
    }

    @Test("On a link without one next hop, static neighbours stand in the neighbour table")
    func neighboursOnLink() {
        let text = Edges.subscriberEdge.replacing(
            "mac: \"02:00:00:00:00:11\"", with: "neighbours: { 10.0.1.130: \"02:00:00:00:00:77\" }")
        let contents = Edges.compile(text).contents
        #expect(contents.neighbours.map(\.address) == [.v4(IPv4Address(rawValue: 0x0a00_0182))])
        #expect(contents.neighbours.map(\.mac) == [MACAddress(rawValue: 0x0200_0000_0077)])
        #expect(contents.neighbours.map { contents.adjacencies[Int($0.onLink.rawValue)].state } == [.onLink])
    }

    @Test("CD-7 transit labels: replaced, stacked, popped, and under a tunnel's path label")
    func transitLabels() {
        let nhlfes = compiled.contents.nhlfes
        let stacks = nhlfes.map { nhlfe in
            (0..<Int(nhlfe.labelCount)).reversed().map { nhlfe.label(fromBottom: $0) }
        }
        #expect(stacks == [[18001], [18003, 18004], [], [16001, 18007], [16001]])
        #expect(nhlfes.map(\.pops) == [false, false, true, false, true])
        #expect(nhlfes.map(\.mtu) == [1500, 1500, 1500, 1500, 1500])
        let labels = compiled.contents.incomingLabels.map(\.label.rawValue)
        #expect(labels == [17001, 18000, 18002, 18005, 18006, 18008])
        #expect(compiled.labelBindings.map(\.in.rawValue) == [18000, 18002, 18005, 18006, 18008])
    }

    @Test("CD-1 a TUN's MTU is the smallest path MTU behind it, less what is put before a packet")
    func tunMTU() {
        #expect(compiled.ports.map(\.mtu) == [1300, nil, nil, nil])
        let wide = Edges.subscriberEdge.replacing("mtu: 1320", with: "mtu: 9000")
        #expect(Edges.compile(wide).ports[0].mtu == 1492)
        let stated = Edges.subscriberEdge.replacing("wl-access0,", with: "wl-access0, mtu: 1280,")
        #expect(Edges.compile(stated).ports[0].mtu == 1280)
        let idle = "ports: { access0: { tun: a0, role: access } }\n"
        #expect(Edges.compile(idle).ports[0].mtu == Line.defaultMTU)
    }

    @Test(
        "CD-1 routes into a TUN: services by an access port, subscribers by a network port, or the file's"
    )
    func routes() {
        let services = [
            "198.51.100.0/24", "2001:db8:a::/48", "203.0.113.0/24", "2001:db8:b::/48", "10.0.1.128/25",
        ]
        #expect(compiled.ports[0].routes.map(\.description) == services)
        #expect(compiled.ports[2].routes.isEmpty)
        let provider = Edges.compile(Edges.providerEdge)
        let subscribers = ["10.1.0.5/32", "2001:db8:1:5::/64", "10.2.0.5/32"]
        #expect(provider.ports[0].routes.map(\.description) == subscribers)
        let stated = Edges.subscriberEdge.replacing(
            "wl-access0,", with: "wl-access0, routes: [192.0.2.0/24],")
        #expect(Edges.compile(stated).ports[0].routes.map(\.description) == ["192.0.2.0/24"])
    }

    @Test("PX-4 conditions are joined: ports become rules, icmp means both, one without `allow` admits all")
    func rules() {
        let text = Edges.subscriberEdge.replacing(
            "conditions:\n",
            with: """
                conditions:
                  - { subscriber: alice, service: acme-video, allow: [{ protocol: tcp, ports: [80, 443] }] }
                  - { subscriber: bob, service: acme-video, allow: [{ protocol: 47 }] }

                """)
        let contents = Edges.compile(text).contents
        let udp = Tables.Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: 5000...5100)
        let web = [80...80, 443...443].map { Tables.Rule(ipv4Protocol: .tcp, ipv6Protocol: .tcp, ports: $0) }
        let icmp = Tables.Rule(ipv4Protocol: .icmp, ipv6Protocol: .icmpv6)
        for conversion in contents.conversions.prefix(2) {
            let range = conversion.firstRule..<conversion.firstRule + conversion.ruleCount
            #expect(Array(contents.rules[range]) == web + [udp, icmp])
        }
        // Bob's other condition is without limits.
        #expect(contents.conversions[4].ruleCount == 0)
        #expect(contents.conversions[2].ruleCount == 0)
    }

    @Test(
        "The same exchange gives the same tables, index for index",
        arguments: [Edges.subscriberEdge, Edges.providerEdge])
    func isDeterministic(_ text: String) {
        // Two dictionaries with the same content iterate differently even in one process.
        let first = String(reflecting: Edges.compile(text))
        for _ in 0..<5 { #expect(String(reflecting: Edges.compile(text)) == first) }
        #expect(first.contains("alice-video"))
    }

    @Test("Facts from the interfaces: a MAC address that isn't known yet is zero, an MTU bounds plain legs")
    func facts() throws {
        let exchange = Edges.describe(Edges.providerEdge)
        let facts = PortFacts(macAddresses: [nil, nil, nil], mtus: [1400, 9000, nil])
        let contents = try CompiledExchange(exchange, facts).contents
        #expect(contents.ports.allSatisfy { $0.macAddress == MACAddress(rawValue: 0) })
        #expect([0, 2, 4].map { contents.conversions[$0].maximumInnerByteCount } == [1400, 1400, 9000])
    }

    @Test("Without interfaces, a port without `mac` has one from its place in the file")
    func offlineFacts() {
        let exchange = Edges.describe(Edges.providerEdge.replacing("mac: \"02:00:00:00:00:20\",", with: ""))
        let macs = PortFacts.offline(exchange).macAddresses.map { $0?.description }
        #expect(macs == ["02:57:4c:00:00:01", "02:57:4c:00:00:02", "02:00:00:00:00:02"])
    }
}

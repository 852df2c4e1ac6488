import Exchange
import TableCompiler
import Tables
import Testbed
import Testing
import Wire

@Suite("From an exchange to tables") struct CompilerTests {
    let compiled = Edges.compile(Edges.subscriberEdge)

    @Test("PX-6 objects have the slots of the places that they have in the file")
    func places() {
        #expect(compiled.ports.map(\.name) == ["access0", "access1", "core0", "core1"])
        #expect(compiled.ports.map(\.slot) == [0, 1, 2, 3])
        #expect(compiled.sessions == ["alice-video", "alice-music", "bob-video", "alice-news"])
        #expect(compiled.tunnels == ["acme-north", "acme-pipe", "beta-west"])
        #expect(compiled.subscribers == ["alice", "bob"])
        #expect(compiled.services == ["acme-video", "beta-music", "gamma-news"])
        #expect(compiled.ports.map(\.isEthernet) == [false, true, true, true])
        #expect(compiled.ports.map(\.role) == [.access, .access, .network, .network])
        let tables = Edges.tables(compiled).publication
        #expect(tables.localAddresses.map(\.port) == [0, 0, 1, 2, 2, 3])
    }

    @Test("PX-4 subscribers belong to a port and its VLANs, and each session is one admission")
    func admissions() {
        let subscribers = compiled.transaction.changes.compactMap { change in
            if case .set(.subscriber(let subscriber)) = change { subscriber } else { nil }
        }
        #expect(subscribers.map(\.tags) == [[], [100]])
        #expect(subscribers.map(\.port) == [0, 1])
        let sessions = compiled.sessionObjects
        #expect(sessions.map(\.subscriber.rawValue) == [0, 0, 1, 0])
        #expect(sessions.map(\.service.rawValue) == [0, 1, 0, 2])
        #expect(sessions.map(\.slot.rawValue) == [0, 1, 2, 3])
        let tables = Edges.tables(compiled)
        for session in sessions {
            let found = tables.publication.view.admission(session.subscriber, session.service)
            #expect(found == .session(session.slot))
        }
        withExtendedLifetime(tables) {}
    }

    @Test("Legs by one next hop share one adjacency, and static neighbours are known from the start")
    func adjacencies() throws {
        let tables = Edges.tables(compiled).publication
        let adjacencies = tables.addedAdjacencies.map { tables.adjacencies[Int($0.rawValue)] }
        let north = try #require(adjacencies.filter { $0.port == 2 }.first)
        #expect(adjacencies.count { $0.port == 2 } == 1)
        #expect(north.state == .resolved)
        #expect(north.destination == Edges.providerMAC)
        #expect(north.source == Edges.subscriberMAC)
        let towardsNorth = [0, 2, 4].map {
            tables.view.conversion(ConversionIndex(rawValue: $0)).pointee.adjacency
        }
        let transit = compiled.labelObjects.keys.map {
            tables.view.nhlfe(NHLFEIndex(rawValue: $0.rawValue)).pointee.adjacency
        }
        #expect(Set(towardsNorth + transit).count == 1)

        let bob = try #require(adjacencies.first { $0.port == 1 })
        #expect((bob.state, bob.tags) == (.incomplete, [100]))
        let tun = try #require(adjacencies.first { $0.port == 0 })
        #expect((tun.state, tun.headerByteCount) == (.direct, 0))
        let news = try #require(adjacencies.first { $0.port == 3 })
        #expect((news.state, news.nextHop) == (.onLink, nil))
    }

    @Test("Static neighbours stand in the port's object, for links without one next hop")
    func neighboursOnLink() {
        let text = Edges.subscriberEdge.replacing(
            "mac: \"02:00:00:00:00:11\"", with: "neighbours: { 10.0.1.130: \"02:00:00:00:00:77\" }")
        let compiled = Edges.compile(text)
        let neighbour = StaticNeighbour(
            address: .v4(IPv4Address(rawValue: 0x0a00_0182)), mac: MACAddress(rawValue: 0x0200_0000_0077))
        #expect(compiled.ports[3].neighbours == [neighbour])
        #expect(
            Edges.tables(compiled).publication.ports[3]?.neighbours == [neighbour.address: neighbour.mac])
    }

    @Test("CD-7 transit labels: replaced, stacked, popped, and under a tunnel's path label")
    func transitLabels() {
        let labels = compiled.labelObjects.values.sorted { $0.label < $1.label }
        #expect(labels.map(\.label.rawValue) == [18000, 18002, 18005, 18006, 18008])
        #expect(
            labels.map { $0.labels.map(\.rawValue) } == [
                [18001], [18003, 18004], [], [16001, 18007], [16001],
            ])
        #expect(labels.map(\.pops) == [false, false, true, false, true])
        #expect(labels.map(\.mtu) == [1500, 1500, 1500, 1500, 1500])
    }

    @Test("CD-1 a TUN's MTU is the smallest path MTU behind it, less what is put before a packet")
    func tunMTU() {
        #expect(compiled.ports.map(\.mtu) == [1300, nil, nil, nil])
        let wide = Edges.subscriberEdge.replacing("mtu: 1320", with: "mtu: 9000")
        #expect(Edges.compile(wide).ports[0].mtu == 1492)
        let stated = Edges.subscriberEdge.replacing("wl-access0,", with: "wl-access0, mtu: 1280,")
        #expect(Edges.compile(stated).ports[0].mtu == 1280)
        let idle = "ports: { access0: { tun: a0, role: access } }\n"
        #expect(Edges.compile(idle).ports[0].mtu == UInt16(Line.defaultMTU))
    }

    @Test(
        "CD-1 routes into a TUN: services by an access port, subscribers by a network port, or the file's"
    )
    func routes() {
        func routes(_ text: String, _ slot: UInt16) -> [String] {
            Edges.tables(Edges.compile(text)).routes(for: slot).map(\.description)
        }
        let services = [
            "198.51.100.0/24", "2001:db8:a::/48", "203.0.113.0/24", "2001:db8:b::/48", "10.0.1.128/25",
        ]
        #expect(routes(Edges.subscriberEdge, 0) == services)
        #expect(routes(Edges.subscriberEdge, 2).isEmpty)
        #expect(routes(Edges.providerEdge, 0) == ["10.1.0.5/32", "2001:db8:1:5::/64", "10.2.0.5/32"])
        let stated = Edges.subscriberEdge.replacing(
            "wl-access0,", with: "wl-access0, routes: [192.0.2.0/24],")
        #expect(routes(stated, 0) == ["192.0.2.0/24"])
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
        let sessions = Edges.compile(text).sessionObjects
        let udp = Tables.Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: 5000...5100)
        let web = [80...80, 443...443].map { Tables.Rule(ipv4Protocol: .tcp, ipv6Protocol: .tcp, ports: $0) }
        let icmp = Tables.Rule(ipv4Protocol: .icmp, ipv6Protocol: .icmpv6)
        #expect(sessions[0].rules == web + [udp, icmp])
        // Bob's other condition is without limits.
        #expect(sessions[2].rules.isEmpty)
        #expect(sessions[1].rules.isEmpty)
    }

    @Test(
        "The same exchange gives the same transaction, object for object",
        arguments: [Edges.subscriberEdge, Edges.providerEdge])
    func isDeterministic(_ text: String) {
        // Two dictionaries with the same content iterate differently even in one process.
        let first = Edges.compile(text).transaction
        for _ in 0..<5 { #expect(Edges.compile(text).transaction.encoded == first.encoded) }
        #expect(first.changes.count > 10 && first.isReset)
    }

    @Test("A slot without an object is removed from the tables, whatever it is a slot of")
    func freeSlots() {
        let state = State()
        let slots: [StateSlot] = [
            .port(7), .tunnel(7), .subscriber(7), .service(7), .leg(7), .group(7),
            .label(Label(unchecked: 70)),
        ]
        let keys: [TableKey] = [
            .port(7), .tunnel(TunnelIndex(rawValue: 7)), .subscriber(SubscriberIndex(rawValue: 7)),
            .service(ServiceIndex(rawValue: 7)), .session(SessionIndex(rawValue: 7)),
            .group(SessionIndex(rawValue: 7)), .label(Label(unchecked: 70)),
        ]
        #expect(slots.map { TableCompiler.change($0, in: state) } == keys.map { .remove($0) })
    }

    @Test("One slot at a time comes to the same as everything at once")
    func slotBySlot() {
        let state = compiled.state
        var slots: [StateSlot] = []
        for (slot, _) in state.ports.all { slots.append(.port(slot)) }
        for (slot, _) in state.tunnels.all { slots.append(.tunnel(slot)) }
        for (slot, _) in state.subscribers.all { slots.append(.subscriber(slot)) }
        for (slot, _) in state.services.all { slots.append(.service(slot)) }
        for slot in compiled.sessions.indices { slots.append(.leg(slot)) }
        for (_, entry) in state.labels.all { slots.append(.label(entry.key)) }
        #expect(slots.map { TableCompiler.change($0, in: state) } == compiled.transaction.changes)
    }

    @Test("Facts from the interfaces: a MAC address that isn't known yet is zero, an MTU bounds plain legs")
    func facts() throws {
        let exchange = Edges.describe(Edges.providerEdge.replacing("mac: \"02:00:00:00:00:20\",", with: ""))
        let facts = PortFacts(macAddresses: [nil, nil, nil], mtus: [nil, 9000, nil])
        let tables = try CompiledExchange(exchange, facts).makeTables().publication
        #expect(tables.view.port(1).macAddress == MACAddress(rawValue: 0))
        let limits = [0, 2, 4].map {
            tables.view.conversion(ConversionIndex(rawValue: $0)).pointee.maximumInnerByteCount
        }
        #expect(limits == [65_535, 65_535, 9000])
    }

    @Test("Without interfaces, a port without `mac` has one from its place in the file")
    func offlineFacts() {
        let exchange = Edges.describe(Edges.providerEdge.replacing("mac: \"02:00:00:00:00:20\",", with: ""))
        let macs = PortFacts.offline(exchange).macAddresses.map { $0?.description }
        #expect(macs == ["02:57:4c:00:00:01", "02:57:4c:00:00:02", "02:00:00:00:00:02"])
    }
}

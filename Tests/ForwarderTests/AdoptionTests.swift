import Forwarder
import Packets
import Ports
import Tables
import Testbed
import Testing
import Wire

@Suite("Tables that change under a worker") struct AdoptionTests {
    let node = Node()
    private let video = Datagram.udp("10.1.0.5", "198.51.100.7").bytes

    private func stage(_ changes: [Transaction.Change]) throws {
        try node.tables.stage(Transaction(number: node.tables.number + 1, changes: changes))
    }

    private func object(_ key: TableKey) throws -> TableObject {
        let objects = node.tables.contents.changes.compactMap { change in
            if case .set(let object) = change, object.key == key { object } else { nil }
        }
        return try #require(objects.first)
    }

    @Test("CD-7 a session that is taken out is refused from the next vector on, and back when it is back")
    func session() throws {
        let key = TableKey.session(SessionIndex(rawValue: 0))
        let session = try object(key)
        #expect(node.pass([video], "access0", to: "core0").count == 1)
        try stage([.remove(key)])
        #expect(node.pass([video], "access0", to: "core0").count == 1)
        node.publish()
        #expect(node.pass([video], "access0", to: "core0").isEmpty)
        #expect(node.dropCount(.notAdmitted) == 1)
        try stage([.set(session)])
        node.publish()
        #expect(node.pass([video], "access0", to: "core0").count == 1)
        #expect(node.report.balances)
    }

    @Test("Packets for a port that isn't there are dropped as for one that is down, and it gives none")
    func absentPort() {
        let ports: [(any PacketPort)?] = [node["access0"], node["access1"], nil, node["core1"]]
        node.worker.adopt(Publication(tables: node.tables.publish(), ports: ports))
        while !node.worker.isAdopted { node.worker.adoptSome() }
        #expect(node.pass([video], "access0", to: "core0").isEmpty)
        #expect(node.dropCount(.portDown) == 1)
        #expect(node.worker.serve(PortIndex(rawValue: 2)) == 0)
        #expect(node.worker.serve(PortIndex(rawValue: 200)) == 0)
        #expect(node.report.balances)
    }

    @Test("Many new next hops are taken in step by step, while packets go by the tables before")
    func steps() throws {
        let count: UInt32 = 2000
        var changes: [Transaction.Change] = (0..<count).map { place in
            let hop = NextHop(port: 3, tags: [7], address: .v4(IPv4Address(rawValue: 0x0a63_0000 + place)))
            return .set(
                .label(
                    LabelObject(
                        label: Label(unchecked: 50_000 + place), labels: [], pops: true, nextHop: hop,
                        mtu: 1500)))
        }
        changes.append(.remove(.session(SessionIndex(rawValue: 0))))
        try stage(changes)
        node.worker.adopt(Publication(tables: node.tables.publish(), ports: node.ports))
        var rounds = 0
        var sent = 0
        while !node.worker.isAdopted {
            sent += node.pass([video], "access0", to: "core0").count
            node.worker.adoptSome()
            rounds += 1
            try #require(rounds < 100)
        }
        #expect(rounds >= 8)
        // All of the new before any packet is held against it.
        #expect(sent >= 7 && sent < rounds + 1)
        #expect(node.pass([video], "access0", to: "core0").isEmpty)
        node.tables.settle()
    }

    @Test("What an interrupted link had taught is forgotten step by step, and what another's had stays")
    func forgetting() throws {
        let news = Station.arp(
            .request, from: "10.0.1.130", at: Station.newsMAC, for: "10.0.1.1", to: .broadcast)
        node.pass([news], "core1", to: "core1")
        try stage(
            (0..<4000 as Range<UInt32>).map { place in
                let hop = NextHop(
                    port: 3, tags: [7], address: .v4(IPv4Address(rawValue: 0x0a63_0000 + place)))
                return .set(
                    .label(
                        LabelObject(
                            label: Label(unchecked: 50_000 + place), labels: [], pops: true, nextHop: hop,
                            mtu: 1500)))
            })
        node.publish()
        func etherType() throws -> EtherType {
            try firstFrame(
                node.pass([Station.news("10.0.1.130")], "access0", to: "core1", at: 9_000_000_000)
            ).etherType
        }
        func forget(_ port: UInt16) -> Int {
            node.worker.forgetNeighbours(PortIndex(rawValue: port))
            var rounds = 0
            while node.worker.isForgetting {
                node.worker.forgetSome()
                rounds += 1
            }
            return rounds
        }
        #expect(forget(2) == 4)
        #expect(try etherType() == .ipv4)
        #expect(forget(3) == 4)
        #expect(try etherType() == .arp)
    }

    @Test("However many ports change, the next hops are gone through once") func onePass() throws {
        let hops: [Transaction.Change] = (0..<4000 as Range<UInt32>).map { place in
            let hop = NextHop(port: 3, tags: [7], address: .v4(IPv4Address(rawValue: 0x0a63_0000 + place)))
            return .set(
                .label(
                    LabelObject(
                        label: Label(unchecked: 50_000 + place), labels: [], pops: true, nextHop: hop,
                        mtu: 1500)))
        }
        try stage(hops)
        node.publish()
        try stage(
            (0..<4 as Range<UInt16>).map { slot in
                guard case .port(var port) = try object(.port(slot)) else { preconditionFailure("no port") }
                port.name += "x"
                return .set(.port(port))
            })
        node.worker.adopt(Publication(tables: node.tables.publish(), ports: node.ports))
        var rounds = 0
        while !node.worker.isAdopted {
            node.worker.adoptSome()
            rounds += 1
        }
        #expect((16...24).contains(rounds))
        node.tables.settle()
    }

    @Test("What was learned outlives a publication, but not the link that it was learned on")
    func learned() throws {
        let news = Station.arp(
            .request, from: "10.0.1.130", at: Station.newsMAC, for: "10.0.1.1", to: .broadcast)
        node.pass([news], "core1", to: "core1")
        func etherType() throws -> EtherType {
            try firstFrame(
                node.pass([Station.news("10.0.1.130")], "access0", to: "core1", at: 9_000_000_000)
            ).etherType
        }
        #expect(try etherType() == .ipv4)
        try stage([.remove(.label(Label(unchecked: 18000)))])
        node.publish()
        #expect(try etherType() == .ipv4)
        // The only session by this link.
        let key = TableKey.session(SessionIndex(rawValue: 3))
        let session = try object(key)
        try stage([.remove(key)])
        node.publish()
        try stage([.set(session)])
        node.publish()
        #expect(try etherType() == .arp)
    }

    @Test("A neighbour that is stated, changed or no longer stated is believed from the next publication on")
    func statedNeighbours() throws {
        guard case .port(var port) = try object(.port(3)) else { return }
        let address = IPAddress.v4(IPv4Address(rawValue: 0x0a00_0182))
        func frame() throws -> Frame {
            try firstFrame(
                node.pass([Station.news("10.0.1.130")], "access0", to: "core1", at: 9_000_000_000))
        }
        for mac in [Station.newsMAC, Station.evilMAC] {
            port.neighbours = [StaticNeighbour(address: address, mac: mac)]
            try stage([.set(.port(port))])
            node.publish()
            #expect(try frame().destination == mac)
        }
        port.neighbours = []
        try stage([.set(.port(port))])
        node.publish()
        #expect(try frame().etherType == .arp)

        guard case .port(var core0) = try object(.port(2)) else { return }
        core0.neighbours = []
        try stage([.set(.port(core0))])
        node.publish()
        #expect(try firstFrame(node.pass([video], "access0", to: "core0")).etherType == .arp)
    }
}

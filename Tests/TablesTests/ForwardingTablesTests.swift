import Tables
import Testbed
import Testing
import Wire

@Suite("Tables that change") struct ForwardingTablesTests {
    private func survey(_ tables: TablesPublication, _ model: TableModel) -> LookupSurvey {
        var survey = LookupSurvey(tables)
        survey.add(tables, model)
        return survey
    }

    /// Tables made at once of all that the model holds.
    private func fresh(_ model: TableModel, _ facts: [UInt16: (MACAddress, UInt16)]) throws
        -> ForwardingTables
    {
        let tables = ForwardingTables()
        for (slot, (mac, mtu)) in facts where model.objects[.port(slot)] != nil {
            tables.portFacts(slot, mac: mac, mtu: mtu)
        }
        try tables.stage(
            Transaction(number: 1, isReset: true, changes: model.objects.values.map { .set($0) }))
        _ = tables.publish()
        return tables
    }

    @Test(
        "After any transactions both sides answer as tables made anew; a refused one changes nothing",
        arguments: SeededGenerator.seeds)
    func randomTransactions(seed: UInt64) throws {
        var objects = RandomObjects(seed: seed)
        let tables = ForwardingTables()
        var model = TableModel()
        var facts: [UInt16: (MACAddress, UInt16)] = [:]
        var (taken, refused, grouped) = (0, 0, 0)
        for number in 1...2500 as ClosedRange<UInt64> {
            let isReset = objects.generator.once(in: 40)
            var changes: [Transaction.Change] = []
            if isReset {
                // Most of what there is, some of it changed.
                for key in model.objects.keys.sorted(by: { "\($0)" < "\($1)" })
                where !objects.generator.once(in: 10) {
                    let object = objects.generator.once(in: 10) ? objects.object(key) : model.objects[key]!
                    changes.append(.set(object))
                }
            } else {
                // Growing at first by one at a time, as most sets of random objects can't stand side by side.
                let count = objects.generator.once(in: 4) ? objects.generator.number(2...5) : 1
                changes = (0..<count).map { _ in objects.change() }
            }
            let transaction = Transaction(number: number, isReset: isReset, changes: changes)
            let next = model.applying(transaction)
            if objects.generator.once(in: 20) {
                let slot = UInt16(objects.generator.number(0...RandomObjects.portCount - 1))
                if model.objects[.port(slot)] != nil {
                    let fact = (
                        MACAddress(rawValue: objects.generator.next()),
                        UInt16(objects.generator.number(1300...1500))
                    )
                    tables.portFacts(slot, mac: fact.0, mtu: fact.1)
                    facts[slot] = fact
                }
            }
            do throws(TableError) {
                let staged = try tables.stage(transaction)
                taken += 1
                let accepted = try! #require(next)
                #expect(accepted.isSound, "\(transaction)")
                #expect(staged.number == number)
                #expect(
                    staged.set + staged.untouched
                        == changes.count { if case .set = $0 { true } else { false } })
                #expect(
                    model.objects.count + added(model, accepted) - staged.removed == accepted.objects.count)
                model = accepted
                grouped += model.objects.keys.count { if case .group = $0 { true } else { false } }
            } catch {
                refused += 1
                #expect(next?.isSound != true, "\(error): \(transaction)")
                #expect(!error.what.isEmpty)
            }
            facts = facts.filter { model.objects[.port($0.key)] != nil }
            #expect(tables.tableHash == model.objects.values.reduce(0) { $0 &+ $1.hash })
            // Several transactions may be staged before one publication.
            guard objects.generator.once(in: 8) else { continue }
            let expected = survey(try fresh(model, facts).publication, model)
            for _ in 0..<2 {
                let found = survey(carryOver(tables.publish(), facts), model)
                let isEqual = found == expected
                try #require(isEqual, "\(found.difference(expected))")
                tables.settle()
            }
        }
        #expect(taken > 300 && refused > 300, "\(taken) taken, \(refused) refused")
        #expect(grouped > 20, "a path group stood after \(grouped) transactions")
        #expect(Set(tables.contents.changes.map(\.key)) == Set(model.objects.keys))
    }

    /// Keys of `next` that aren't in `model`.
    private func added(_ model: TableModel, _ next: TableModel) -> Int {
        next.objects.keys.count { model.objects[$0] == nil }
    }

    /// Does what the worker does on taking in a publication: brings adjacencies up to their port's settings.
    private func carryOver(_ tables: TablesPublication, _ facts: [UInt16: (MACAddress, UInt16)])
        -> TablesPublication
    {
        for index in 0..<200 {
            let adjacency = tables.adjacencies[index]
            guard let port = tables.ports[Int(adjacency.port)], adjacency.headerByteCount > 0 else {
                continue
            }
            tables.adjacencies[index].source = port.mac
            guard let address = adjacency.nextHop else { continue }
            if let mac = port.neighbours[address] {
                tables.adjacencies[index].destination = mac
            } else {
                tables.adjacencies[index].forgetDestination()
            }
        }
        return tables
    }

    /// A small set of objects that stand side by side.
    private func sample() -> [TableObject] {
        let port = PortObject(slot: 0, name: "core0", medium: .tap(interface: "c0"), role: .network)
        let tunnel = TunnelObject(
            slot: TunnelIndex(rawValue: 0), port: 0,
            end: .mpls(receive: Label(rawValue: 17001), handsOnTTL: true))
        let prefix = IPPrefix(.v4(IPv4Address(rawValue: 0x0a01_0005)))
        let subscriber = SubscriberObject(
            slot: SubscriberIndex(rawValue: 0), port: 0, tags: [], prefixes: [prefix])
        let service = ServiceObject(
            slot: ServiceIndex(rawValue: 0),
            prefixes: [IPPrefix(covering: .v4(IPv4Address(rawValue: 0xc633_6400)), bitCount: 24)])
        return [
            .port(port), .tunnel(tunnel), .subscriber(subscriber), .service(service),
            .session(session(rules: [.any])),
        ]
    }

    private func session(
        slot: UInt32 = 0, rules: [Rule] = [], nextHop: UInt32 = 1, limit: UInt16? = nil
    ) -> SessionObject {
        let address = IPAddress.v4(IPv4Address(rawValue: 0x0a00_0000 + nextHop))
        return SessionObject(
            slot: SessionIndex(rawValue: slot), session: 1, leg: 1, subscriber: SubscriberIndex(rawValue: 0),
            service: ServiceIndex(rawValue: 0), rules: rules,
            up: SessionWay(
                arrival: Arrival(port: 0), nextHop: NextHop(port: 0, address: address), push: .nothing,
                maximumInnerByteCount: limit),
            down: SessionWay(
                arrival: Arrival(tunnel: TunnelIndex(rawValue: 0)),
                nextHop: NextHop(port: 0, tags: [7], address: nil), push: .nothing,
                maximumInnerByteCount: nil))
    }

    private func tables(_ objects: [TableObject]) throws -> ForwardingTables {
        let tables = ForwardingTables()
        try tables.stage(Transaction(number: 1, changes: objects.map { .set($0) }))
        _ = tables.publish()
        tables.settle()
        return tables
    }

    @Test("A reset to what there is leaves everything alone, and one to something else only touches that")
    func resetIsADifference() throws {
        let objects = sample()
        let tables = try tables(objects)
        let hash = tables.tableHash
        var staged = try tables.stage(
            Transaction(number: 2, isReset: true, changes: objects.map { .set($0) }))
        #expect((staged.set, staged.removed, staged.untouched) == (0, 0, 5))
        #expect(tables.tableHash == hash && tables.number == 2)
        let other = objects.dropLast() + [.session(session(rules: []))]
        staged = try tables.stage(Transaction(number: 3, isReset: true, changes: other.map { .set($0) }))
        #expect((staged.set, staged.removed, staged.untouched) == (1, 0, 4))
        staged = try tables.stage(
            Transaction(number: 4, isReset: true, changes: objects.prefix(4).map { .set($0) }))
        #expect((staged.set, staged.removed, staged.untouched) == (0, 1, 4))
        staged = try tables.stage(Transaction(number: 5, isReset: true, changes: []))
        #expect((staged.set, staged.removed, staged.untouched) == (0, 4, 0))
        #expect(tables.tableHash == 0)
    }

    @Test("What isn't there is removed without complaint, and counts as nothing")
    func removesNothing() throws {
        let tables = ForwardingTables()
        let staged = try tables.stage(
            Transaction(number: 1, changes: [.remove(.label(Label(unchecked: 99))), .remove(.port(3))]))
        #expect((staged.set, staged.removed, staged.untouched) == (0, 0, 0))
        #expect(staged.changedPorts.isEmpty)
    }

    @Test("A published side stays as it was while the other is edited, until it has settled")
    func sidesAreApart() throws {
        let tables = try tables(sample())
        let before = tables.publication
        try tables.stage(
            Transaction(
                number: 2,
                changes: [
                    .remove(.session(SessionIndex(rawValue: 0))), .remove(.tunnel(TunnelIndex(rawValue: 0))),
                    .remove(.service(ServiceIndex(rawValue: 0))),
                    .set(.port(PortObject(slot: 1, name: "n", medium: .tun(interface: "t"), role: .access))),
                ]))
        let after = tables.publish()
        let (subscriber, service) = (SubscriberIndex(rawValue: 0), ServiceIndex(rawValue: 0))
        let destination = IPv4Address(rawValue: 0xc633_6401)
        #expect(before.view.admission(subscriber, service) == .session(SessionIndex(rawValue: 0)))
        #expect(before.view.service(of: destination).isIndex)
        #expect(before.view.treatment(ConversionIndex(rawValue: 0)).pointee.ruleCount == 1)
        guard case .tunnel = before.view.incomingLabel(Label(unchecked: 17001)).action else {
            Issue.record("the path label is gone before its time")
            return
        }
        #expect(after.view.admission(subscriber, service) == .none)
        #expect(after.view.service(of: destination).isNone)
        #expect((after.serial, before.serial) == (2, 1))
        #expect(after.changedPorts == [1])
        #expect(after.retiredAdjacencies.count == 2 && after.addedAdjacencies.isEmpty)
    }

    @Test("Slots, rules and adjacencies that are given up are used again, however often")
    func noLeak() throws {
        let tables = try tables(sample())
        var (highestAdjacency, highestRule) = (0, 0)
        for cycle in 0..<10_000 {
            let rules = (0...cycle % 5).map { count in
                Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: UInt16(cycle)...UInt16(cycle + count))
            }
            let changed = session(rules: rules, nextHop: UInt32(cycle))
            let change: Transaction.Change =
                cycle % 7 == 3 ? .remove(.session(changed.slot)) : .set(.session(changed))
            try tables.stage(Transaction(number: UInt64(cycle), changes: [change]))
            let published = tables.publish()
            let added = published.addedAdjacencies.map { Int($0.rawValue) }
            highestAdjacency = max(highestAdjacency, added.max() ?? 0)
            let treatment = published.view.treatment(ConversionIndex(rawValue: 0)).pointee
            highestRule = max(highestRule, treatment.rules.upperBound)
            tables.settle()
        }
        #expect(highestAdjacency < 6)
        #expect(highestRule < 64)
    }

    @Test("A plain leg without a limit takes the MTU of its port: as stated, as the link has it, or usual")
    func plainMTU() throws {
        let tables = try tables(sample())
        func limits() -> [UInt16] {
            [0, 1].map {
                tables.publication.view.conversion(ConversionIndex(rawValue: $0)).pointee
                    .maximumInnerByteCount
            }
        }
        #expect(limits() == [1500, 1500])
        #expect(tables.portFacts(0, mac: nil, mtu: 9000).changedPorts == [0])
        _ = tables.publish()
        #expect(limits() == [9000, 9000])
        tables.settle()
        #expect(tables.portFacts(0, mac: nil, mtu: 9000).changedPorts.isEmpty)
        var port = PortObject(slot: 0, name: "core0", medium: .tap(interface: "c0"), role: .network)
        port.mtu = 1400
        let limited = session(rules: [.any], limit: 1300)
        try tables.stage(
            Transaction(number: 3, changes: [.set(.port(port)), .set(.session(limited))]))
        _ = tables.publish()
        #expect(limits() == [1300, 1400])
        tables.settle()
        // A link without headers takes anything, and has one next hop.
        port = PortObject(slot: 0, name: "core0", medium: .tun(interface: "c0"), role: .network)
        tables.portFacts(0, mac: nil, mtu: nil)
        try tables.stage(Transaction(number: 4, changes: [.set(.port(port))]))
        #expect(tables.publish().addedAdjacencies.count == 1)
        #expect(limits() == [1300, 65_535])
    }

    @Test("A port that is taken out takes what is known of its interface with it")
    func factsGo() throws {
        let port = PortObject(slot: 9, name: "a", medium: .tap(interface: "a"), role: .access)
        let tables = try tables([.port(port)])
        let mac = MACAddress(rawValue: 0x0200_0000_0001)
        tables.portFacts(9, mac: mac, mtu: 1400)
        let first = tables.publish()
        #expect(first.view.port(9).macAddress == mac && first.ports[9]?.mac == mac)
        tables.settle()
        try tables.stage(Transaction(number: 2, changes: [.remove(.port(9))]))
        try tables.stage(Transaction(number: 3, changes: [.set(.port(port))]))
        #expect(tables.publish().ports[9]?.mac == MACAddress(rawValue: 0))
    }

    @Test("Routes into a TUN follow the services and subscribers, and a change of them is told")
    func routes() throws {
        func tun(_ slot: UInt16, _ routes: PortRoutes) -> TableObject {
            .port(
                PortObject(
                    slot: slot, name: "t\(slot)", medium: .tun(interface: "t"), role: .access, routes: routes)
            )
        }
        let tables = try tables(sample() + [tun(1, .services), tun(2, .subscribers), tun(3, .none)])
        #expect(tables.routes(for: 1).map(\.description) == ["198.51.100.0/24"])
        #expect(tables.routes(for: 2).map(\.description) == ["10.1.0.5/32"])
        #expect(tables.routes(for: 3).isEmpty && tables.routes(for: 4).isEmpty)
        let prefix = IPPrefix(covering: .v4(IPv4Address(rawValue: 0xcb00_7100)), bitCount: 24)
        var staged = try tables.stage(
            Transaction(
                number: 2,
                changes: [.set(.service(ServiceObject(slot: ServiceIndex(rawValue: 4), prefixes: [prefix])))])
        )
        #expect(staged.portsWithChangedRoutes == [1])
        #expect(tables.routes(for: 1).map(\.description) == ["198.51.100.0/24", "203.0.113.0/24"])
        staged = try tables.stage(Transaction(number: 3, changes: [.set(.session(session(limit: 1400)))]))
        #expect(staged.portsWithChangedRoutes.isEmpty)
        staged = try tables.stage(
            Transaction(number: 4, changes: [tun(3, .prefixes([prefix]))].map { .set($0) }))
        #expect(staged.portsWithChangedRoutes == [3] && staged.changedPorts == [3])
        #expect(tables.routes(for: 3) == [prefix])
    }

    /// A change that the sample refuses, and what the refusal says.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let change: Transaction.Change
        let sentence: String
        var testDescription: String { sentence }
    }

    static let refusals: [Refusal] = {
        let label = Label(unchecked: 17001)
        let hop = NextHop(port: 0)
        func transit(_ label: UInt32, _ labels: Int, pops: Bool, _ hop: NextHop) -> Transaction.Change {
            .set(
                .label(
                    LabelObject(
                        label: Label(unchecked: label),
                        labels: Array(repeating: Label(unchecked: 99), count: labels),
                        pops: pops, nextHop: hop, mtu: 1500)))
        }
        func tunnel(_ slot: UInt32, _ end: TunnelObject.End) -> Transaction.Change {
            .set(.tunnel(TunnelObject(slot: TunnelIndex(rawValue: slot), port: 0, end: end)))
        }
        let prefix = IPPrefix(.v4(IPv4Address(rawValue: 0x0a01_0005)))
        return [
            Refusal(
                change: .remove(.port(0)), sentence: "port 0: it can't go: others refer to it (5 references)"),
            Refusal(
                change: .remove(.service(ServiceIndex(rawValue: 0))),
                sentence: "service 0: it can't go: others refer to it (1 references)"),
            Refusal(
                change: .remove(.tunnel(TunnelIndex(rawValue: 65_536))),
                sentence: "tunnel 65536: there are only 65536 slots"),
            Refusal(
                change: tunnel(1, .mpls(receive: label, handsOnTTL: false)),
                sentence: "tunnel 1: label 17001 is taken"),
            Refusal(
                change: transit(17001, 1, pops: false, hop),
                sentence: "label 17001: it is a tunnel's path label"),
            Refusal(
                change: transit(50, 0, pops: false, hop), sentence: "label 50: neither popped nor replaced"),
            Refusal(
                change: transit(50, 9, pops: false, hop),
                sentence: "label 50: 9 labels to send; 8 are possible"),
            Refusal(
                change: transit(50, 1, pops: true, NextHop(port: 5)), sentence: "label 50: there is no port 5"
            ),
            Refusal(
                change: transit(50, 1, pops: true, NextHop(port: 0, tags: [1, 2, 3])),
                sentence: "label 50: 3 VLAN tags; 2 are possible"),
            Refusal(
                change: .set(
                    .subscriber(
                        SubscriberObject(
                            slot: SubscriberIndex(rawValue: 1), port: nil, tags: [], prefixes: [prefix]))),
                sentence: "subscriber 1: 10.1.0.5/32 is another's already"),
        ]
    }()

    @Test("What can't be is refused in a sentence, and nothing has changed", arguments: refusals)
    func refuses(_ refusal: Refusal) throws {
        let tables = try tables(sample())
        let before = tables.contents
        let good = TableObject.service(ServiceObject(slot: ServiceIndex(rawValue: 9), prefixes: []))
        let error = try #require(throws: TableError.self) {
            try tables.stage(Transaction(number: 7, changes: [.set(good), refusal.change]))
        }
        #expect("\(error)" == refusal.sentence)
        #expect(tables.contents == before)
        let published = tables.publish()
        #expect(published.addedAdjacencies.isEmpty && published.retiredAdjacencies.isEmpty)
        #expect(published.number == 1)
    }

    @Test("A transaction that names an object twice is refused")
    func refusesTwice() throws {
        let tables = try tables(sample())
        let change = Transaction.Change.set(.session(session(limit: 1400)))
        let error = try #require(throws: TableError.self) {
            try tables.stage(Transaction(number: 2, changes: [change, change]))
        }
        #expect("\(error)" == "session 0: it stands twice in one transaction")
    }

    @Test("A label that moves from one tunnel to another does so in one transaction")
    func labelMoves() throws {
        let tables = try tables(sample())
        let end = TunnelObject.End.mpls(receive: Label(unchecked: 17001), handsOnTTL: false)
        let other = TunnelObject(slot: TunnelIndex(rawValue: 1), port: 0, end: end)
        let first = TunnelObject(
            slot: TunnelIndex(rawValue: 0), port: 0,
            end: .mpls(receive: Label(unchecked: 17002), handsOnTTL: false))
        try tables.stage(Transaction(number: 2, changes: [.set(.tunnel(other)), .set(.tunnel(first))]))
        guard case .tunnel(let found) = tables.publish().view.incomingLabel(Label(unchecked: 17001)).action
        else {
            Issue.record("the label is nobody's")
            return
        }
        #expect(found == other.slot)
    }
}

import Exchange
import TableCompiler
import Tables
import Testbed
import Testing
import Wire

/// Sessions with several paths in the tables, and what becomes of them when the list changes.
@Suite("From paths to groups") struct PathGroupTests {
    private static let text = """
        ports:
          access0: { tun: a0, role: access }
          core0: { packet: c0, role: network, addresses: [10.0.0.1/24] }
        lines: { north: { port: core0, nextHop: 10.0.0.2 } }
        providers: { acme: }
        services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
        tunnels:
          t0: { line: north, mssClamp: true, mpls: { send: 16000, receive: 17000 } }
          t1: { line: north, mpls: { send: 16001, receive: 17001 } }
          t2: { line: north, ipip: { local: 10.0.0.1, remote: 192.0.2.9 } }
        subscribers: { alice: { port: access0, addresses: [10.1.0.5] }, bob: { port: access0, addresses: [10.1.0.6] } }
        conditions: [{ subscriber: alice, service: video }, { subscriber: bob, service: video }]
        sessions:
          alice: { subscriber: alice, service: video, access: { port: access0 }, policer: { up: { committed: 1Mbit } },
                   network: [{ tunnel: t0, send: 100, receive: 200 }, { tunnel: t1, send: 101, receive: 201 }] }
          bob: { subscriber: bob, service: video, access: { port: access0 }, network: { tunnel: t2 } }

        """

    private static func leg(_ number: UInt32) -> Leg {
        number == 2
            ? .tunnel(name: "t2", send: nil, receive: nil)
            : .tunnel(
                name: "t\(number)", send: Label(unchecked: 100 + number),
                receive: Label(unchecked: 200 + number))
    }

    @Test("PX-5 each path is a session object, and the group stands in the slot of the first")
    func objects() throws {
        let compiled = Edges.compile(Self.text)
        #expect(compiled.sessions == ["alice", "alice", "bob"])
        #expect(compiled.places.map(\.session) == [0, 0, 1])
        #expect(compiled.places.map(\.path.network) == [Self.leg(0), Self.leg(1), Self.leg(2)])
        let sessions = compiled.sessionObjects
        #expect(sessions.map(\.slot.rawValue) == [0, 1, 2] && sessions.map(\.leg) == [1, 2, 1])
        #expect(sessions.map(\.session) == [1, 1, 2])
        #expect(sessions.map(\.isGrouped) == [true, true, false])
        #expect(sessions.map(\.up.tunnel?.rawValue) == [0, 1, 2])
        #expect(sessions.map(\.up.segmentLimit) == [1492, nil, nil])
        #expect(sessions.map { $0.up.policer == nil } == [false, false, true])
        let group = PathGroupObject(
            slot: SessionIndex(rawValue: 0), subscriber: SubscriberIndex(rawValue: 0),
            service: ServiceIndex(rawValue: 0), sessions: [0, 1].map { SessionIndex(rawValue: $0) })
        let groups = compiled.transaction.changes.filter { if case .set(.group) = $0 { true } else { false } }
        #expect(groups == [.set(.group(group))])
    }

    @Test(
        "PX-5 whatever becomes of the list, the touched slots alone keep the tables equal to the state",
        arguments: SeededGenerator.seeds)
    func follows(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var state = State()
        var tables: [TableKey: TableObject] = [:]
        func apply(_ changes: [Exchange.Change]) throws {
            let command = Command(time: state.sequence * 1_000_000, action: .change(changes))
            try #require(state.validate(command) == [], "seed \(seed)")
            for slot in state.apply(command).touched {
                switch TableCompiler.change(slot, in: state) {
                case .set(let object): tables[object.key] = object
                case .remove(let key): tables[key] = nil
                }
            }
            var due: [TableKey: TableObject] = [:]
            for case .set(let object) in TableCompiler.everything(in: state, number: 1).changes {
                due[object.key] = object
            }
            try #require(tables == due, "seed \(seed), command \(state.sequence)")
        }
        try apply(state.changes(to: Edges.describe(Self.text)))
        var present = try #require(state.sessions["alice"])
        var groupCount = 0
        for _ in 0..<60 {
            if random.once(in: 8), state.sessions["alice"] != nil {
                try apply([Change(.remove(.session("alice")))])
            } else if random.once(in: 4) {
                var tunnel = try #require(state.tunnels["t\(random.number(0...2))"])
                tunnel.clampsMSS.toggle()
                try apply([Change(.put(.tunnel(tunnel)))])
            } else {
                let numbers = [UInt32(0), 1, 2].shuffled(using: &random).prefix(random.number(1...3))
                present.network = Legs(numbers.map(Self.leg))
                try apply([Change(.put(.session(present)))])
            }
            groupCount += tables.keys.contains { if case .group = $0 { true } else { false } } ? 1 : 0
        }
        #expect(groupCount > 10, "seed \(seed)")
    }

    @Test("PX-5 the tables take a session from one path to several and back")
    func staged() throws {
        var state = State(Edges.describe(Self.text))
        let tables = ForwardingTables()
        try tables.stage(TableCompiler.everything(in: state, number: 1))
        _ = tables.publish()
        tables.settle()
        for (number, paths) in [[1], [1, 0], [2, 1, 0], [0]].enumerated() {
            var session = try #require(state.sessions["alice"])
            session.network = Legs(paths.map { Self.leg(UInt32($0)) })
            let command = Command(time: 0, action: .change([Change(.put(.session(session)))]))
            #expect(state.validate(command) == [])
            let changes = state.apply(command).touched.map { TableCompiler.change($0, in: state) }
            try tables.stage(Transaction(number: UInt64(number + 2), changes: changes))
            _ = tables.publish()
            tables.settle()
        }
    }
}

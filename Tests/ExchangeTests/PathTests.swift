import Testbed
import Testing
import Wire

@testable import Exchange

/// Sessions that use several tunnels at once.
@Suite struct PathTests {
    private static let text = """
        ports:
          access0: { tun: a0, role: access }
          core0: { packet: c0, role: network, addresses: [10.0.0.1/24] }
        lines: { north: { port: core0, nextHop: 10.0.0.2 }, slow: { port: core0, nextHop: 10.0.0.2, mtu: 1400 } }
        providers: { acme: }
        services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
        tunnels:
          t0: { line: north, mpls: { send: 16000, receive: 17000 } }
          t1: { line: north, mpls: { send: 16001, receive: 17001 } }
          t2: { line: north, mpls: { send: 16002, receive: 17002 } }
          t3: { line: slow, ipip: { local: 10.0.0.1, remote: 192.0.2.9 } }
        subscribers: { alice: { port: access0, addresses: [10.1.0.5] }, bob: { port: access0, addresses: [10.1.0.6] } }
        conditions: [{ subscriber: alice, service: video }, { subscriber: bob, service: video }]
        sessions:
          alice: { subscriber: alice, service: video, access: { port: access0 },
                   network: [{ tunnel: t0, send: 100, receive: 200 }, { tunnel: t1, send: 101, receive: 201 }] }
          bob: { subscriber: bob, service: video, access: { port: access0 }, network: { tunnel: t3 } }

        """

    private func leg(_ number: UInt32) -> Leg {
        number == 3
            ? .tunnel(name: "t3", send: nil, receive: nil)
            : .tunnel(
                name: "t\(number)", send: Label(unchecked: 100 + number),
                receive: Label(unchecked: 200 + number))
    }

    /// Slots 0 and 1: alice; 2: bob.
    private func state() -> State {
        var state = State()
        let changes = state.changes(to: Edges.describe(Self.text))
        _ = state.apply(Command(time: 5_000, action: .change(changes)))
        return state
    }

    /// Puts alice on these tunnels.
    private func move(_ state: inout State, to tunnels: [UInt32], at time: UInt64 = 9_000) throws
        -> [StateSlot]
    {
        var session = try #require(state.sessions["alice"])
        session.network = Legs(tunnels.map(leg))
        let command = Command(time: time, action: .change([Change(.put(.session(session)))]))
        try #require(state.validate(command) == [])
        return state.apply(command).touched
    }

    @Test("PX-5 each path is a leg with a slot of its own, and the first one's slot is the group's")
    func legs() throws {
        let state = state()
        let record = try #require(state.sessionRecord("alice"))
        #expect(record.paths == [.init(leg: 1, slot: 0), .init(leg: 2, slot: 1)])
        #expect(record.leg == 2 && record.groupSlot == 0)
        #expect(state.leg(inSlot: 1)?.id == LegID(session: record.number, leg: 2))
        #expect(state.sessionRecord("bob")?.groupSlot == nil)
        #expect(state.path(inSlot: 1)?.place == 1 && state.path(inSlot: 2)?.session.name == "bob")
        #expect(state.groupedSlots == [0, 1])
        #expect(try State(decoding: state.encoded).encoded == state.encoded)
        let scratch = State(Edges.describe(Self.text))
        #expect(scratch.sessionRecord("alice")?.paths == record.paths)
    }

    @Test("PX-5 a path that stays keeps its leg and slot, wherever it stands in the list")
    func kept() throws {
        var state = state()
        #expect(try move(&state, to: [1, 2]) == [.port(0), .leg(0), .leg(1), .leg(3), .group(0), .group(1)])
        #expect(state.sessionRecord("alice")?.paths == [.init(leg: 2, slot: 1), .init(leg: 3, slot: 3)])
        #expect(state.drainingSlots == [0])
        #expect(try move(&state, to: [2, 1]) == [.port(0), .leg(1), .leg(3), .group(1), .group(3)])
        #expect(state.sessionRecord("alice")?.paths == [.init(leg: 3, slot: 3), .init(leg: 2, slot: 1)])
        #expect(state.sessionRecord("alice")?.leg == 3 && state.drainingSlots == [0])
    }

    @Test("PX-5 from several paths to one and back: the group goes and comes, the path that stays counts on")
    func oneAndSeveral() throws {
        var state = state()
        #expect(try move(&state, to: [1]) == [.port(0), .leg(0), .leg(1), .group(0)])
        #expect(state.sessionRecord("alice")?.paths == [.init(leg: 2, slot: 1)])
        #expect(state.sessionRecord("alice")?.groupSlot == nil)
        #expect(try move(&state, to: [1, 0]) == [.port(0), .leg(1), .leg(3), .group(1)])
        // A path that comes again is another leg: the old one is still draining.
        #expect(state.sessionRecord("alice")?.paths == [.init(leg: 2, slot: 1), .init(leg: 3, slot: 3)])
        let touched = state.apply(
            Command(time: 9_000, action: .change([Change(.remove(.session("alice")))]))
        ).touched
        #expect(touched == [.port(0), .leg(1), .leg(3), .group(1)])
        #expect(state.drainingSlots == [0, 1, 3])
    }

    @Test("PX-5 a change of the policer alone begins no leg; one of the service does")
    func policer() throws {
        var state = state()
        let before = state.sessionRecord("alice")
        var session = try #require(state.sessions["alice"])
        session.upPolicer = Policer(committedBitsPerSecond: 8_000)
        let effects = state.apply(Command(time: 9_000, action: .change([Change(.put(.session(session)))])))
        #expect(state.sessionRecord("alice") == before)
        #expect(effects.touched == [.port(0), .leg(0), .leg(1), .group(0)])
    }

    @Test("PX-5 the usage of a session is the sum over its legs")
    func usage() throws {
        var state = state()
        let number = try #require(state.sessionRecord("alice")).number
        let readings = [(0, 3), (1, 4)].map { slot, packets in
            UsageReadings.Reading(
                slot: slot, leg: LegID(session: number, leg: UInt32(slot) + 1), start: 1,
                total: Traffic(upPackets: UInt64(packets), upBytes: UInt64(packets) * 100))
        }
        let command = Command(
            time: 8_000, action: .usage(UsageReadings(forwarder: "main", file: 1, readings: readings)))
        #expect(state.validate(command) == [])
        #expect(state.apply(command).usage.map(\.delta.upPackets) == [3, 4])
        #expect(state.sessionRecord("alice")?.traffic == Traffic(upPackets: 7, upBytes: 700))
        #expect(state.leg(inSlot: 1)?.traffic.upPackets == 4)
    }

    @Test("PX-4 a tunnel that is any of a session's paths can't be removed, and its label isn't given twice")
    func inUse() throws {
        var state = state()
        _ = try move(&state, to: [0, 1, 2])
        let removal = Command(time: 0, action: .change([Change(.remove(.tunnel("t2")))]))
        #expect(
            state.validate(removal).first?.message.contains("it is used by session `alice`") == true)
        var bob = try #require(state.sessions["bob"])
        bob.network = Legs([leg(2)])
        let collision = Command(time: 0, action: .change([Change(.put(.session(bob)))]))
        #expect(state.validate(collision).first?.message.contains("is session `alice`'s already") == true)
        // The line of the last path: the paths over it are compiled anew, and the TUN's MTU follows.
        _ = try move(&state, to: [0, 3])
        #expect(state.tunMTU(port: 0) == 1380)
        var line = try #require(state.lines["slow"])
        line.mtu = 1300
        let change = Command(time: 0, action: .change([Change(.put(.line(line)))]))
        #expect(state.apply(change).touched.contains(.port(0)))
        #expect(state.tunMTU(port: 0) == 1280)
    }

    @Test("more paths than there are slots for their counters are refused, before they would be given any")
    func tooManyPaths() throws {
        let network = Legs((0..<8).map { .tunnel(name: "t\($0)", send: nil, receive: nil) })
        var exchange = ExchangeDescription()
        exchange.sessions = (0...Limits.counterSlots / 8).map {
            Session(
                name: "s\($0)", subscriber: "s\($0)", service: "video",
                access: .plain(port: "access0", nextHop: nil), network: network)
        }
        func rejections() -> [Rejection] {
            var validation = Validation(exchange, limit: 50)
            validation.checkPathCount()
            return validation.inFileOrder
        }
        let rejection = try #require(rejections().first)
        #expect(rejection.kind == .limit && rejections().count == 1)
        #expect(rejection.message.hasPrefix("session `s262144`: with it there are more than 2097152 paths"))
        exchange.sessions.removeLast()
        #expect(rejections().isEmpty)
    }
}

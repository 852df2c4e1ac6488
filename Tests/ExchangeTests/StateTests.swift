import Testbed
import Testing
import Wire

@testable import Exchange

/// The rules of the state machine, one by one.
@Suite struct StateTests {
    private let exchange = Edges.describe(Edges.subscriberEdge)

    private func put(_ object: ExchangeObject, _ revision: UInt64? = nil) -> Change {
        Change(.put(object), expectedRevision: revision)
    }

    private func command(_ changes: [Change], at time: UInt64 = 0) -> Command {
        Command(time: time, action: .change(changes))
    }

    private func rejections(_ state: State, _ changes: [Change]) -> [Rejection] {
        state.validate(command(changes))
    }

    /// What is wrong with changes, as one text.
    private func faults(_ state: State, _ changes: [Change]) -> String {
        rejections(state, changes).map { "\($0.kind): \($0.message)" }.joined(separator: "\n")
    }

    /// Carries out changes with which nothing must be wrong.
    @discardableResult
    private func apply(_ changes: [Change], to state: inout State, at time: UInt64 = 0) -> Effects {
        let command = command(changes, at: time)
        #expect(state.validate(command) == [])
        return state.apply(command)
    }

    /// The example, put in by command 1 at time 100.
    private var begun: State {
        var state = State()
        apply(state.changes(to: exchange), to: &state, at: 100)
        return state
    }

    // MARK: Descriptions

    @Test("CD-7 a state made of a description has its slots in the order of the file, and lists it back")
    func fromDescription() {
        let state = State(exchange)
        #expect(state.description == exchange)
        #expect(state.sequence == 0)
        #expect(exchange.ports.map { state.ports.slot($0.name) } == Array(exchange.ports.indices))
        #expect(
            exchange.sessions.map { state.counterSlots(ofSession: $0.name).first }
                == Array(exchange.sessions.indices))
        #expect(state.changes(to: exchange) == [])
        #expect(begun.description == exchange)
        #expect(state.subscribers["alice"]?.location != nil, "offline, places in the file are kept")
        #expect(begun.subscribers["alice"]?.location == nil)
    }

    @Test("CD-7 only what differs is changed: what is new or different is put in, what is missing taken out")
    func least() {
        var state = begun
        var wanted = exchange
        wanted.lines[1].mtu = 1400
        let bob = wanted.sessions.remove(at: 2)
        wanted.labels[0].via = .tunnel("acme-north")
        let changes = state.changes(to: wanted)
        #expect(
            changes == [
                put(.line(wanted.lines[1])), put(.label(wanted.labels[0])),
                Change(.remove(.session(bob.name))),
            ])
        apply(changes, to: &state)
        #expect(state.changes(to: wanted) == [])
        apply(state.changes(to: ExchangeDescription()), to: &state)
        #expect(state.description == ExchangeDescription())
    }

    @Test("PX-4 an object that a description has twice is refused, and not quietly taken once")
    func twiceInDescription() {
        var wanted = exchange
        wanted.lines.append(wanted.lines[0])
        for state in [State(), begun] {
            let found = faults(state, state.changes(to: wanted))
            #expect(found.contains("line `north` stands twice in one change"))
        }
    }

    @Test(
        "PX-4 conditions of one pair are joined: rules of all, equal ones once, and no limits if one has none"
    )
    func joined() {
        let web = Rule(protocol: .tcp, ports: [80...80], location: SourceLocation(line: 1, column: 1))
        let same = Rule(protocol: .tcp, ports: [80...80], location: SourceLocation(line: 2, column: 1))
        let ping = Rule(protocol: .icmp)
        func condition(_ service: String, _ allow: [Rule]?) -> Condition {
            Condition(subscriber: "alice", service: service, allow: allow)
        }
        var description = ExchangeDescription()
        description.conditions = [
            condition("a", [web]), condition("b", [ping]), condition("a", [same, ping]), condition("b", nil),
            condition("b", [web]), condition("c", [web, same]),
        ]
        #expect(
            description.joiningConditions.conditions == [
                condition("a", [web, ping]), condition("b", nil), condition("c", [web]),
            ])
        #expect(description.joiningConditions.joiningConditions == description.joiningConditions)
    }

    @Test(
        "PX-4 conditions of a pair come to 255 rules at most, each port range for itself",
        arguments: [255, 256])
    func rules(_ count: UInt16) {
        var wanted = exchange
        let ranges = (1...count).map { $0 * 2...$0 * 2 }
        wanted.conditions[0].allow = ranges[..<60].map { Rule(protocol: .udp, ports: [$0]) }
        var more = wanted.conditions[0]
        let rest = Array(ranges[60...])
        more.allow = stride(from: 0, to: rest.count, by: 64).map {
            Rule(protocol: .udp, ports: Array(rest[$0..<min($0 + 64, rest.count)]))
        }
        wanted.conditions.append(more)
        let expected =
            count <= 255
            ? []
            : [
                Rejection(
                    "the conditions of subscriber `alice` for service `acme-video` make 256 rules, a port range "
                        + "or ICMP type each, and at most 255 are allowed; join ranges",
                    at: wanted.conditions[0].location)
            ]
        #expect(wanted.validate() == expected)
        #expect(rejections(begun, begun.changes(to: wanted)) == expected)
    }

    // MARK: Revisions

    @Test("CD-7 a put of what is there changes nothing: no revision, no leg, nothing touched")
    func withoutEffect() throws {
        var state = begun
        let before = state
        let session = try #require(state.sessions["alice-video"])
        let effects = apply([put(.session(session)), put(.port(exchange.ports[0]))], to: &state)
        #expect(effects == Effects())
        #expect(state.sequence == 2)
        #expect(state.sessionRecord("alice-video") == before.sessionRecord("alice-video"))
        #expect(state.object(.session("alice-video"))?.revision == 1)
    }

    @Test(
        "CD-7 a change of what somebody else has changed in between is a conflict that tells both revisions")
    func conflicts() throws {
        var state = begun
        var line = try #require(state.lines["north"])
        line.mtu = 1400
        apply([put(.line(line), 1)], to: &state)
        line.mtu = 1450
        let found = rejections(state, [put(.line(line), 1)])
        #expect(found.map(\.kind) == [.conflict])
        #expect(found[0].message.contains("line `north` was expected at revision 1, and is at revision 2"))
        #expect(rejections(state, [put(.line(line), 2)]) == [])
        #expect(
            faults(state, [put(.line(line), 0)]).hasPrefix(
                "conflict: line `north` is there already, at revision"))
        line.name = "new"
        #expect(
            faults(state, [put(.line(line), 7)]).hasPrefix("conflict: line `new` was expected at revision 7"))
        #expect(rejections(state, [put(.line(line), 0)]) == [])
        let removal = [Change(.remove(.label(Label(unchecked: 18_000))), expectedRevision: 9)]
        #expect(faults(state, removal).hasPrefix("conflict: label 18000 was expected at revision 9"))
    }

    @Test("CD-7 taking out what isn't there is told apart; a key that stands twice in one change is refused")
    func missing() {
        #expect(
            rejections(begun, [Change(.remove(.session("nobody")), expectedRevision: 3)])
                == [Rejection("there is no session `nobody`, so it can't be removed", kind: .notFound)])
        let twice = [Change(.remove(.session("bob-video"))), Change(.remove(.session("bob-video")))]
        #expect(
            rejections(begun, twice) == [
                Rejection("session `bob-video` stands twice in one change; name it once")
            ])
    }

    @Test("PX-4 what is in use can't be taken out, and the answer names those who use it")
    func inUse() {
        let found = faults(begun, [Change(.remove(.line("north")))])
        #expect(found.hasPrefix("invalid: line `north` can't be removed while it is used by "))
        for user in ["tunnel `acme-north`", "tunnel `acme-pipe`"] { #expect(found.contains(user)) }
        #expect(found.contains("and 2 more; remove them too in the same change"), "\(found)")
        let condition = UseOfService(subscriber: "bob", service: "acme-video")
        #expect(
            faults(begun, [Change(.remove(.condition(condition)))])
                == "invalid: condition for `bob` and `acme-video` can't be removed while it is used by session "
                + "`bob-video`; remove them too in the same change, or have them name another")
        let both = [Change(.remove(.condition(condition))), Change(.remove(.session("bob-video")))]
        #expect(rejections(begun, both) == [])
    }

    @Test("PX-4 a wrong name is answered with the nearest there is, though only a few objects were looked at")
    func hints() throws {
        var session = try #require(begun.sessions["alice-video"])
        session.network = .tunnel(name: "acme-nort", send: Label(rawValue: 99), receive: Label(rawValue: 99))
        #expect(faults(begun, [put(.session(session))]).contains("did you mean `acme-north`?"))
    }

    // MARK: Limits

    @Test("PX-4 more than there may be is refused as such, and making room in the same change helps")
    func counts() {
        var state = State()
        func port(_ number: Int) -> Change {
            put(.port(Port(name: "p\(number)", medium: .packet(interface: "eth\(number)"), role: .network)))
        }
        apply((0..<Limits.ports).map(port), to: &state)
        let found = rejections(state, [port(Limits.ports)])
        #expect(found.map(\.kind) == [.limit])
        #expect(found[0].message.hasPrefix("there are 257 ports, and at most 256 are allowed"))
        apply([port(Limits.ports), Change(.remove(.port("p7")))], to: &state)
        #expect(state.ports.slot("p\(Limits.ports)") == 7)
        #expect(state.ports.slotCount == Limits.ports)
    }

    @Test("CD-7 counter slots run out until those that drain have been closed")
    func counterSlots() throws {
        var state = begun
        state.legs.capacity = state.sessions.count + 1
        var session = try #require(state.sessions["alice-news"])
        session.network = .plain(port: "core0", nextHop: nil)
        apply([put(.session(session))], to: &state)
        session.network = .plain(port: "core1", nextHop: nil)
        let found = rejections(state, [put(.session(session))])
        #expect(found.map(\.kind) == [.limit])
        #expect(found.first?.message.contains("0 of 5 slots for their counters are free") == true, "\(found)")
        let closing = UsageReadings(forwarder: "main", file: 1, readings: [], closed: state.drainingSlots)
        _ = state.apply(Command(time: 0, action: .usage(closing)))
        #expect(rejections(state, [put(.session(session))]) == [])
    }

    // MARK: Legs

    @Test("CD-7 a session on another way keeps its number and begins a leg with counters of its own")
    func newLeg() throws {
        var state = begun
        var session = try #require(state.sessions["bob-video"])
        #expect(state.sessionRecord("bob-video").map { [$0.number, $0.openedAt] } == [3, 100])
        session.network = .plain(port: "core1", nextHop: nil)
        let effects = apply([put(.session(session))], to: &state, at: 200)
        let record = try #require(state.sessionRecord("bob-video"))
        #expect(
            record
                == SessionRecord(
                    number: 3, leg: 2, paths: [.init(leg: 2, slot: 4)], openedAt: 100, traffic: Traffic()))
        #expect(effects.touched.contains(.leg(2)) && effects.touched.contains(.leg(4)))
        #expect(state.drainingSlots == [2])
        let old = try #require(state.leg(inSlot: 2))
        #expect(old.isDraining && old.retiredBy == 2 && old.id == LegID(session: 3, leg: 1))
        let new = try #require(state.leg(inSlot: 4))
        #expect(!new.isDraining && new.retiredBy == nil && new.id == LegID(session: 3, leg: 2))
        #expect(new.openedAt == 200)
    }

    @Test("CD-7 what changes around a session leaves its leg alone, but touches it")
    func sameLeg() throws {
        var state = begun
        let before = state.sessionRecord("alice-video")
        var line = try #require(state.lines["north"])
        line.mtu = 1400
        let effects = apply([put(.line(line))], to: &state)
        #expect(state.sessionRecord("alice-video") == before)
        #expect(
            effects.touched == [
                .port(0), .tunnel(0), .tunnel(1), .leg(0), .leg(2), .label(Label(unchecked: 18_000)),
                .label(Label(unchecked: 18_002)), .label(Label(unchecked: 18_005)),
                .label(Label(unchecked: 18_006)), .label(Label(unchecked: 18_008)),
            ])
        var condition = try #require(state.conditions[UseOfService(subscriber: "bob", service: "acme-video")])
        condition.allow = [Rule(protocol: .icmp)]
        #expect(apply([put(.condition(condition))], to: &state).touched == [.leg(2)])
    }

    @Test("CD-7 a session that is closed and opened again is another one; the last freed slot comes first")
    func reopened() throws {
        var state = begun
        let session = try #require(state.sessions["alice-video"])
        apply([Change(.remove(.session("alice-video")))], to: &state)
        apply([Change(.remove(.session("alice-music")))], to: &state)
        #expect(state.counterSlots(ofSession: "alice-video").first == nil)
        #expect(state.drainingSlots == [0, 1])
        let closing = UsageReadings(forwarder: "main", file: 1, readings: [], closed: [0, 1])
        _ = state.apply(Command(time: 0, action: .usage(closing)))
        #expect(state.drainingSlots == [] && state.leg(inSlot: 0) == nil)
        apply([put(.session(session))], to: &state)
        #expect(state.sessionRecord("alice-video").map { $0.number } == 5)
        #expect(state.counterSlots(ofSession: "alice-video").first == 1)
    }

    @Test(
        "CD-7 a session's number is the time in microseconds, or the next: no journal gives it out a second time"
    )
    func numbers() throws {
        var state = begun
        let names = ["alice-video", "alice-music", "bob-video", "alice-news"]
        let sessions = names.compactMap { state.sessions[$0] }
        func reopen(at time: UInt64) -> [UInt64] {
            apply(names.map { Change(.remove(.session($0))) }, to: &state, at: time)
            apply(sessions.map { put(.session($0)) }, to: &state, at: time)
            return names.compactMap { state.sessionRecord($0)?.number }
        }
        #expect(names.compactMap { state.sessionRecord($0)?.number } == [1, 2, 3, 4])
        let microsecond: UInt64 = 1_000
        #expect(reopen(at: 1_700_000_000_000 * microsecond + 999).first == 1_700_000_000_000)
        #expect(reopen(at: 1_700_000_000_002 * microsecond).first == 1_700_000_000_004)
        // A clock that is set back.
        #expect(reopen(at: 5 * microsecond) == (8...11).map { 1_700_000_000_000 + $0 })
        #expect(reopen(at: 1_700_000_000_099 * microsecond).last == 1_700_000_000_102)
        // What is read back goes on the same way.
        state = try State(decoding: state.encoded)
        #expect(reopen(at: 0).first == 1_700_000_000_103)
    }

    @Test("PX-4 the MTU of a TUN is the least that fits all tunnels behind it, less what they add")
    func tunMTU() throws {
        var state = begun
        let tun = try #require(state.ports.slot("access0"))
        #expect(state.tunMTU(port: tun) == 1320 - 20)
        #expect(apply([Change(.remove(.session("alice-music")))], to: &state).touched.contains(.port(tun)))
        #expect(state.tunMTU(port: tun) == 1500 - 8)
        apply([Change(.remove(.session("alice-video")))], to: &state)
        #expect(state.tunMTU(port: tun) == nil)
    }

    @Test("PX-4 a subscriber without a port of their own comes in where their session does")
    func accessPort() throws {
        var state = begun
        #expect(state.accessPort(ofSubscriber: "bob") == "access1")
        var alice = try #require(state.subscribers["alice"])
        alice.port = nil
        apply([put(.subscriber(alice))], to: &state)
        #expect(state.accessPort(ofSubscriber: "alice") == "access0")
        let sessions = ["alice-video", "alice-music", "alice-news"].map { Change(.remove(.session($0))) }
        #expect(apply(sessions, to: &state).touched.contains(.subscriber(0)))
        #expect(state.accessPort(ofSubscriber: "alice") == nil)
    }
}

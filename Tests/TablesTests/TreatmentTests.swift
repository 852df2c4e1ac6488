import Tables
import Testing
import Wire

/// What sessions meet beyond their conversion: what stands once, what keeps its place, and what is made anew.
@Suite("Treatments, policers and path groups in the tables") final class TreatmentTests {
    /// Views are good as long as their tables are there.
    private var kept: [ForwardingTables] = []

    private static let subscriber = SubscriberIndex(rawValue: 0)
    private static let service = ServiceIndex(rawValue: 0)
    private static let tunnel = TunnelIndex(rawValue: 0)
    private static let policer = Policer(
        committedBitsPerSecond: 1000, peakBitsPerSecond: 2000, committedBurstByteCount: 3000,
        peakBurstByteCount: 6000)
    private static let faster = Policer(
        committedBitsPerSecond: 5000, peakBitsPerSecond: 6000, committedBurstByteCount: 3000,
        peakBurstByteCount: 6000)

    private func session(
        _ slot: UInt32, session: UInt64 = 1, isGrouped: Bool = true,
        subscriber: SubscriberIndex = TreatmentTests.subscriber,
        _ edit: (inout SessionWay) -> Void = { _ in }
    ) -> SessionObject {
        var up = SessionWay(
            arrival: Arrival(port: 0), nextHop: NextHop(port: 0), push: .nothing, tunnel: Self.tunnel,
            maximumInnerByteCount: nil)
        edit(&up)
        return SessionObject(
            slot: SessionIndex(rawValue: slot), session: session, leg: slot, subscriber: subscriber,
            service: Self.service, rules: [], up: up,
            down: SessionWay(
                arrival: Arrival(port: 0), nextHop: NextHop(port: 0), push: .nothing,
                maximumInnerByteCount: 1400),
            isGrouped: isGrouped)
    }

    private func group(_ sessions: [UInt32]) -> TableObject {
        .group(
            PathGroupObject(
                slot: SessionIndex(rawValue: sessions.min() ?? 0), subscriber: Self.subscriber,
                service: Self.service,
                sessions: sessions.map { SessionIndex(rawValue: $0) }))
    }

    private func tunnelObject(_ policer: Policer? = nil, remote: UInt32 = 1) -> TableObject {
        .tunnel(
            TunnelObject(
                slot: Self.tunnel, port: 0,
                end: .ipip(
                    remote: .v4(IPv4Address(rawValue: remote)), local: .v4(IPv4Address(rawValue: 0x0a00_0001))
                ),
                policer: policer))
    }

    /// Tables with a port, a tunnel, two subscribers and a service beside these objects, published and settled.
    private func tables(_ objects: [TableObject], tunnelPolicer: Policer? = nil) throws -> ForwardingTables {
        let tables = ForwardingTables()
        kept.append(tables)
        let base: [TableObject] = [
            .port(PortObject(slot: 0, name: "core0", medium: .tap(interface: "c0"), role: .network)),
            tunnelObject(tunnelPolicer), .service(ServiceObject(slot: Self.service, prefixes: [])),
            .subscriber(SubscriberObject(slot: Self.subscriber, port: nil, tags: [], prefixes: [])),
            .subscriber(
                SubscriberObject(slot: SubscriberIndex(rawValue: 1), port: nil, tags: [], prefixes: [])),
        ]
        try stage(base + objects, tables)
        return tables
    }

    @discardableResult
    private func stage(_ objects: [TableObject], _ tables: ForwardingTables) throws -> TablesView {
        try tables.stage(Transaction(number: tables.number + 1, changes: objects.map { .set($0) }))
        let view = tables.publish().view
        tables.settle()
        return view
    }

    private func index(_ slot: UInt32, _ direction: Direction = .up) -> ConversionIndex {
        ConversionIndex(SessionIndex(rawValue: slot), direction)
    }

    @Test("A session with nothing further has no treatment; equal ones stand once")
    func standsOnce() throws {
        let limited: (inout SessionWay) -> Void = { $0.segmentLimit = 1400 }
        let view = try tables([
            .session(session(1)), .session(session(2, limited)), .session(session(3, limited)),
            .session(session(4) { $0.segmentLimit = 1300 }),
        ]).publication.view
        func treatment(_ slot: UInt32) -> TreatmentIndex { view.conversion(index(slot)).pointee.treatment }
        #expect(treatment(1) == .none)
        #expect(treatment(2) != .none && treatment(2) == treatment(3) && treatment(2) != treatment(4))
        #expect(view.treatment(index(1)).pointee.ruleCount == 0)
    }

    @Test("Only a way with an outer header is bounded by its tunnel's path")
    func pathTunnel() throws {
        let outer = SessionWay.Push.outer(
            source: .v4(IPv4Address(rawValue: 1)), destination: .v4(IPv4Address(rawValue: 2)), ttl: 64,
            dscp: 0, [])
        let view = try tables([
            .session(session(1) { $0.push = outer }),
            .session(session(2) { $0.push = .labels([LabelStackEntry(rawValue: 0)], []) }),
        ]).publication.view
        #expect(view.treatment(index(1)).pointee.tunnel == Self.tunnel)
        #expect(view.treatment(index(2)).pointee.tunnel == nil)
    }

    @Test("A policer keeps its place and state while its configuration stays, whatever else changes")
    func policerKeepsPlace() throws {
        let policed: (inout SessionWay) -> Void = { $0.policer = Self.policer }
        let tables = try tables([.session(session(1, policed))])
        let worker = WorkerTables(tables.publication)
        let place = worker.view.treatment(index(1)).pointee.policer
        #expect(place != .none)
        #expect(worker.view.meter(place, byteCount: 3000, at: 1) == .green)
        #expect(worker.view.meter(place, byteCount: 3000, at: 1) == .yellow)

        let other = session(1) {
            $0.policer = Self.policer
            $0.segmentLimit = 1300
        }
        try stage([.session(other)], tables)
        worker.turn(to: tables.publication)
        #expect(worker.view.treatment(index(1)).pointee.policer == place)
        #expect(worker.view.meter(place, byteCount: 1, at: 1) == .red)

        try stage([.session(session(1) { $0.policer = Self.faster })], tables)
        worker.turn(to: tables.publication)
        let changed = worker.view.treatment(index(1)).pointee.policer
        #expect(changed != place)
        #expect(worker.view.meter(changed, byteCount: 3000, at: 1) == .green)

        // The first one's place is used again, with full buckets.
        try stage([.session(session(2, session: 2, policed))], tables)
        worker.turn(to: tables.publication)
        #expect(worker.view.treatment(index(2)).pointee.policer == place)
        #expect(worker.view.meter(place, byteCount: 3000, at: 1) == .green)
    }

    @Test("A session's paths share its policer, its directions and other sessions don't")
    func policerIsTheSessions() throws {
        let policed: (inout SessionWay) -> Void = { $0.policer = Self.policer }
        var both = session(3, session: 2, policed)
        both.down.policer = Self.policer
        let view = try tables([
            .session(session(1, policed)), .session(session(2, policed)), .session(both),
        ]).publication.view
        let places = [index(1), index(2), index(3), index(3, .down)].map {
            view.treatment($0).pointee.policer
        }
        #expect(places[0] == places[1])
        #expect(Set(places).count == 3)
    }

    @Test("A tunnel's policer is that of all its sessions, which follow when it changes, comes or goes")
    func tunnelPolicer() throws {
        let tables = try tables([.session(session(1)), .session(session(2, session: 2)), group([1, 2])])
        func places() -> Set<PolicerIndex> {
            Set([1, 2].map { tables.publication.view.treatment(index($0)).pointee.tunnelPolicer })
        }
        #expect(places() == [.none])
        try stage([tunnelObject(Self.policer)], tables)
        let first = places()
        #expect(first.count == 1 && first != [.none])
        #expect(first == [tables.publication.view.tunnel(Self.tunnel).policer])
        // Its group and one of its sessions are set in the same transaction.
        try stage(
            [tunnelObject(Self.faster), .session(session(2, session: 2) { $0.segmentLimit = 1300 })], tables)
        #expect(places().count == 1 && places().isDisjoint(with: first) && places() != [.none])
        let changed = places()
        try stage([tunnelObject(Self.faster, remote: 2)], tables)
        #expect(places() == changed)
        try stage([tunnelObject(), group([2, 1])], tables)
        #expect(places() == [.none])
    }

    @Test("What is given up is used again, however often")
    func noLeak() throws {
        let tables = try tables([])
        var highest = (treatment: UInt32(0), policer: UInt32(0), map: UInt32(0))
        for cycle in 1...3000 as ClosedRange<UInt64> {
            var policer = Self.policer
            policer.committedBitsPerSecond = cycle % 900 + 1
            let session = session(1, session: cycle % 3) {
                $0.policer = policer
                $0.classMap = Array(repeating: UInt8(cycle % 60), count: 64)
            }
            let view = try stage([.session(session), tunnelObject(cycle % 2 == 0 ? policer : nil)], tables)
            let treatment = view.treatment(index(1)).pointee
            highest.treatment = max(highest.treatment, view.conversion(index(1)).pointee.treatment.rawValue)
            highest.policer = max(
                highest.policer, treatment.policer.rawValue, treatment.tunnelPolicer.rawValue)
            highest.map = max(highest.map, treatment.classMap)
        }
        #expect(highest.treatment < 6 && highest.policer < 8 && highest.map < 6, "\(highest)")
    }

    @Test("A port's MTU reaches sessions in a group too, by what is known of its link and by its object")
    func groupedMTU() throws {
        let tables = try tables([.session(session(1)), .session(session(2)), group([1, 2])])
        func limits() -> [UInt16] {
            [1, 2].map { tables.publication.view.conversion(index($0)).pointee.maximumInnerByteCount }
        }
        #expect(limits() == [1500, 1500])
        tables.portFacts(0, mac: nil, mtu: 9000)
        _ = tables.publish()
        #expect(limits() == [9000, 9000])
        tables.settle()
        var port = PortObject(slot: 0, name: "core0", medium: .tap(interface: "c0"), role: .network)
        port.mtu = 1400
        try stage([.port(port), group([2, 1])], tables)
        #expect(limits() == [1400, 1400])
        guard case .group(let group) = tables.publication.view.admission(Self.subscriber, Self.service) else {
            Issue.record("the group is gone")
            return
        }
        #expect(group.rawValue == 1)
    }

    @Test("A group admits by each of its paths, and finds each by where its packets arrive")
    func admission() throws {
        var second = session(2)
        second.down.arrival = Arrival(tunnel: Self.tunnel)
        let view = try tables([.session(session(1)), .session(second), group([1, 2])]).publication.view
        guard case .group(let group) = view.admission(Self.subscriber, Self.service) else {
            Issue.record("no group")
            return
        }
        let paths = Set((0..<100).map { view.path(group, flowHash: $0 << 25) })
        #expect(paths == [SessionIndex(rawValue: 1), SessionIndex(rawValue: 2)])
        #expect(
            view.path(group, arrival: Arrival(tunnel: Self.tunnel), direction: .down)
                == SessionIndex(rawValue: 2))
        #expect(view.path(group, arrival: Arrival(port: 0), direction: .down) == SessionIndex(rawValue: 1))
        #expect(view.path(group, arrival: Arrival(port: 9), direction: .up) == nil)
        #expect(view.admission(SubscriberIndex(rawValue: 1), Self.service) == .none)
    }

    @Test("Paths of one use share a user label, which leads to one of them as long as there is one")
    func sharedUserLabel() throws {
        let label = SessionWay.UserLabel(context: .tunnel(Self.tunnel), label: Label(unchecked: 200))
        let labelled: (inout SessionWay) -> Void = { $0.userLabel = label }
        let tables = try tables([
            .session(session(3, labelled)), .session(session(2, labelled)), .session(session(4, labelled)),
        ])
        func found() -> ConversionIndex? {
            tables.publication.view.userLabel(label.label, in: label.context)
        }
        func remove(_ slot: UInt32) throws {
            try tables.stage(
                Transaction(number: 9, changes: [.remove(.session(SessionIndex(rawValue: slot)))]))
            _ = tables.publish()
            tables.settle()
        }
        #expect(found() == index(2) && tables.publication.view.conversion(index(2)).pointee.isGrouped)
        try remove(2)
        #expect(found() == index(3))
        // Of another use, of the other direction, and alone it can't be had.
        var other = session(5)
        other.down.userLabel = label
        for refused in [
            session(5, subscriber: SubscriberIndex(rawValue: 1), labelled), other,
            session(5, isGrouped: false, labelled),
        ] {
            let error = try #require(throws: TableError.self) { try stage([.session(refused)], tables) }
            #expect("\(error)" == "session 5: user label 200 is taken")
        }
        try remove(4)
        #expect(found() == index(3) && tables.publication.view.isUserLabel(label.label))
        try remove(3)
        #expect(found() == nil && !tables.publication.view.isUserLabel(label.label))
        try stage([.session(session(5, isGrouped: false, labelled))], tables)
        #expect(found() == index(5) && !tables.publication.view.conversion(index(5)).pointee.isGrouped)
    }

    @Test("From one path to several and back, in one transaction each")
    func fromOneToSeveral() throws {
        let tables = try tables([.session(session(1, isGrouped: false))])
        func admission() -> Admission { tables.publication.view.admission(Self.subscriber, Self.service) }
        #expect(admission() == .session(SessionIndex(rawValue: 1)))
        try stage([.session(session(1)), .session(session(2)), group([1, 2])], tables)
        #expect(admission() == .group(PathGroupIndex(rawValue: 1)))
        try tables.stage(
            Transaction(
                number: 9,
                changes: [
                    .remove(.group(SessionIndex(rawValue: 1))), .remove(.session(SessionIndex(rawValue: 2))),
                    .set(.session(session(1, isGrouped: false))),
                ]))
        _ = tables.publish()
        #expect(admission() == .session(SessionIndex(rawValue: 1)))
    }

    @Test("A group's session can't leave it, nor become another's, behind its back")
    func groupStaysWhole() throws {
        let tables = try tables([.session(session(1)), .session(session(2)), group([1, 2])])
        let before = tables.contents
        let changes: [(Transaction.Change, String)] = [
            (
                .set(.session(session(2, isGrouped: false))),
                "path group 1: session 2 is none of this group's"
            ),
            (
                .set(.session(session(2, subscriber: SubscriberIndex(rawValue: 1)))),
                "path group 1: session 2 is none of this group's"
            ),
            (.remove(.session(SessionIndex(rawValue: 2))), "path group 1: there is no session 2"),
            (
                .set(.session(session(3, isGrouped: false))),
                "session 3: subscriber 0 uses service 0 in several paths"
            ),
        ]
        for (change, sentence) in changes {
            let error = try #require(throws: TableError.self) {
                try tables.stage(Transaction(number: 7, changes: [change]))
            }
            #expect("\(error)".hasPrefix(sentence), "\(error)")
            #expect(tables.contents == before)
        }
    }

    @Test("A learned path MTU holds within bounds, and until the tunnel changes")
    func pathMTU() throws {
        let outer = SessionWay.Push.outer(
            source: .v4(IPv4Address(rawValue: 1)), destination: .v4(IPv4Address(rawValue: 2)), ttl: 64,
            dscp: 0, [])
        let tables = try tables([
            .session(
                session(1) {
                    $0.push = outer
                    $0.maximumInnerByteCount = 1480
                })
        ])
        let worker = WorkerTables(tables.publication)
        func limits() -> [UInt16] {
            [IPVersion.v4, .v6].map { worker.view.maximumInnerByteCount(index(1), $0) }
        }
        #expect(limits() == [1480, 1480] && worker.pathMTU(of: Self.tunnel) == nil)
        worker.setPathMTU(1400, of: Self.tunnel)
        #expect(limits() == [1380, 1380] && worker.pathMTU(of: Self.tunnel) == 1400)
        worker.setPathMTU(1290, of: Self.tunnel)
        #expect(limits() == [1270, 1280])
        worker.setPathMTU(70, of: Self.tunnel)
        #expect(limits() == [68, 1280])
        worker.setPathMTU(9000, of: Self.tunnel)
        #expect(limits() == [1480, 1480])
        worker.setPathMTU(1400, of: Self.tunnel)
        try stage([.session(session(2))], tables)
        worker.turn(to: tables.publication)
        #expect(worker.pathMTU(of: Self.tunnel) == 1400)
        try stage([tunnelObject(remote: 7)], tables)
        worker.turn(to: tables.publication)
        #expect(limits() == [1480, 1480])
    }

    @Test("A port says whether it answers what is denied, and tells of errors")
    func portFlags() throws {
        let tables = try tables([])
        #expect(!tables.publication.view.port(0).answersDenied && tables.publication.view.port(0).sendsErrors)
        let port = PortObject(
            slot: 0, name: "core0", medium: .tap(interface: "c0"), role: .network, answersDenied: true,
            sendsErrors: false)
        let view = try stage([.port(port)], tables)
        #expect(view.port(0).answersDenied && !view.port(0).sendsErrors)
    }

    @Test("RFC 3270, RFC 2983: the inner class follows its tunnel's map, the outer one, or stays")
    func innerClass() throws {
        let tables = try tables([])
        #expect(tables.publication.view.innerClass(Self.tunnel).isKeep)
        guard case .tunnel(var tunnel) = tunnelObject() else { return }
        tunnel.innerClass = .outer
        #expect(try stage([.tunnel(tunnel)], tables).innerClass(Self.tunnel).isOuter)
        tunnel.innerClass = .map([0, 10, 64, 63, 64, 46, 64, 64])
        let entry = try stage([.tunnel(tunnel)], tables).innerClass(Self.tunnel)
        #expect(!entry.isKeep && !entry.isOuter)
        #expect((0..<8).map { entry.dscp($0) } == [0, 10, nil, 63, nil, 46, nil, nil])
    }
}

import Testbed
import Testing
import Wire

@testable import Tables

@Suite("A subscriber's uses of services") struct SubscriberEntryTests {
    private static let subscriber = SubscriberIndex(rawValue: 3)

    @Test(
        "However many services a subscriber uses, and in whatever order they come and go, each has its session",
        arguments: SeededGenerator.seeds)
    func randomUses(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        // The highest and the lowest slots, and some more than have room beside the subscriber.
        let services = [0, 1, 2, 65_533, 65_534, 65_535] + (100..<114).map { UInt32($0) }
        let port = PortObject(slot: 0, name: "a", medium: .tap(interface: "a"), role: .access)
        let owner = SubscriberObject(slot: Self.subscriber, port: 0, tags: [5], prefixes: [])
        let tables = ForwardingTables()
        let base: [TableObject] =
            [.port(port), .subscriber(owner)]
            + services.map { .service(ServiceObject(slot: ServiceIndex(rawValue: $0), prefixes: [])) }
        try tables.stage(Transaction(number: 1, changes: base.map { .set($0) }))
        var uses: [UInt32: UInt32] = [:]
        var published: [UInt32: UInt32] = [:]
        var most = 0
        for number in 2..<400 as Range<UInt64> {
            var changes: [Transaction.Change] = []
            for (place, service) in services.enumerated() where random.once(in: 6) {
                let slot = UInt32(place)
                if uses.removeValue(forKey: service) != nil {
                    changes.append(.remove(.session(SessionIndex(rawValue: slot))))
                } else if number % 80 < 50 || random.once(in: 4) {
                    uses[service] = slot
                    changes.append(.set(.session(Self.session(slot, service))))
                }
            }
            // Where the subscriber belongs may change under its sessions.
            var moved = owner
            moved.tags = [UInt16(number)]
            if random.once(in: 3) { changes.append(.set(.subscriber(moved))) }
            try tables.stage(Transaction(number: number, changes: changes))
            let before = tables.publication
            let after = tables.publish()
            for service in services {
                let index = ServiceIndex(rawValue: service)
                #expect(before.view.admission(Self.subscriber, index) == Self.admission(published[service]))
                #expect(after.view.admission(Self.subscriber, index) == Self.admission(uses[service]))
                #expect(after.view.admission(SubscriberIndex(rawValue: 4), index) == .none)
            }
            after.view.prefetch(Self.subscriber)
            #expect(after.view.subscriber(Self.subscriber).isOn(port: 0))
            published = uses
            most = max(most, uses.count)
            tables.settle()
        }
        #expect(most > 12, "seed \(seed)")
    }

    @Test("A refused transaction leaves a subscriber's uses as they were")
    func refusal() throws {
        let tables = ForwardingTables()
        let port = PortObject(slot: 0, name: "a", medium: .tap(interface: "a"), role: .access)
        let owner = SubscriberObject(slot: Self.subscriber, port: 0, tags: [], prefixes: [])
        let services = (0..<12).map {
            TableObject.service(ServiceObject(slot: ServiceIndex(rawValue: $0), prefixes: []))
        }
        let sessions = (0..<12).map { TableObject.session(Self.session($0, $0)) }
        let objects = [.port(port), .subscriber(owner)] + services + sessions
        try tables.stage(Transaction(number: 1, changes: objects.map { .set($0) }))
        _ = tables.publish()
        tables.settle()
        let removals = [0, 4, 9, 11].map { Transaction.Change.remove(.session(SessionIndex(rawValue: $0))) }
        let second = Transaction.Change.set(.session(Self.session(20, 5)))
        #expect(throws: TableError.self) {
            try tables.stage(Transaction(number: 2, changes: removals + [second]))
        }
        #expect(throws: TableError.self) {
            try tables.stage(Transaction(number: 2, changes: [.remove(.subscriber(Self.subscriber))]))
        }
        let view = tables.publish().view
        for service in 0..<12 as Range<UInt32> {
            let admission = view.admission(Self.subscriber, ServiceIndex(rawValue: service))
            #expect(admission == .session(SessionIndex(rawValue: service)))
        }
    }

    private static func admission(_ slot: UInt32?) -> Admission {
        slot.map { .session(SessionIndex(rawValue: $0)) } ?? .none
    }

    private static func session(_ slot: UInt32, _ service: UInt32) -> SessionObject {
        let way = SessionWay(
            arrival: Arrival(port: 0), nextHop: NextHop(port: 0), push: .nothing, maximumInnerByteCount: nil)
        return SessionObject(
            slot: SessionIndex(rawValue: slot), session: UInt64(slot), leg: 1, subscriber: subscriber,
            service: ServiceIndex(rawValue: service), rules: [], up: way, down: way)
    }
}

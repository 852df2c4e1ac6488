import Forwarder
import Link
import Packets
import Ports
import Synchronization
import TableCompiler
import Tables
import Testbed
import Testing
import Wire

/// Live tables whose ports are made of memory, without workers: whatever is published has passed at once.
private final class Bench {
    let folder = ScratchFolder()
    let counters: CounterFile
    let publisher: Publisher
    let stop = StopFlag()
    let live: LiveTables
    let log = Log()

    /// What happened, in order.
    final class Log {
        var lines: [String] = []
        /// Names of ports that can't be opened.
        var obstructed: Set<String> = []
        var routes: [String: [IPPrefix]] = [:]
        /// Slots of which it was said that they get other owners, and what was published then.
        var rebound: [(slots: Set<UInt32>, serial: UInt64?)] = []
        /// The last port opened by each name.
        var ports: [String: Box] = [:]

        struct Box { weak var port: SharedPort? }
        struct Obstruction: Error, CustomStringConvertible { let description = "it is bricked up" }

        func takeLines() -> [String] {
            defer { lines = [] }
            return lines
        }
    }

    init() throws {
        counters = try CounterFile(
            path: folder.file("counters-main"), region: .forwarding, requiresTmpfs: false)
        let tables = ForwardingTables()
        publisher = Publisher(workers: [], first: Publication(tables: tables.publication, ports: []))
        live = LiveTables(
            tables, publisher: publisher, counters: counters, stop: stop,
            open: { [log] object, routes, _ in
                if log.obstructed.contains(object.name) { throw Log.Obstruction() }
                let isFree = log.ports[object.name]?.port == nil
                log.lines.append("open \(object.name)" + (isFree ? "" : ", which is still open"))
                log.routes[object.name] = routes
                let mac = object.isEthernet ? object.mac ?? MACAddress(rawValue: 0x0200_0000_0099) : nil
                let port = SharedPort(
                    object.name, link: object.isEthernet ? .ethernet : .ip, macAddress: mac,
                    mtu: Int(object.mtu ?? 1500))
                log.ports[object.name] = Log.Box(port: port)
                return port
            },
            rebind: { [log, publisher] slots in
                let serial = publisher.next(for: 0, after: .max)?.tables.serial
                log.rebound.append((slots, serial))
            }, report: { [log] in log.lines.append($0) })
    }

    /// What packets are held against now.
    var publication: Publication? { publisher.next(for: 0, after: .max) }

    /// Applies a transaction whose sender is right about the hash.
    @discardableResult
    func apply(_ number: UInt64, isReset: Bool = false, _ changes: [Transaction.Change], off: UInt64 = 0)
        throws(TransactionRefusal) -> StagedChange?
    {
        let transaction = Transaction(number: number, isReset: isReset, changes: changes)
        var hash = isReset ? 0 : live.tableHash
        for change in changes {
            if !isReset { hash &-= objects[change.key]?.hash ?? 0 }
            if case .set(let object) = change { hash &+= object.hash }
        }
        let staged = try live.apply(transaction, tableHash: hash &+ off)
        if isReset { objects = [:] }
        for change in changes {
            switch change {
            case .set(let object): objects[object.key] = object
            case .remove(let key): objects[key] = nil
            }
        }
        return staged
    }

    private var objects: [TableKey: TableObject] = [:]

    func refusal(_ body: () throws(TransactionRefusal) -> StagedChange?) -> String {
        do throws(TransactionRefusal) {
            _ = try body()
            return "none"
        } catch { return error.description }
    }

    func status(_ slot: UInt16) -> PortStatus? { live.portStatuses.first { $0.slot == slot } }
}

@Suite("Live tables") struct LiveTablesTests {
    private let everything = Edges.compile(Edges.subscriberEdge).transaction.changes

    private func port(_ slot: UInt16) -> PortObject {
        for case .set(.port(let port)) in everything where port.slot == slot { return port }
        preconditionFailure("no port \(slot)")
    }

    @Test("A transaction opens its ports, binds its counters, and is published whole") func everythingAtOnce()
        throws
    {
        let bench = try Bench()
        let staged = try #require(try bench.apply(5, isReset: true, everything))
        #expect(staged.set == everything.count && staged.removed == 0)
        #expect(
            bench.log.takeLines() == [
                "open access0", "port access0: up", "open access1", "port access1: up", "open core0",
                "port core0: up", "open core1", "port core1: up",
            ])
        let publication = try #require(bench.publication)
        #expect(publication.tables.number == 5 && publication.tables.tableHash == bench.live.tableHash)
        #expect(
            publication.ports(of: 0).prefix(5).map { $0?.name } == [
                "access0", "access1", "core0", "core1", nil,
            ])
        #expect(publication.slotByteCount == 2048)
        #expect(
            bench.live.portStatuses.map(\.slot) == [0, 1, 2, 3] && bench.status(2)?.mac == Edges.subscriberMAC
        )
        let reader = CounterReader(path: bench.counters.path)
        try reader.refresh()
        #expect(reader.capacity == 4096)
        for case .set(.session(let session)) in everything {
            #expect(
                reader.read(Int(session.slot.rawValue))?.key
                    == CounterKey(session: session.session, leg: session.leg))
        }
        // The same again is nothing.
        let again = try #require(try bench.apply(6, isReset: true, everything))
        #expect(again.set == 0 && again.removed == 0 && again.untouched == everything.count)
        #expect(bench.log.takeLines().isEmpty && bench.publication?.tables.number == 6)
    }

    @Test("CD-7 A slot that goes from one leg to another at once is nobody's in between, and begins at zero")
    func displaced() throws {
        let bench = try Bench()
        try bench.apply(5, isReset: true, everything)
        var sessions: [SessionObject] = []
        for case .set(.session(let session)) in everything { sessions.append(session) }
        let slot = Int(sessions[0].slot.rawValue)
        let reader = CounterReader(path: bench.counters.path)
        try reader.refresh()
        let words = bench.counters.words(worker: 0) + CounterRegion.forwarding.slots + 4 * slot
        words[0] += 3
        #expect(reader.read(slot)?.upPackets == 3)
        var next = sessions[0]
        next.session += 100
        var serial = try #require(bench.publication).tables.serial
        func publications() throws -> UInt64 {
            let before = serial
            serial = try #require(bench.publication).tables.serial
            return serial - before
        }

        bench.log.rebound = []

        // What is refused gives the slot back.
        var wrong = sessions[1]
        wrong.service = ServiceIndex(rawValue: 60_000)
        #expect(
            bench.refusal { () throws(TransactionRefusal) in
                try bench.apply(6, [.set(.session(next)), .set(.session(wrong))])
            }.contains("there is no service 60000"))
        #expect(bench.publication?.tables.number == 5 && reader.read(slot)?.upPackets == 3)
        #expect(bench.log.rebound.isEmpty, "its drops are forgotten though it stays")
        #expect(try publications() == 2)
        try bench.apply(6, [])
        #expect(try publications() == 1)

        bench.log.rebound = []
        try bench.apply(7, [.set(.session(next))])
        // Between the two, when nobody can be counted there.
        #expect(bench.log.rebound.map(\.slots) == [[UInt32(slot)]])
        #expect(bench.log.rebound.map(\.serial) == [serial + 1])
        #expect(try publications() == 2)
        #expect(
            reader.read(slot)
                == CounterReading(
                    key: CounterKey(session: next.session, leg: next.leg), start: 3, upPackets: 0, upBytes: 0,
                    downPackets: 0, downBytes: 0))
        // The same leg in other ways stays, and so does its count.
        words[0] += 2
        next.rules = []
        next.up.maximumInnerByteCount = 1_000
        try bench.apply(8, [.set(.session(next))])
        #expect(try publications() == 1 && reader.read(slot)?.upPackets == 2)
    }

    @Test("CD-7 A slot of a path group that goes to another leg takes its group along, and back")
    func displacedFromGroup() throws {
        let bench = try Bench()
        try bench.apply(5, isReset: true, everything)
        var first = try #require(
            everything.lazy.compactMap { change in
                if case .set(.session(let session)) = change { session } else { nil }
            }.first)
        first.isGrouped = true
        var second = first
        second.slot = SessionIndex(rawValue: 40)
        second.leg += 50
        (second.up.userLabel, second.down.userLabel) = (nil, nil)
        let group = PathGroupObject(
            slot: first.slot, subscriber: first.subscriber, service: first.service,
            sessions: [first.slot, second.slot])
        try bench.apply(6, [.set(.session(first)), .set(.session(second)), .set(.group(group))])
        func isAdmittedByGroup() throws -> Bool {
            let view = try #require(bench.publication).tables.view
            return view.admission(first.subscriber, first.service)
                == .group(PathGroupIndex(rawValue: first.slot.rawValue))
        }
        #expect(try isAdmittedByGroup())
        second.leg += 1
        let serial = try #require(bench.publication).tables.serial
        try bench.apply(7, [.set(.session(second))])
        #expect(try isAdmittedByGroup() && bench.publication?.tables.serial == serial + 2)
        second.leg += 1
        var wrong = second
        wrong.isGrouped = false
        let refusal = bench.refusal { () throws(TransactionRefusal) in
            try bench.apply(8, [.set(.session(wrong))])
        }
        #expect(refusal.contains("none of this group's"))
        #expect(try isAdmittedByGroup() && bench.publication?.tables.number == 7)
    }

    @Test("A port counts from where it got its slot, and goes on under its name") func portCounters() throws {
        let bench = try Bench()
        let reader = CounterReader(path: bench.counters.path)
        let word = bench.counters.words(worker: 0) + CounterRegion.forwarding.portsIn
        func received() throws -> UInt64 {
            try reader.refresh()
            return try #require(reader.totals()).ports[0].received
        }
        var port = PortObject(slot: 0, name: "p0", medium: .tun(interface: "t0"), role: .access)
        try bench.apply(1, isReset: true, [.set(.port(port))])
        word[0] += 5
        port.medium = .tun(interface: "t1")
        try bench.apply(2, [.set(.port(port))])
        #expect(try received() == 5)
        port.name = "p1"
        try bench.apply(3, [.set(.port(port))])
        #expect(try received() == 0)
        word[0] += 2
        #expect(try received() == 2)
    }

    @Test("What is refused changes nothing, and says why") func refusals() throws {
        let bench = try Bench()
        try bench.apply(5, isReset: true, everything)
        _ = bench.log.takeLines()
        let before = bench.publication?.tables.serial
        let hash = bench.live.tableHash
        #expect(
            bench.refusal { () throws(TransactionRefusal) in try bench.apply(6, [], off: 1) }.contains(
                "send everything anew"))
        let port = TableKey.port(2)
        #expect(
            bench.refusal { () throws(TransactionRefusal) in try bench.apply(6, [.remove(port)]) }
                .contains("port 2: it can't go"))
        var session: SessionObject?
        for case .set(.session(let it)) in everything { session = it }
        var far = try #require(session)
        far.slot = SessionIndex(rawValue: 1 << 21)
        #expect(
            bench.refusal { () throws(TransactionRefusal) in try bench.apply(6, [.set(.session(far))]) }
                .contains("session slots up to 2097152"))
        #expect(bench.publication?.tables.serial == before && bench.live.tableHash == hash)
        #expect(bench.log.takeLines().isEmpty && bench.counters.capacity == 4096)
    }

    @Test(
        "Only another medium, MAC address or MTU opens a port anew, and not before the old one is closed"
    )
    func reopening() throws {
        let bench = try Bench()
        try bench.apply(1, isReset: true, everything)
        _ = bench.log.takeLines()
        var changed = port(3)
        changed.role = .access
        changed.neighbours = [StaticNeighbour(address: .v4(IPv4Address("10.0.1.9")!), mac: Edges.bobMAC)]
        changed.addresses = [InterfaceAddress("10.0.1.77/24")!]
        try bench.apply(2, [.set(.port(changed))])
        #expect(bench.log.takeLines().isEmpty)
        #expect(bench.publication?.tables.ports[3]?.neighbours.count == 1)
        var number: UInt64 = 3
        for edit: (inout PortObject) -> Void in [
            { $0.medium = .packet(interface: "veth-east") }, { $0.mac = Edges.bobMAC }, { $0.mtu = 1400 },
        ] {
            edit(&changed)
            try bench.apply(number, [.set(.port(changed))])
            #expect(bench.log.takeLines() == ["open core1", "port core1: up"])
            #expect(bench.publication?.tables.number == number)
            number += 1
        }
        #expect(bench.status(3)?.mac == Edges.bobMAC && bench.status(3)?.mtu == 1400)
    }

    @Test("A port that goes is closed; one that comes is opened, beside those that stay")
    func comingAndGoing() throws {
        let bench = try Bench()
        let ports = (0..<3).map {
            PortObject(slot: $0, name: "p\($0)", medium: .tun(interface: "t\($0)"), role: .access)
        }
        try bench.apply(1, isReset: true, ports[..<2].map { .set(.port($0)) })
        _ = bench.log.takeLines()
        try bench.apply(2, [.remove(.port(0)), .set(.port(ports[2]))])
        #expect(bench.log.takeLines() == ["port p0: removed", "open p2", "port p2: up"])
        #expect(bench.log.ports["p0"]?.port == nil && bench.log.ports["p1"]?.port != nil)
        #expect(bench.publication?.ports(of: 0).prefix(3).map { $0?.name } == [nil, "p1", "p2"])
        #expect(bench.live.portStatuses.map(\.slot) == [1, 2])
    }

    @Test("A port that can't be opened is absent, with the reason; the transaction is applied")
    func obstructed() throws {
        let bench = try Bench()
        bench.log.obstructed = ["core0"]
        #expect(try bench.apply(1, isReset: true, everything) != nil)
        #expect(
            bench.status(2)?.plain == PortStatus(slot: 2, state: .absent, detail: "it is bricked up", mtu: 0))
        #expect(bench.log.takeLines().contains("port core0: absent: it is bricked up"))
        #expect(bench.publication?.ports(of: 0)[2] == nil && bench.publication?.ports(of: 0)[3] != nil)
        // Tried again each second; the log tells it once.
        #expect(!bench.live.maintain(at: .now) && !bench.live.maintain(at: .now + .seconds(2)))
        #expect(bench.log.takeLines().isEmpty)
        bench.log.obstructed = []
        #expect(bench.live.maintain(at: .now + .seconds(2)))
        #expect(bench.log.takeLines() == ["open core0", "port core0: up"])
        #expect(bench.status(2)?.state == .up && bench.publication?.ports(of: 0)[2] != nil)
        #expect(bench.publication?.tables.ports[2]?.mac == bench.status(2)?.mac)
    }

    @Test("A port that could not be opened is tried anew when it is told anew") func obstructedAnew() throws {
        let bench = try Bench()
        bench.log.obstructed = ["core0"]
        try bench.apply(1, isReset: true, everything)
        // Told anew, it is tried anew.
        bench.log.obstructed = []
        var changed = port(2)
        changed.neighbours = []
        try bench.apply(2, [.set(.port(changed))])
        #expect(bench.status(2)?.state == .up && bench.publication?.ports(of: 0)[2] != nil)
    }

    @Test(
        "What a worker says of a port reaches the tables and the status; what it said of another port does not"
    )
    func reports() throws {
        let bench = try Bench()
        var open = port(3)
        open.mac = nil
        try bench.apply(1, isReset: true, [.set(.port(open))])
        let serial = try #require(bench.publication).tables.serial
        #expect(bench.publication?.tables.ports[3]?.mac == MACAddress(rawValue: 0x0200_0000_0099))
        let port = SharedPort("core1", link: .ethernet, macAddress: Edges.bobMAC, mtu: 9000)
        port.set(.down)
        let report = PortReport(port, slot: 3, serial: serial)
        var late = report
        late.serial = serial - 1
        #expect(!bench.live.take([late]) && !bench.live.take([PortReport(port, slot: 9, serial: serial)]))
        #expect(bench.publication?.tables.serial == serial)
        _ = bench.log.takeLines()
        #expect(bench.live.take([report]) && !bench.live.take([report]))
        #expect(bench.log.takeLines() == ["port core1: down"])
        #expect(bench.status(3)?.plain == PortStatus(slot: 3, state: .down, mac: Edges.bobMAC, mtu: 9000))
        let publication = try #require(bench.publication)
        #expect(publication.tables.ports[3]?.mac == Edges.bobMAC && publication.slotByteCount > 9000)
        // A link may claim to take what no packet has.
        let endless = SharedPort("core1", link: .ethernet, macAddress: Edges.bobMAC, mtu: 2_000_000_000)
        #expect(bench.live.take([PortReport(endless, slot: 3, serial: publication.tables.serial)]))
        #expect(try #require(bench.publication).slotByteCount < 70_000)
    }

    @Test("What only the publication before held ends with the publishing thread, not between packets")
    func afterlife() throws {
        let folder = ScratchFolder()
        let counters = try CounterFile(
            path: folder.file("counters-main"), region: .forwarding, requiresTmpfs: false)
        let tables = ForwardingTables()
        let publisher = Publisher(
            workers: ["w"], first: Publication(tables: tables.publication, ports: []))
        let stop = StopFlag()
        let stillThere = Mutex<[Bool]>([])
        let worker = NativeThread("w") {
            weak var last: Publication?
            var serial: UInt64 = 0
            while !stop.isRaised {
                guard let next = publisher.next(for: 0, after: serial) else { continue }
                if serial > 0 { stillThere.withLock { [isThere = last != nil] in $0.append(isThere) } }
                last = next
                serial = next.tables.serial
                publisher.notePassed(serial, worker: 0)
            }
        }
        let live = LiveTables(tables, publisher: publisher, counters: counters, stop: stop) { _ in }
        for number in 1...3 as ClosedRange<UInt64> {
            _ = try live.apply(Transaction(number: number, changes: []), tableHash: 0)
        }
        stop.raise()
        worker.join()
        #expect(stillThere.withLock { $0 } == [true, true])
    }

    @Test("Routes into a TUN are those of the tables, when it is opened") func routes() throws {
        let bench = try Bench()
        let tun = PortObject(
            slot: 0, name: "t", medium: .tun(interface: "t"), role: .access, routes: .services)
        let prefix = try #require(IPPrefix("198.51.100.0/24"))
        try bench.apply(
            1, isReset: true,
            [
                .set(.port(tun)),
                .set(.service(ServiceObject(slot: ServiceIndex(rawValue: 0), prefixes: [prefix]))),
            ])
        #expect(bench.log.routes["t"] == [prefix])
    }

    @Test("A worker that is stuck is named each second, and nothing is acknowledged; a stop ends the wait")
    func stuckWorker() throws {
        let folder = ScratchFolder()
        let counters = try CounterFile(
            path: folder.file("counters-main"), region: .forwarding, requiresTmpfs: false)
        let tables = ForwardingTables()
        let publisher = Publisher(
            workers: ["worker 0", "worker 1"], first: Publication(tables: tables.publication, ports: []))
        let stop = StopFlag()
        var lines: [String] = []
        let live = LiveTables(tables, publisher: publisher, counters: counters, stop: stop) {
            lines.append($0)
            if lines.count == 2 { stop.raise() }
        }
        let staged = try live.apply(Transaction(number: 7, changes: []), tableHash: 0)
        #expect(staged == nil && lines.count == 2)
        #expect(lines[0].hasPrefix("worker 0, worker 1 has not taken in transaction 7 for 1 s"))
    }
}

extension PortStatus {
    /// Without what it is, and since when.
    fileprivate var plain: PortStatus {
        var plain = self
        (plain.kind, plain.since) = ("", 0)
        return plain
    }
}

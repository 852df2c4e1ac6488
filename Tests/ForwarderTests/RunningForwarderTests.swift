import Forwarder
import Glibc
import Link
import Packets
import Ports
import Synchronization
import Tables
import Testbed
import Testing
import Wire

/// A control plane that knows two states of the tables and sends them in turn.
final class Toggler: Sendable {
    struct Progress {
        var sentCount = 0
        var appliedCount = 0
        var rejections: [String] = []
        var hello: Hello?
        var ports: [PortStatus] = []
    }

    let progress = Mutex(Progress())
    private let transactions: [ExpectedTransaction]

    /// - Parameter transactions: to be sent one after the other, each when the one before is applied.
    init(_ transactions: [ExpectedTransaction]) { self.transactions = transactions }

    func handle(_ event: LinkServer.Event) {
        switch event {
        case .connected(let connection):
            progress.withLock { $0.hello = connection.hello }
            sendNext(connection)
        case .applied(let connection, let applied):
            let expected = progress.withLock { progress in
                progress.appliedCount += 1
                return transactions[progress.sentCount - 1]
            }
            if applied.number != expected.transaction.number || applied.tableHash != expected.tableHash {
                progress.withLock { $0.rejections.append("\(applied) for another transaction") }
            }
            sendNext(connection)
        case .rejected(_, let rejected): progress.withLock { $0.rejections.append(rejected.reason) }
        case .ports(_, let ports): progress.withLock { $0.ports = ports }
        case .disconnected, .refused: break
        }
    }

    private func sendNext(_ connection: LinkConnection) {
        let next = progress.withLock { progress -> ExpectedTransaction? in
            guard progress.sentCount < transactions.count else { return nil }
            progress.sentCount += 1
            return transactions[progress.sentCount - 1]
        }
        if let next { connection.send(next.transaction, tableHash: next.tableHash) }
    }

    var isDone: Bool {
        progress.withLock { $0.appliedCount == transactions.count || !$0.rejections.isEmpty }
    }
}

/// One way to the same service, in two wholes: a packet that saw a half of each would find no session.
enum TwoWays {
    static let base = Edges.compile(Edges.subscriberEdge).transaction.changes

    static let session: SessionObject = {
        for case .set(.session(let session)) in base where session.slot.rawValue == 0 { return session }
        preconditionFailure("no session 0")
    }()
    static let service: ServiceObject = {
        for case .set(.service(let service)) in base where service.slot.rawValue == 0 { return service }
        preconditionFailure("no service 0")
    }()

    /// The same service in another slot, and a session for it with labels of its own, in another counter slot.
    static let otherService = ServiceObject(slot: ServiceIndex(rawValue: 9), prefixes: service.prefixes)
    static let otherSession: SessionObject = {
        var other = session
        other.slot = SessionIndex(rawValue: 10)
        other.session += 1000
        other.service = otherService.slot
        other.down.userLabel?.label = Label(unchecked: 200_142)
        guard case .labels(var labels, let flags) = other.up.push else { preconditionFailure("no labels") }
        labels[1].label = Label(unchecked: 100_142)
        other.up.push = .labels(labels, flags)
        return other
    }()

    /// Everything but the sessions, and the first of the two ways.
    static let start: [Transaction.Change] =
        base.filter {
            switch $0.key {
            case .port, .tunnel, .subscriber: true
            default: false
            }
        } + [.set(.service(service)), .set(.session(session))]

    static let there: [Transaction.Change] = [
        .remove(.session(session.slot)), .remove(.service(service.slot)), .set(.service(otherService)),
        .set(.session(otherSession)),
    ]
    static let back: [Transaction.Change] = [
        .remove(.session(otherSession.slot)), .remove(.service(otherService.slot)), .set(.service(service)),
        .set(.session(session)),
    ]

    /// The start, and then there and back, so many times.
    static func transactions(_ toggleCount: Int) -> [ExpectedTransaction] {
        var hashes: [TableKey: UInt64] = [:]
        return (0...toggleCount).map { number in
            let changes = number == 0 ? start : number % 2 == 1 ? there : back
            for change in changes {
                switch change {
                case .set(let object): hashes[object.key] = object.hash
                case .remove(let key): hashes[key] = nil
                }
            }
            return ExpectedTransaction(
                Transaction(number: UInt64(100 + number), isReset: number == 0, changes: changes),
                tableHash: hashes.values.reduce(0, &+))
        }
    }

    /// The user label of a frame that has two labels behind its Ethernet header.
    static func userLabel(_ frame: [UInt8]) -> Int {
        frame.count < 22 ? 0 : Int(frame[18]) << 12 | Int(frame[19]) << 4 | Int(frame[20]) >> 4
    }
}

@Suite("Running forwarder") struct RunningForwarderTests {
    private let folder = ScratchFolder()
    private let ports: [String: SharedPort] = [
        "access0": SharedPort("access0", link: .ip),
        "access1": SharedPort("access1", link: .ethernet, macAddress: Edges.accessMAC),
        "core0": SharedPort("core0", link: .ethernet, macAddress: Edges.subscriberMAC),
        "core1": SharedPort("core1", link: .ethernet, macAddress: Edges.subscriberMAC1),
    ]

    private func server(_ toggler: Toggler) throws -> LinkServer {
        try LinkServer(
            path: folder.file("link.sock"),
            holding: InstanceLock(folder.file("wayleaved.lock"), for: "control plane"), journal: 77
        ) { toggler.handle($0) }
    }

    private func forwarder(
        _ counters: CounterFile, report: @escaping @Sendable (String) -> Void = { _ in }
    ) -> RunningForwarder {
        let configuration = LinkThread.Configuration(
            socketPath: folder.file("link.sock"), name: "main", software: "test", processID: UInt32(getpid()),
            counterFile: counters.fileID)
        return RunningForwarder(
            configuration, counters: counters,
            open: { [ports] object, _, _ in
                guard let port = ports[object.name] else { throw Missing() }
                return port
            }, report: report)
    }

    private struct Missing: Error {}

    private func counterFile() throws -> CounterFile {
        try CounterFile(path: folder.file("counters-main"), region: .forwarding, requiresTmpfs: false)
    }

    @Test("PX-4 PX-5 packets see each transaction whole or not at all, none is lost, and each is on one bill")
    func togglingUnderTraffic() throws {
        let counters = try counterFile()
        let toggler = Toggler(TwoWays.transactions(300))
        let server = try server(toggler)
        let forwarder = forwarder(counters)
        let (access, core) = (try #require(ports["access0"]), try #require(ports["core0"]))
        #expect(eventually { toggler.progress.withLock { $0.appliedCount } > 0 })

        let frame = Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 100).bytes
        let burst = Array(repeating: frame, count: 64)
        var offered = 0
        var sent: [Int: Int] = [:]
        // The port's own addresses, announced when it came up.
        var announced = 0
        func take() {
            for frame in core.takeSent() {
                if Frame(frame)?.etherType == .mpls {
                    sent[TwoWays.userLabel(frame), default: 0] += 1
                } else {
                    announced += 1
                }
            }
        }
        let isDone = eventually(seconds: 120) {
            // Never so many that they wait for long: what counts is packets between transactions.
            while access.waitingCount < 256 {
                access.offer(burst)
                offered += burst.count
            }
            take()
            return toggler.isDone
        }
        #expect(isDone && toggler.progress.withLock { $0.rejections } == [])
        #expect(
            eventually {
                take()
                return sent.values.reduce(0, +) == offered
            }, "\(sent) of \(offered) packets were sent")
        #expect(Set(sent.keys) == [100_042, 100_142] && offered > 1000)

        server.stop()
        #expect(forwarder.end())
        let reader = CounterReader(path: counters.path)
        try reader.refresh()
        let totals = try #require(reader.totals())
        #expect(totals.drops.allSatisfy { $0.count == 0 } && totals.forwarded == offered)
        #expect(totals.ports[0].received == offered && totals.ports[2].sent == offered + announced)
        #expect(reader.read(0)?.upPackets == UInt64(sent[100_042] ?? 0))
        #expect(reader.read(10)?.upPackets == UInt64(sent[100_142] ?? 0))
        #expect(
            reader.read(10)?.key
                == CounterKey(session: TwoWays.otherSession.session, leg: TwoWays.session.leg))
        #expect(reader.read(0)?.upBytes == UInt64(128 * (sent[100_042] ?? 0)))
    }

    @Test("While the control plane is away packets pass; when it is back, the forwarder says what it has")
    func withoutControlPlane() throws {
        let counters = try counterFile()
        let forwarder = forwarder(counters)
        let (access, core) = (try #require(ports["access0"]), try #require(ports["core0"]))
        let frame = Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 100).bytes
        var count = 0
        func passes(_ label: Int) -> Bool {
            access.offer([frame])
            count += 1
            return eventually { core.takeSent().map(TwoWays.userLabel) == [label] }
        }
        let transactions = TwoWays.transactions(1)
        do {
            let toggler = Toggler(transactions)
            let server = try server(toggler)
            #expect(eventually { toggler.isDone })
            #expect(toggler.progress.withLock { $0.hello?.tables } == .empty)
            #expect(passes(100_142))
            let statuses = toggler.progress.withLock { $0.ports }
            #expect(statuses.map(\.slot) == [0, 1, 2, 3] && statuses.allSatisfy { $0.state == .up })
            server.stop()
        }
        #expect(passes(100_142))
        do {
            let toggler = Toggler([])
            let server = try server(toggler)
            #expect(eventually { toggler.progress.withLock { $0.hello } != nil })
            #expect(
                toggler.progress.withLock { $0.hello?.tables }
                    == TableVersion(journal: 77, number: 101, hash: transactions[1].tableHash))
            // A port that goes down is told to the control plane that is there now.
            try #require(ports["core1"]).set(.down)
            #expect(
                eventually { toggler.progress.withLock { $0.ports.first { $0.slot == 3 }?.state } == .down })
            server.stop()
        }
        #expect(forwarder.end())
        #expect(counters.fileID == (try counterFile()).fileID)
        let reader = CounterReader(path: counters.path)
        try reader.refresh()
        #expect(reader.read(10)?.upPackets == UInt64(count))
    }

    @Test("A transaction that the tables refuse is refused over the link, and what was there stays")
    func rejected() throws {
        let forwarder = forwarder(try counterFile())
        var transactions = TwoWays.transactions(1)
        transactions[1].tableHash &+= 1
        let toggler = Toggler(transactions)
        let server = try server(toggler)
        #expect(eventually { toggler.isDone })
        #expect(toggler.progress.withLock { $0.rejections.first }?.contains("send everything anew") == true)
        let (access, core) = (try #require(ports["access0"]), try #require(ports["core0"]))
        access.offer([Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 100).bytes])
        #expect(eventually { core.takeSent().map(TwoWays.userLabel) == [100_042] })
        server.stop()
        #expect(forwarder.end())
    }

    @Test("A worker that is stuck keeps nobody from stopping: it is named, and nothing is taken from it")
    func stuckAtTheEnd() throws {
        let lines = Mutex<[String]>([])
        let forwarder = forwarder(try counterFile()) { line in lines.withLock { $0.append(line) } }
        let toggler = Toggler(TwoWays.transactions(0))
        let server = try server(toggler)
        #expect(eventually { toggler.isDone })
        let port = try #require(ports["access0"])
        port.isStuck.raise()
        port.offer([Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 100).bytes])
        #expect(eventually { port.isWaitedFor.isRaised })
        #expect(!forwarder.end(patience: .milliseconds(200)))
        let last = lines.withLock { $0.last }
        #expect(last?.hasPrefix("worker 0 has not ended within 0.2 seconds: stuck") == true)
        port.isFree.raise()
        #expect(forwarder.end())
        server.stop()
    }
}

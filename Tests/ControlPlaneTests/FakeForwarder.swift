import ControlPlane
import Exchange
import Glibc
import Link
import Synchronization
import Tables

/// A forwarder without packets: holds the tables it is sent in a dictionary, and counts what a test says.
final class FakeForwarder: Sendable {
    /// How it treats transactions.
    enum Manner: Sendable {
        case applies
        case isSilent
        case refuses(String)
    }

    /// A transaction as it came, and what it did.
    struct Arrival: Equatable, Sendable {
        var number: UInt64
        var isReset: Bool
        var changeCount: Int
        var setCount = 0
        var removedCount = 0
        var untouchedCount = 0
    }

    fileprivate struct Contents {
        var manner = Manner.applies
        var objects: [TableKey: TableObject] = [:]
        var version = TableVersion.empty
        var welcome: Welcome?
        var client: LinkClient?
        var arrivals: [Arrival] = []
        /// Clients so far: what came by an earlier one can't be answered any more.
        var generation = 0
        var held: [(received: ReceivedTransaction, generation: Int)] = []
    }

    private static let region = CounterRegion(
        slotCount: 4_096, portCount: 8, wordCount: 32 + 4 * 4_096, totals: 0, drops: 8, portsIn: 16,
        portsOut: 24,
        slots: 32, dropNames: ["notAdmitted", "ttlExpired"])

    let name: String
    let counters: CounterFile
    private let directory: InstanceDirectory
    private let lock: Mutex<InstanceLock?>
    private let contents = Mutex(Contents())

    init(_ site: Site, name: String = "main") throws {
        self.name = name
        directory = try InstanceDirectory("test", base: site.configuration.runDirectory)
        try directory.create()
        lock = Mutex(try InstanceLock(directory.forwarderLock(name), for: "forwarder"))
        counters = try CounterFile(
            path: directory.counterFile(forwarder: name), region: Self.region, requiresTmpfs: false)
        try counters.ensure(slots: 4_096)
    }

    deinit { disconnect() }

    // MARK: The link

    func connect() {
        // Locked, since something may come by the client before it is kept.
        contents.withLock { contents in
            contents.generation += 1
            let generation = contents.generation
            contents.client = LinkClient(path: directory.linkSocket) { [weak self] in
                guard let self else { preconditionFailure("connects without a forwarder") }
                return hello
            } handler: { [weak self] event in
                switch event {
                case .connected(let welcome): self?.greet(welcome)
                case .transaction(let received): self?.receive(received, generation)
                case .disconnected, .unreachable: break
                }
            }
        }
    }

    private func greet(_ welcome: Welcome) {
        contents.withLock { contents in
            contents.welcome = welcome
            contents.client?.send(contents.ports)
        }
    }

    private var hello: Hello {
        Hello(
            software: "fake", name: name, processID: UInt32(getpid()), counterFile: counters.fileID,
            tables: version)
    }

    func disconnect() {
        contents.withLock { contents in
            defer { contents.client = nil }
            return contents.client
        }?.stop()
    }

    /// Lets go of its lock, as the end of a process does; its counter file stays, unless the machine has gone with it.
    func die(withFile: Bool = false) {
        disconnect()
        lock.withLock { $0 = nil }
        if withFile { unlink(counters.path) }
    }

    func send(_ ports: [Link.PortStatus]) { contents.withLock { $0.client }?.send(ports) }

    /// How it treats transactions from now on; those that it was silent about are treated so too.
    func become(_ manner: Manner) {
        let held = contents.withLock { contents in
            contents.manner = manner
            defer { contents.held = [] }
            return contents.held
        }
        for (received, generation) in held { receive(received, generation) }
    }

    private func receive(_ received: ReceivedTransaction, _ generation: Int) {
        let answer = contents.withLock { contents -> ((LinkClient) -> Void)? in
            let transaction = received.transaction
            var arrival = Arrival(
                number: transaction.number, isReset: transaction.isReset,
                changeCount: transaction.changes.count)
            switch contents.manner {
            case .isSilent:
                contents.held.append((received, generation))
                return nil
            case .refuses(let reason):
                contents.arrivals.append(arrival)
                return {
                    $0.answer(RejectedTransaction(number: transaction.number, reason: reason), to: received)
                }
            case .applies:
                contents.apply(transaction, &arrival, counters)
                contents.arrivals.append(arrival)
                let applied = AppliedTransaction(
                    number: transaction.number, setCount: UInt32(arrival.setCount),
                    removedCount: UInt32(arrival.removedCount),
                    untouchedCount: UInt32(arrival.untouchedCount),
                    tableHash: contents.version.hash, microseconds: 7)
                let ports = contents.ports
                return {
                    $0.send(ports)
                    $0.answer(applied, to: received)
                }
            }
        }
        guard let answer else { return }
        contents.withLock { $0.generation == generation ? $0.client : nil }.map(answer)
    }

    // MARK: What it has

    var objects: [TableKey: TableObject] { contents.withLock { $0.objects } }
    var version: TableVersion { contents.withLock { $0.version } }
    /// Every transaction that it has answered.
    var arrivals: [Arrival] { contents.withLock { $0.arrivals } }
    /// How many it hasn't answered.
    var heldCount: Int { contents.withLock { $0.held.count } }

    /// Whether its tables have a session in a counter slot.
    func hasSession(inSlot slot: Int) -> Bool {
        objects[.session(SessionIndex(rawValue: UInt32(slot)))] != nil
    }

    /// Counts packets of a slot.
    func count(
        _ slot: Int, up: (packets: UInt64, bytes: UInt64), down: (packets: UInt64, bytes: UInt64) = (0, 0)
    ) {
        let words = counters.words(worker: 0) + Self.region.slots + 4 * slot
        words[0] += up.packets
        words[1] += up.bytes
        words[2] += down.packets
        words[3] += down.bytes
    }

    /// Counts what isn't a session's: totals, drops of the first reason, packets of the first port.
    func count(forwarded: UInt64, dropped: UInt64, received: UInt64, sent: UInt64) {
        let words = counters.words(worker: 0)
        words[Self.region.totals] += forwarded
        words[Self.region.drops] += dropped
        words[Self.region.portsIn] += received
        words[Self.region.portsOut] += sent
    }
}

fileprivate extension FakeForwarder.Contents {
    mutating func apply(
        _ transaction: Transaction, _ arrival: inout FakeForwarder.Arrival, _ counters: CounterFile
    ) {
        var gone = transaction.isReset ? Set(objects.keys) : []
        for change in transaction.changes {
            switch change {
            case .set(let object):
                gone.remove(object.key)
                if objects[object.key] == object {
                    arrival.untouchedCount += 1
                    continue
                }
                arrival.setCount += 1
                objects[object.key] = object
                switch object {
                case .session(let session):
                    counters.bind(
                        slot: Int(session.slot.rawValue), session: session.session, leg: session.leg)
                case .port(let port): counters.bind(port: Int(port.slot), name: port.name)
                default: break
                }
            case .remove(let key): gone.insert(key)
            }
        }
        for key in gone where objects.removeValue(forKey: key) != nil { arrival.removedCount += 1 }
        version = TableVersion(
            journal: welcome?.journal ?? 0, number: transaction.number,
            hash: objects.values.reduce(0) { $0 &+ $1.hash })
    }

    /// All of its ports, which are well.
    var ports: [Link.PortStatus] {
        objects.keys.compactMap { key in
            guard case .port(let slot) = key else { return nil }
            return Link.PortStatus(slot: slot, state: .up, mtu: 1_500)
        }
    }
}

public import Link
import Packets
public import Ports
public import Tables
public import Wire

/// The tables of a running forwarder, with the ports that they speak of and the counter slots that they count in: what
/// transactions are applied to, on one thread, while workers forward.
public final class LiveTables {
    /// Opens a port; see `PortOpener.open`.
    public typealias Opener = (PortObject, [IPPrefix], @escaping (String) -> Void) throws -> any PacketPort

    private let name: String
    private let tables: ForwardingTables
    private let publisher: Publisher
    private let counters: CounterFile
    private let stop: StopFlag
    private let open: Opener
    private let report: (String) -> Void
    /// Nil: nothing is known of interfaces but what their ports say.
    private let watch: KernelWatch?
    private var shared = SharedPorts()
    private let rebind: (Set<UInt32>) -> Void
    /// By slot.
    private var ports: [UInt16: LivePort] = [:]
    /// The open ones' queues, by slot and then worker.
    private var queues: [UInt16: (port: any PacketPort, queues: [any PacketPort])] = [:]
    /// What all workers go by.
    private var passed: Publication?

    /// - Parameters:
    ///   - name: the forwarder's: it opens the ports that are said to be its.
    ///   - tables: with nothing published.
    ///   - publisher: of which the first publication was these tables'.
    ///   - stop: raised when nobody waits for workers any more.
    ///   - watch: what the kernel says of interfaces.
    ///   - rebind: is told of counter slots that get other owners, while nothing can be counted there: after the former ones
    ///     were taken out of every worker's tables, before these are published.
    ///   - report: takes a line for people: a port that came, went or changed; a worker that is stuck.
    public init(
        _ tables: ForwardingTables, name: String = InstanceDirectory.defaultForwarder, publisher: Publisher,
        counters: CounterFile, stop: StopFlag,
        open: @escaping Opener = { try PortOpener.open($0, routes: $1, warn: $2) },
        watch: KernelWatch? = nil, rebind: @escaping (Set<UInt32>) -> Void = { _ in },
        report: @escaping (String) -> Void
    ) {
        self.watch = watch
        self.name = name
        self.tables = tables
        self.publisher = publisher
        self.counters = counters
        self.stop = stop
        self.open = open
        self.report = report
        self.rebind = rebind
    }

    /// The sum of the hashes of all table objects, mod 2⁶⁴.
    public var tableHash: UInt64 { tables.tableHash }

    /// How all ports of this forwarder are, by slot.
    public var portStatuses: [PortStatus] {
        ports.values.filter { isOurs($0.object) }.map(\.status).sorted { $0.slot < $1.slot }
    }

    private func isOurs(_ port: PortObject) -> Bool { port.forwarder == name }

    /// Applies a transaction: when this returns, every worker goes by it, and its ports are open or their state says
    /// why not.
    /// - Parameter hash: what `tableHash` must be then.
    /// - Returns: what has been done; nil if `stop` was raised before every worker had passed.
    /// - Throws: why not, in a sentence; nothing has been changed then.
    public func apply(
        _ transaction: Transaction, tableHash hash: UInt64
    ) throws(TransactionRefusal) -> StagedChange? {
        let result = tables.tableHash(after: transaction)
        guard result == hash else {
            throw TransactionRefusal(
                "the tables would have hash \(result) and not \(hash), so they aren't what they are taken for; "
                    + "send everything anew")
        }
        try takeRoom(for: transaction)
        let displaced = objectsDisplaced(by: transaction)
        guard try takeOut(displaced) else { return nil }
        let taken = slotsTaken(by: transaction)
        let staged: StagedChange
        do throws(TableError) { staged = try tables.stage(restoring(displaced, in: transaction)) } catch {
            putBack(displaced)
            throw TransactionRefusal(error.description)
        }
        // Nobody counts in these slots now: who had them is out of every worker's tables, who gets them isn't in any yet.
        rebind(taken)
        bindCounters(of: transaction)
        guard bringPorts(upTo: transaction, staged), publish() else { return nil }
        for slot in staged.changedPorts { updateInterface(of: slot) }
        share(transaction, staged)
        for slot in staged.portsWithChangedRoutes { updateRoutes(of: slot) }
        return staged
    }

    /// Takes in what a worker says of its ports.
    /// - Returns: whether a port's status has changed.
    public func take(_ reports: [PortReport]) -> Bool {
        let before = portStatuses
        let slotByteCount = self.slotByteCount
        var changesTables = false
        for report in reports {
            guard var live = ports[report.slot], live.port != nil, report.serial >= live.serial else {
                continue
            }
            let state = live.status.state
            live.take(report)
            ports[report.slot] = live
            if live.status.state != state {
                self.report(live.words)
                // The kernel has lost its routes into an interface that was away.
                if live.status.state == .up { keep(report.slot) }
            }
            if tellTables(live, mac: report.mac) { changesTables = true }
        }
        if changesTables || self.slotByteCount > slotByteCount { _ = publish() }
        return portStatuses != before
    }

    /// Sees to what no worker has time for: the kernel's ends of interfaces, and ports that could not be opened. To be
    /// called about once a second.
    /// - Returns: whether a port's status has changed.
    public func maintain(at now: ContinuousClock.Instant = .now) -> Bool {
        let before = portStatuses
        for slot in ports.keys.sorted() { keep(slot) }
        lookAtInterfaces()
        var changesTables = false
        for (slot, live) in ports.sorted(by: { $0.key < $1.key }) {
            guard let time = live.nextAttempt, time <= now else { continue }
            var another = open(live.object)
            another.follow(live)
            if another.words != live.words { report(another.words) }
            ports[slot] = another
            share(slot)
            let isNews = tellTables(another, mac: another.status.mac)
            if isNews || another.port != nil { changesTables = true }
        }
        if changesTables { _ = publish() }
        return portStatuses != before
    }

    /// Closes all ports, when no worker uses them any more.
    public func close() {
        for port in ports.values { close(port) }
        ports = [:]
        queues = [:]
        passed = nil
    }
}

/// Why a transaction was not applied, in a sentence.
public struct TransactionRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

// MARK: - Counters
extension LiveTables {
    private func takeRoom(for transaction: Transaction) throws(TransactionRefusal) {
        var count = 0
        for case .set(.session(let session)) in transaction.changes {
            count = max(count, Int(session.slot.rawValue) + 1)
        }
        do throws(CounterFileError) { try counters.ensure(slots: count) } catch {
            throw TransactionRefusal(error.description)
        }
    }

    /// Sessions whose slots the transaction gives to other legs, and the path groups that they are in.
    ///
    /// That never happens while the control plane knows who has a slot: it gives none away before all forwarders have let
    /// go of it. One whose journal was lost or restored doesn't know.
    private func objectsDisplaced(by transaction: Transaction) -> [TableObject] {
        var displaced: [TableObject] = []
        var groups: Set<SessionIndex> = []
        for case .set(.session(let next)) in transaction.changes {
            guard let present = tables.session(next.slot),
                present.session != next.session || present.leg != next.leg
            else { continue }
            displaced.append(.session(present))
            if let group = tables.group(of: next.slot), groups.insert(group.slot).inserted {
                displaced.append(.group(group))
            }
        }
        return displaced
    }

    /// The transaction, with those that were taken out for it and that it leaves as they were.
    private func restoring(_ displaced: [TableObject], in transaction: Transaction) -> Transaction {
        guard !displaced.isEmpty, !transaction.isReset else { return transaction }
        let named = Set(transaction.changes.map(\.key))
        var transaction = transaction
        transaction.changes += displaced.filter { !named.contains($0.key) }.map { .set($0) }
        return transaction
    }

    /// Slots that nobody has, and the transaction gives away.
    private func slotsTaken(by transaction: Transaction) -> Set<UInt32> {
        var slots: Set<UInt32> = []
        for case .set(.session(let session)) in transaction.changes where !tables.hasSession(session.slot) {
            slots.insert(session.slot.rawValue)
        }
        return slots
    }

    /// Takes sessions out and waits until no worker counts for them any more, so that nothing of theirs is counted behind
    /// the place where the next ones in their slots begin. Their packets find no session until these are published.
    /// - Returns: false if `stop` was raised before.
    private func takeOut(_ displaced: [TableObject]) throws(TransactionRefusal) -> Bool {
        guard !displaced.isEmpty else { return true }
        let removals = displaced.map { Transaction.Change.remove($0.key) }
        do throws(TableError) {
            try tables.stage(Transaction(number: tables.number, changes: removals))
        } catch { throw TransactionRefusal(error.description) }
        return publish()
    }

    /// Undoes `takeOut`, where what was to come instead is refused.
    private func putBack(_ displaced: [TableObject]) {
        guard !displaced.isEmpty else { return }
        let changes = displaced.map { Transaction.Change.set($0) }
        do throws(TableError) {
            try tables.stage(Transaction(number: tables.number, changes: changes))
        } catch { preconditionFailure("the tables don't take back what they held: \(error)") }
        _ = publish()
    }

    /// Writes whose the slots are, before the first packet is counted there.
    private func bindCounters(of transaction: Transaction) {
        for case .set(.session(let session)) in transaction.changes {
            counters.bind(slot: Int(session.slot.rawValue), session: session.session, leg: session.leg)
        }
    }
}

// MARK: - Publishing
extension LiveTables {
    /// Publishes what is staged, with the ports as they are, and waits until every worker has taken it in. A publication
    /// can't be taken back, and its predecessor's memory isn't free before all have passed; so there is nothing to be
    /// done about a worker that is stuck but to say so, each second.
    /// - Returns: false if `stop` was raised before.
    private func publish() -> Bool {
        let next = Publication(
            tables: tables.publish(), portsByWorker: portsByWorker(), slotByteCount: slotByteCount)
        publisher.publish(next)
        var seconds = 0
        while case let behind = publisher.waitUntilPassed(timeout: .seconds(1)), !behind.isEmpty {
            if stop.isRaised { return false }
            seconds += 1
            report(
                "\(behind.joined(separator: ", ")) has not taken in transaction \(tables.number) for \(seconds) s: "
                    + "stuck, or stopped by a debugger; nothing more is applied before it has")
        }
        tables.settle()
        // Here, and not where packets wait for it, ends what the publication before alone held: tries of a million
        // prefixes.
        passed = next
        return true
    }

    /// What each worker has of the ports that are open; the same objects as long as a port stays open.
    private func portsByWorker() -> [[(any PacketPort)?]] {
        let workers = max(1, publisher.workerCount)
        let none = [(any PacketPort)?](repeating: nil, count: ForwardingTables.portCapacity)
        var portsByWorker = Array(repeating: none, count: workers)
        for slot in queues.keys where ports[slot]?.port == nil { queues[slot] = nil }
        for (slot, live) in ports {
            guard let port = live.port else { continue }
            if queues[slot]?.port !== port, let opened = live.queues(workers: workers) {
                queues[slot] = (port, opened)
            }
            for (worker, queue) in (queues[slot]?.queues ?? []).enumerated() {
                portsByWorker[worker][Int(slot)] = queue
            }
        }
        return portsByWorker
    }

    /// Slots of packet memory for the longest packet of any port, with its link header and room to spare: 2 KiB for an
    /// MTU of 1,500. No IPv4 packet is longer than 64 KiB, whatever a link would take.
    private var slotByteCount: Int {
        let longest = min(65_535, ports.values.map(\.mtu).max() ?? 0)
        return max(2048, (longest + 22 + PacketVector.headroom + PacketVector.tailroom + 63) & ~63)
    }
}

// MARK: - Ports
extension LiveTables {
    /// Closes the ports that are gone or become others, and opens those that are new or have become others.
    ///
    /// Two ports can't have one interface, so that what is to be opened anew must first be closed, and nothing is closed
    /// before every worker has let go of it. Only then there is a publication in between, without these ports.
    /// - Returns: false if `stop` was raised before.
    private func bringPorts(upTo transaction: Transaction, _ staged: StagedChange) -> Bool {
        var objects: [UInt16: PortObject] = [:]
        for case .set(.port(let port)) in transaction.changes { objects[port.slot] = port }
        var retired: [LivePort] = []
        for slot in staged.changedPorts {
            guard let live = ports[slot] else { continue }
            if let object = objects[slot], !live.mustReopen(for: object) {
                ports[slot]?.take(object)
                objects[slot] = nil
            } else {
                retired.append(live)
                ports[slot] = nil
            }
        }
        if retired.contains(where: { $0.port != nil }) {
            guard publish() else { return false }
            for live in retired {
                retire(live)
                close(live)
            }
        }
        // The last references, so that their interfaces are free.
        for live in retired where objects[live.object.slot] == nil {
            report("port \(live.object.name): removed")
        }
        retired = []
        for case .set(.port(let port)) in transaction.changes {
            counters.bind(port: Int(port.slot), name: port.name)
        }
        for slot in staged.changedPorts {
            guard let object = objects[slot] else { continue }
            let live = open(object)
            ports[slot] = live
            if isOurs(object) { report(live.words) }
            _ = tellTables(live, mac: live.status.mac)
        }
        return true
    }

    private func open(_ object: PortObject) -> LivePort {
        guard isOurs(object) else { return LivePort(elsewhere: object) }
        do {
            return LivePort(
                object, try open(object, tables.routes(for: object.slot), report),
                serial: tables.publication.serial + 1)
        } catch {
            return LivePort(object, failure: "\(error)", nextAttempt: .now + Self.retryInterval)
        }
    }

    /// Between attempts to open a port.
    private static let retryInterval = Duration.seconds(1)

    /// The kernel must not go on sending to a TUN that nobody reads.
    private func retire(_ live: LivePort) {
        do throws(InterfaceError) { try (live.port as? TUNPort)?.retire() } catch {
            report("port \(live.object.name): \(error)")
        }
    }

    /// What was written to a file port's output has to be seen to be there; the others close with their last reference.
    private func close(_ live: LivePort) {
        do throws(PcapFileError) { try (live.port as? PcapFilePort)?.close() } catch {
            report("port \(live.object.name): \(error)")
        }
    }

    /// Stages what the tables must know of an opened port's interface.
    /// - Returns: whether that changes them.
    private func tellTables(_ live: LivePort, mac: MACAddress?) -> Bool {
        // A link without headers takes what the kernel can.
        let mtu = live.object.isEthernet && live.mtu > 0 ? UInt16(clamping: live.mtu) : nil
        return !tables.portFacts(live.object.slot, mac: mac, mtu: mtu).changedPorts.isEmpty
    }

    private func updateRoutes(of slot: UInt16) {
        guard let port = ports[slot]?.port as? TUNPort else { return }
        note(slot) { () throws(InterfaceError) in try port.update(routes: tables.routes(for: slot)) }
    }

    /// MTU and addresses, where they change in place.
    private func updateInterface(of slot: UInt16) {
        guard let live = ports[slot] else { return }
        let mtu = PortOpener.mtu(of: live.object)
        note(slot) { () throws(InterfaceError) in
            if let port = live.port as? TUNPort {
                if port.mtu != mtu { try port.update(mtu: mtu) }
                if port.addresses != live.object.addresses {
                    try port.update(addresses: live.object.addresses)
                }
            }
            if let port = live.port as? TAPPort, port.mtu != mtu { try port.update(mtu: mtu) }
        }
    }

    /// Tells shared ports what is theirs: those where the transaction has changed that, and those that it may have had
    /// opened anew, which know nothing yet.
    private func share(_ transaction: Transaction, _ staged: StagedChange) {
        let slots = Set(
            ports.filter {
                if case .sharedPacket = $0.value.object.medium { isOurs($0.value.object) } else { false }
            }.keys)
        let others = shared.take(transaction, ports: slots, tables)
        for slot in others.union(slots.intersection(staged.changedPorts)).sorted() { share(slot) }
    }

    private func share(_ slot: UInt16) {
        guard let port = ports[slot]?.port as? PacketSocketPort else { return }
        let selection = shared.selection(of: slot)
        note(slot) { () throws(InterfaceError) in try port.update(sharing: selection) }
    }

    /// Takes in what the kernel has said of the ports' interfaces, and asks for what they have counted since.
    private func lookAtInterfaces() {
        guard let watch else { return }
        var names: [String] = []
        for (slot, live) in ports where isOurs(live.object) {
            guard let name = live.object.medium.interface else { continue }
            names.append(name)
            ports[slot]?.take(watch.interface(name))
        }
        watch.refresh(names)
    }

    private func keep(_ slot: UInt16) {
        guard let live = ports[slot] else { return }
        note(slot) { () throws(InterfaceError) in try live.keep() }
    }

    /// Does something to a port's interface; if that fails, the port's status says so, and the log once.
    private func note(_ slot: UInt16, _ body: () throws(InterfaceError) -> Void) {
        do throws(InterfaceError) {
            try body()
            ports[slot]?.mend()
        } catch {
            guard var live = ports[slot], live.status.detail != error.description else { return }
            live.fail(error.description)
            ports[slot] = live
            report("port \(live.object.name): \(error)")
        }
    }
}

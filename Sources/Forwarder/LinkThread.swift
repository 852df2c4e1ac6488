public import Link
import Synchronization
import Tables

/// The thread that edits the tables: takes transactions from the control plane, applies them one by one, answers, and
/// tells how the ports are. While the control plane is away the tables stay, and packets go by them.
public final class LinkThread: Sendable {
    /// How to reach the control plane, and as whom.
    public struct Configuration: Sendable {
        public var socketPath: String
        public var tuning: LinkTuning
        /// The forwarder's name, as in `main`.
        public var name: String
        /// The program's version.
        public var software: String
        public var processID: UInt32
        public var counterFile: UInt64

        public init(
            socketPath: String, tuning: LinkTuning = LinkTuning(), name: String, software: String,
            processID: UInt32, counterFile: UInt64
        ) {
            self.socketPath = socketPath
            self.tuning = tuning
            self.name = name
            self.software = software
            self.processID = processID
            self.counterFile = counterFile
        }
    }

    private let mailbox = Mailbox()
    private let workersEnded = StopFlag()
    private let ended = StopFlag()
    private let thread: NativeThread

    /// Starts the thread.
    /// - Parameters:
    ///   - stop: ends it; the ports are closed, and `join` returns, when that has been called.
    ///   - makeTables: called once, on the thread.
    ///   - report: takes a line for people.
    public init(
        _ configuration: Configuration, stop: StopFlag, report: @escaping @Sendable (String) -> Void,
        makeTables: @escaping @Sendable () -> LiveTables
    ) {
        let (mailbox, workersEnded, ended) = (mailbox, workersEnded, ended)
        thread = NativeThread("link", givesWay: true) {
            let tables = makeTables()
            let work = LinkWork(configuration, tables: tables, mailbox: mailbox, report: report)
            work.run(until: stop, workersEnded: workersEnded)
            ended.raise()
        }
    }

    /// Takes what a worker says of its ports. Any thread may call this.
    public func take(_ reports: [PortReport]) { mailbox.put(.ports(reports)) }

    /// Takes that the kernel's interfaces or addresses have changed. Any thread may call this.
    public func noteKernelChange() { mailbox.put(.kernelChange) }

    /// Waits for the thread's end, after `stop` has been raised and workers have ended. The ports are closed then.
    /// - Returns: whether it has ended in time; if not it may still use everything there is.
    public func join(until deadline: ContinuousClock.Instant) -> Bool {
        workersEnded.raise()
        mailbox.wakeUp.signal()
        guard ended.isRaised(by: deadline) else { return false }
        thread.join()
        return true
    }
}

/// What other threads have for the link thread.
private final class Mailbox: Sendable {
    enum Item: Sendable {
        case link(LinkClient.Event, at: ContinuousClock.Instant)
        case ports([PortReport])
        case kernelChange

        var isKernelChange: Bool {
            if case .kernelChange = self { true } else { false }
        }
    }

    let wakeUp = WakeUp()
    private let items = Mutex<[Item]>([])

    func put(_ item: Item) {
        items.withLock { items in
            // Whoever looks at the kernel's interfaces sees all that has changed until then.
            if item.isKernelChange, items.contains(where: \.isKernelChange) { return }
            items.append(item)
        }
        wakeUp.signal()
    }

    func takeAll() -> [Item] {
        items.withLock { items in
            defer { items = [] }
            return items
        }
    }
}

/// What the link thread does.
private final class LinkWork {
    private let configuration: LinkThread.Configuration
    private let tables: LiveTables
    private let mailbox: Mailbox
    private let report: (String) -> Void
    /// What the next hello says: read by the client's thread.
    private let version: SharedVersion
    private let client: LinkClient
    /// The journal of the control plane that is connected.
    private var journal: UInt64 = 0

    init(
        _ configuration: LinkThread.Configuration, tables: LiveTables, mailbox: Mailbox,
        report: @escaping (String) -> Void
    ) {
        self.configuration = configuration
        self.tables = tables
        self.mailbox = mailbox
        self.report = report
        let version = SharedVersion()
        self.version = version
        client = LinkClient(
            path: configuration.socketPath, tuning: configuration.tuning,
            hello: {
                Hello(
                    software: configuration.software, name: configuration.name,
                    processID: configuration.processID, counterFile: configuration.counterFile,
                    tables: version.value)
            }, handler: { mailbox.put(.link($0, at: .now)) })
    }

    func run(until stop: StopFlag, workersEnded: StopFlag) {
        var nextMaintenance = ContinuousClock.now + .seconds(1)
        while !stop.isRaised {
            mailbox.wakeUp.wait(until: nextMaintenance)
            for item in mailbox.takeAll() where !stop.isRaised { handle(item) }
            guard !stop.isRaised, .now >= nextMaintenance else { continue }
            if tables.maintain() { client.send(tables.portStatuses) }
            nextMaintenance = .now + .seconds(1)
        }
        client.stop()
        // A worker may be writing to a port yet.
        while !workersEnded.isRaised { mailbox.wakeUp.wait(until: .now + .seconds(1)) }
        tables.close()
    }

    private func handle(_ item: Mailbox.Item) {
        switch item {
        case .ports(let reports): if tables.take(reports) { client.send(tables.portStatuses) }
        case .kernelChange: if tables.maintain() { client.send(tables.portStatuses) }
        case .link(.connected(let welcome), _):
            journal = welcome.journal
            report("connected to the control plane at \(configuration.socketPath)")
            client.send(tables.portStatuses)
        case .link(.disconnected(let reason), _): report("\(reason); packets go by the tables that there are")
        case .link(.unreachable(let reason), _):
            report("no control plane: \(reason); trying again until there is")
        case .link(.transaction(let received), let arrival): apply(received, arrival)
        }
    }

    private func apply(_ received: ReceivedTransaction, _ arrival: ContinuousClock.Instant) {
        let transaction = received.transaction
        let statuses = tables.portStatuses
        do throws(TransactionRefusal) {
            guard transaction.isReset || journal == version.value.journal else {
                throw TransactionRefusal("the tables here come from another journal; send everything anew")
            }
            guard let staged = try tables.apply(transaction, tableHash: received.tableHash) else { return }
            version.value = TableVersion(
                journal: journal, number: transaction.number, hash: tables.tableHash)
            // Before the answer: who has waited for it looks at the ports next.
            if tables.portStatuses != statuses { client.send(tables.portStatuses) }
            let (seconds, attoseconds) = arrival.duration(to: .now).components
            let microseconds = UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000)
            client.answer(
                AppliedTransaction(
                    number: transaction.number, setCount: UInt32(staged.set),
                    removedCount: UInt32(staged.removed), untouchedCount: UInt32(staged.untouched),
                    tableHash: tables.tableHash, microseconds: microseconds), to: received)
            if staged.set + staged.removed + staged.untouched > Self.remarkableCount {
                report(
                    "transaction \(transaction.number): \(staged.set) set, \(staged.removed) removed, "
                        + "\(staged.untouched) as they were, in \(microseconds / 1000) ms")
            }
        } catch {
            report("transaction \(transaction.number) rejected: \(error)")
            client.answer(
                RejectedTransaction(number: transaction.number, reason: error.description), to: received)
        }
    }

    /// Objects of a transaction that the log should tell of.
    private static let remarkableCount = 1000
}

/// Which tables there are, as two threads see it.
private final class SharedVersion: Sendable {
    private let stored = Mutex(TableVersion.empty)

    var value: TableVersion {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

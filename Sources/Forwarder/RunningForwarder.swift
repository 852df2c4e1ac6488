public import Link
import Observation
import Packets
public import Ports
public import Tables
public import Wire

/// A forwarder on live ports: its workers' threads, the thread that edits the tables, and what they share.
///
/// ```
///   control plane ⇄ link thread ── publications ──► worker threads ⇄ ports
///                       ▲    └── keys ─► counter file ◄─ counts ──┘ │
///                       └────────────── how the ports are ◄─────────┘
/// ```
public final class RunningForwarder: Sendable {
    private let stop = StopFlag()
    private let publisher: Publisher
    private let link: LinkThread
    private let workers: [WorkerThread]
    /// Nil where the kernel doesn't let us listen; ports then ask it each second.
    private let kernel: KernelThread?
    private let report: @Sendable (String) -> Void
    private let counters: CounterFile
    /// Nil where nobody can look.
    private let observation: ObservationServer?

    /// How its workers run.
    public struct Workers: Sendable {
        public var count: Int
        /// The processor of each; empty: the kernel's choice.
        public var processors: [Int]
        public var idleMode: IdleMode

        public init(count: Int = 1, processors: [Int] = [], idleMode: IdleMode = .adaptive) {
            precondition(count > 0 && (processors.isEmpty || processors.count == count))
            self.count = count
            self.processors = processors
            self.idleMode = idleMode
        }
    }

    /// Begins to forward, by empty tables until the control plane sends some.
    /// - Parameter workers: how they run. The counter file must have room for as many.
    /// - Parameter observationSocket: where to show what is done; nil: nowhere. If that can't be, packets are forwarded
    ///   all the same, and it is reported.
    /// - Parameter open: how ports are opened; nil: by `PortOpener`.
    /// - Parameter report: takes a line for people.
    public init(
        _ configuration: LinkThread.Configuration, counters: CounterFile, workers: Workers = Workers(),
        observationSocket: String? = nil,
        open: (@Sendable (PortObject, [IPPrefix], @escaping (String) -> Void) throws -> any PacketPort)? =
            nil,
        report: @escaping @Sendable (String) -> Void
    ) {
        let watch = Self.watch(report)
        let tables = Handover(ForwardingTables())
        let count = workers.count
        let first = Publication(
            tables: tables.value.publication, portsByWorker: Array(repeating: [], count: count))
        let publisher = Publisher(workers: (0..<count).map { "worker \($0)" }, first: first)
        let stop = stop
        let observers = (0..<count).map { _ in WorkerObserver() }
        let share = count > 1 ? WorkerShare(workers: count) { publisher.wakeIfAsleep($0) } : nil
        let link = LinkThread(configuration, stop: stop, report: report) {
            LiveTables(
                tables.value, name: configuration.name, publisher: publisher, counters: counters, stop: stop,
                open: open
                    ?? { try PortOpener.open($0, routes: $1, queues: count, watch: watch, warn: $2) },
                watch: watch, rebind: { slots in for observer in observers { observer.rebind(slots) } },
                report: report)
        }
        self.publisher = publisher
        self.link = link
        self.counters = counters
        self.report = report
        observation = Self.observe(observers, at: observationSocket, report)
        self.workers = (0..<count).map { number in
            let processor = workers.processors.isEmpty ? nil : workers.processors[number]
            return WorkerThread(number, on: processor, report) {
                let worker = Worker(
                    first, counters: unsafe Counters(words: counters.words(worker: number)),
                    observer: observers[number], number: number, share: share, clock: monotonicTime)
                LiveForwarder(
                    worker: worker, publisher: publisher, share: share, idleMode: workers.idleMode,
                    watch: watch
                ) { link.take($0) }.run(until: stop)
            }
        }
        kernel = watch.map {
            KernelThread($0, stop: stop) { hasChanged in
                publisher.wakeAll()
                if hasChanged { link.noteKernelChange() }
            }
        }
    }

    private static func watch(_ report: (String) -> Void) -> KernelWatch? {
        do throws(InterfaceError) { return try KernelWatch() } catch {
            report("\(error); interfaces are looked at once a second")
            return nil
        }
    }

    private static func observe(
        _ observers: [WorkerObserver], at path: String?, _ report: @escaping @Sendable (String) -> Void
    ) -> ObservationServer? {
        guard let path else { return nil }
        do throws(ObservationError) {
            return try ObservationServer(path: path, observers: observers, report: report)
        } catch {
            report("nobody can look at packets: \(error)")
            return nil
        }
    }

    /// Ends all threads and closes the ports. To be called once.
    /// - Parameter patience: how long to wait for each thread.
    /// - Returns: false if one is stuck. It may still use everything there is, so that nothing is closed, and the process
    ///   had best end.
    public func end(patience: Duration = .seconds(4)) -> Bool {
        stop.raise()
        publisher.wakeAll()
        observation?.end()
        func giveUp(_ thread: String) -> Bool {
            report(
                "\(thread) has not ended within \(patience): stuck, or stopped by a debugger; it is given up")
            return false
        }
        // Workers first: ports are closed only when they have let go of them.
        for worker in workers where !worker.join(until: .now + patience) { return giveUp(worker.name) }
        kernel?.join()
        return link.join(until: .now + patience) ? true : giveUp("the link thread")
    }
}

/// The thread of one worker.
private final class WorkerThread: Sendable {
    let name: String
    private let thread: NativeThread
    private let ended = StopFlag()

    /// Starts it.
    /// - Parameter processor: the one that it stays on; nil: any.
    init(
        _ number: Int, on processor: Int?, _ report: @escaping @Sendable (String) -> Void,
        _ body: @escaping @Sendable () -> Void
    ) {
        let name = "worker \(number)"
        let ended = ended
        thread = NativeThread("worker-\(number)") {
            if let processor, let reason = Processors.pin(to: processor) {
                report("\(name) can't stay on processor \(processor): \(reason); it runs on any")
            }
            body()
            ended.raise()
        }
        self.name = name
    }

    /// - Returns: false if it doesn't end in time.
    func join(until deadline: ContinuousClock.Instant) -> Bool {
        guard ended.isRaised(by: deadline) else { return false }
        thread.join()
        return true
    }
}

/// Takes a value into a thread that alone uses it from then on.
private struct Handover<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

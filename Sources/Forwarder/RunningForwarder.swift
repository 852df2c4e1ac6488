public import Link
import Observation
import Packets
public import Ports
public import Tables
public import Wire

/// A forwarder on live ports: its worker's thread, the thread that edits the tables, and what they share.
///
/// ```
///   control plane ⇄ link thread ── publications ──► worker thread ⇄ ports
///                       ▲    └── keys ─► counter file ◄─ counts ──┘ │
///                       └────────────── how the ports are ◄─────────┘
/// ```
public final class RunningForwarder: Sendable {
    private let stop = StopFlag()
    private let publisher: Publisher
    private let link: LinkThread
    private let worker: NativeThread
    private let workerEnded = StopFlag()
    /// Nil where the kernel doesn't let us listen; ports then ask it each second.
    private let kernel: KernelThread?
    private let report: @Sendable (String) -> Void
    private let counters: CounterFile
    /// Nil where nobody can look.
    private let observation: ObservationServer?

    /// Begins to forward, by empty tables until the control plane sends some.
    /// - Parameter observationSocket: where to show what is done; nil: nowhere. If that can't be, packets are forwarded
    ///   all the same, and it is reported.
    /// - Parameter open: how ports are opened; nil: by `PortOpener`.
    /// - Parameter report: takes a line for people.
    public init(
        _ configuration: LinkThread.Configuration, counters: CounterFile, observationSocket: String? = nil,
        open: (@Sendable (PortObject, [IPPrefix], @escaping (String) -> Void) throws -> any PacketPort)? =
            nil,
        report: @escaping @Sendable (String) -> Void
    ) {
        let watch = Self.watch(report)
        let tables = Handover(ForwardingTables())
        let first = Publication(tables: tables.value.publication, ports: [])
        let publisher = Publisher(workers: ["worker 0"], first: first)
        let stop = stop
        let observer = WorkerObserver()
        let link = LinkThread(configuration, stop: stop, report: report) {
            LiveTables(
                tables.value, name: configuration.name, publisher: publisher, counters: counters, stop: stop,
                open: open ?? { try PortOpener.open($0, routes: $1, watch: watch, warn: $2) }, watch: watch,
                rebind: { observer.rebind($0) }, report: report)
        }
        self.publisher = publisher
        self.link = link
        self.counters = counters
        self.report = report
        observation = Self.observe(observer, at: observationSocket, report)
        let workerEnded = workerEnded
        worker = NativeThread("worker-0") {
            let worker = Worker(
                first, counters: unsafe Counters(words: counters.words(worker: 0)), observer: observer,
                clock: LiveForwarder.now)
            LiveForwarder(worker: worker, publisher: publisher, watch: watch) { link.take($0) }.run(
                until: stop)
            workerEnded.raise()
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
        _ observer: WorkerObserver, at path: String?, _ report: @escaping @Sendable (String) -> Void
    ) -> ObservationServer? {
        guard let path else { return nil }
        do throws(ObservationError) {
            return try ObservationServer(path: path, observers: [observer], report: report)
        } catch {
            report("nobody can look at packets: \(error)")
            return nil
        }
    }

    /// Ends all threads and closes the ports. To be called once.
    /// - Parameter patience: how long to wait for either thread.
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
        guard workerEnded.isRaised(by: .now + patience) else { return giveUp("worker 0") }
        // The worker first: ports are closed only when it has let go of them.
        worker.join()
        kernel?.join()
        return link.join(until: .now + patience) ? true : giveUp("the link thread")
    }
}

/// Takes a value into a thread that alone uses it from then on.
private struct Handover<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

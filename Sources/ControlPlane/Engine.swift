import Exchange
import Journal
import Link
import Logging
import Synchronization

/// The one place where the state changes: a loop on a thread of its own that takes what waits in its mailbox, judges and
/// applies each command, journals all of them in one commit, and only then answers.
///
/// Everything here belongs to that thread. `ControlPlane` posts messages to it, and nothing else is shared.
final class Engine {
    let configuration: ControlPlane.Configuration
    let directory: InstanceDirectory
    let journal: Journal
    var logger: Logger
    /// Everything that has been decided and, outside of `commit`, everything that is journaled.
    var state: State
    /// What the forwarders' tables should hold.
    var ledger: TableLedger
    /// Every forwarder that has connected, in the order in which they came.
    var peers: [ForwarderPeer] = []
    var waiters: [ApplyWaiter] = []
    var snapshots: SnapshotWriter
    var collector = UsageCollector()
    /// Why the journal couldn't be written the last time; nil: it could.
    var journalFault: JournalError?
    /// Why the engine can't go on: the journal can't even be read. All commands are refused from then on.
    private(set) var failure: ControlPlaneError?
    let startedAt = WallClock.now
    /// Commands never go back in time, whatever the clock does, between two starts either.
    private var lastTime: UInt64
    /// Told once, of the failure.
    private let onFailure: @Sendable (ControlPlaneError) -> Void

    init(
        _ configuration: ControlPlane.Configuration, directory: InstanceDirectory, journal: Journal,
        recovered: Recovery, logger: Logger, onFailure: @escaping @Sendable (ControlPlaneError) -> Void
    ) {
        self.configuration = configuration
        self.directory = directory
        self.journal = journal
        self.logger = logger
        state = recovered.state
        lastTime = recovered.state.latestTime
        ledger = TableLedger(recovered.state)
        snapshots = SnapshotWriter(lastSequence: recovered.snapshotSequence)
        self.onFailure = onFailure
    }

    /// Turns until it is stopped. The mailbox is closed then, and whatever was in it has been answered.
    func run(_ mailbox: Mailbox<EngineMessage>) {
        collector.nextSweep = .now + configuration.collectInterval
        var stop: Bool?
        while stop == nil {
            stop = turn(mailbox.takeAll(until: nextDeadline))
        }
        _ = turn(mailbox.close())
        if stop == true { finish() }
        for waiter in waiters { waiter.reply(ApplyOutcome(.timedOut)) }
        waiters = []
        snapshots.wait()
    }

    /// One round: commands first, in one commit; then everything that looks at their result.
    /// - Returns: whether to stop gracefully or at once; nil: to go on.
    private func turn(_ messages: [EngineMessage]) -> Bool? {
        var stop: Bool?
        var batch = CommandBatch()
        for message in messages {
            switch message {
            case .submit(let changes, let reply): submit(changes, to: &batch, reply)
            case .apply(let description, let dryRun, let reply):
                apply(description, dryRun: dryRun, to: &batch, reply)
            case .perform, .link, .stop: break
            }
            if batch.byteCount > CommandBatch.byteLimit { commit(&batch) }
        }
        commit(&batch)
        for message in messages {
            switch message {
            case .submit, .apply: break
            case .perform(let body): body(self)
            case .link(let event): handle(event)
            case .stop(let isGraceful): stop = stop ?? isGraceful
            }
        }
        collectIfDue()
        for peer in peers { send(to: peer) }
        answerWaiters()
        snapshotIfDue()
        return stop
    }

    /// A last collection and a snapshot, so that the next start is short.
    private func finish() {
        collect()
        snapshots.wait()
        guard failure == nil, journalFault == nil else { return }
        snapshots.write(state, to: journal, keeping: configuration.keepCommands, logger)
    }

    /// When there is something to do even if nobody asks.
    private var nextDeadline: ContinuousClock.Instant {
        let waiting = waiters.isEmpty ? ContinuousClock.now + .seconds(1) : .now + .milliseconds(100)
        return min(waiting, collector.nextSweep)
    }

    /// The time of the next command, in nanoseconds since the Unix epoch.
    func commandTime() -> UInt64 {
        lastTime = max(lastTime, WallClock.now)
        return lastTime
    }

    /// Ends the acceptance of commands for good.
    func fail(_ error: ControlPlaneError) {
        guard failure == nil else { return }
        failure = error
        logger.critical("\(error)")
        onFailure(error)
    }
}

import Crypto
import Exchange
import Journal
import Link
import Logging
import Synchronization

/// Writes snapshots beside the engine, on a thread of their own, one at a time.
struct SnapshotWriter {
    /// The command that the last one is of.
    private(set) var lastSequence: UInt64
    private var work: Work?

    /// One that is being written.
    private struct Work {
        var thread: NativeThread
        var isDone: Flag
    }

    /// Raised once.
    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    init(lastSequence: UInt64) { self.lastSequence = lastSequence }

    /// Whether one is being written.
    var isBusy: Bool { work.map { !$0.isDone.value.load(ordering: .acquiring) } ?? false }

    /// Begins one. A failure is logged, and no more: the commands are in the journal.
    mutating func write(_ state: State, to journal: Journal, keeping time: Duration, _ logger: Logger) {
        wait()
        guard state.sequence > lastSequence else { return }
        lastSequence = state.sequence
        let isDone = Flag()
        let thread = NativeThread("snapshot", givesWay: true) {
            let payload = state.encoded
            do throws(JournalError) {
                try journal.writeSnapshot(
                    sequence: state.sequence, version: State.formatVersion, payload: payload,
                    digest: Array(SHA256.hash(data: payload)), keepingRecordsFor: time)
            } catch {
                logger.error("no snapshot was written", metadata: ["why": "\(error)"])
            }
            isDone.value.store(true, ordering: .releasing)
        }
        work = Work(thread: thread, isDone: isDone)
    }

    /// Waits until none is being written.
    mutating func wait() {
        work?.thread.join()
        work = nil
    }
}

extension Engine {
    func snapshotIfDue() {
        guard failure == nil, journalFault == nil, !snapshots.isBusy,
            state.sequence >= snapshots.lastSequence + UInt64(configuration.snapshotEvery)
        else { return }
        snapshots.write(state, to: journal, keeping: configuration.keepCommands, logger)
    }
}

import Exchange
import Journal
import Logging
import Wire

/// The state that a journal leads to: its newest snapshot that can be used, and all commands behind that.
struct Recovery {
    let state: State
    /// The command that the newest snapshot is of; 0: there is none.
    let snapshotSequence: UInt64

    /// - Throws: `JournalError`, if the journal can't be read or is damaged; `ControlPlaneError`, if it can't be
    ///   understood.
    init(from journal: Journal, _ logger: Logger) throws {
        let snapshots = try journal.snapshots()
        snapshotSequence = snapshots.first?.sequence ?? 0
        var state = try Self.base(snapshots, journal, logger)
        try journal.replay(after: state.sequence) { record in
            let command = try Self.command(record, journal)
            _ = state.apply(command)
            guard state.sequence == record.sequence else {
                throw Self.notUnderstood(
                    journal, "command \(record.sequence) was number \(state.sequence) when it was replayed")
            }
        }
        self.state = state
    }

    /// The state of the newest snapshot that isn't damaged; that of nothing if there is none.
    private static func base(_ snapshots: [Snapshot], _ journal: Journal, _ logger: Logger) throws -> State {
        for snapshot in snapshots {
            let payload: [UInt8]
            do throws(JournalError) {
                payload = try journal.read(snapshot)
            } catch {
                guard error.kind == .damaged else { throw error }
                // Nothing is lost: the records behind an older one lead to the same state, or the replay says which is
                // missing.
                logger.error("a snapshot is damaged; an older one is used", metadata: ["why": "\(error)"])
                continue
            }
            guard State.readableFormats.contains(snapshot.version) else {
                throw notUnderstood(
                    journal,
                    "the snapshot of command \(snapshot.sequence) has format \(snapshot.version), this version of Wayleave "
                        + "reads formats up to \(State.formatVersion)")
            }
            do throws(ByteReaderError) {
                let state = try State(decoding: payload)
                if state.sequence == snapshot.sequence { return state }
            } catch {
                throw notUnderstood(journal, "the snapshot of command \(snapshot.sequence): \(error)")
            }
            throw notUnderstood(journal, "the snapshot of command \(snapshot.sequence) is of another command")
        }
        return State()
    }

    private static func command(_ record: JournalRecord, _ journal: Journal) throws -> Command {
        guard Command.readableFormats.contains(record.version) else {
            throw notUnderstood(
                journal,
                "command \(record.sequence) has format \(record.version), this version of Wayleave reads formats up to "
                    + "\(Command.formatVersion)")
        }
        do throws(ByteReaderError) {
            return try Command(decoding: record.payload)
        } catch {
            throw notUnderstood(journal, "command \(record.sequence): \(error)")
        }
    }

    private static func notUnderstood(_ journal: Journal, _ what: String) -> ControlPlaneError {
        ControlPlaneError(
            .journal,
            "\(journal.path) can't be understood: \(what); start the version of Wayleave that wrote it")
    }
}

import Exchange
import Journal
import TableCompiler

extension Engine {
    func submit(
        _ changes: [Change], to batch: inout CommandBatch,
        _ reply: @escaping @Sendable (Result<Receipt, SubmitError>) -> Void
    ) {
        let result = take(changes, into: &batch)
        batch.whenCommitted { error in reply(error.map(Result.failure) ?? result) }
    }

    func apply(
        _ description: ExchangeDescription, dryRun: Bool, to batch: inout CommandBatch,
        _ reply: @escaping @Sendable (Result<AppliedDescription, SubmitError>) -> Void
    ) {
        let changes = state.changes(to: description)
        let result = take(changes, into: &batch, dryRun: dryRun).map {
            AppliedDescription(receipt: $0, changes: changes)
        }
        batch.whenCommitted { error in reply(error.map(Result.failure) ?? result) }
    }

    /// Takes in what a forwarder's counters say.
    /// - Returns: whether the state machine took it.
    func take(_ readings: UsageReadings, into batch: inout CommandBatch) -> Bool {
        let command = Command(time: commandTime(), action: .usage(readings))
        let rejections = state.validate(command)
        guard rejections.isEmpty else {
            logger.error(
                "counters are not taken in",
                metadata: ["forwarder": "\(readings.forwarder)", "why": "\(rejections)"])
            return false
        }
        let effects = state.apply(command)
        batch.append(command, sequence: state.sequence, effects)
        return true
    }

    /// Judges changes and applies them in memory.
    private func take(
        _ changes: [Change], into batch: inout CommandBatch, dryRun: Bool = false
    ) -> Result<Receipt, SubmitError> {
        if let error = refusal() { return .failure(error) }
        let command = Command(time: commandTime(), action: .change(changes))
        let rejections = state.validate(command)
        guard rejections.isEmpty else { return .failure(.rejected(rejections)) }
        let changeCount = changes.count(where: isEffective)
        guard !dryRun, changeCount > 0 else {
            return .success(Receipt(sequence: state.sequence, changeCount: changeCount))
        }
        let effects = state.apply(command)
        batch.append(command, sequence: state.sequence, effects)
        return .success(Receipt(sequence: state.sequence, changeCount: changeCount))
    }

    /// Whether a valid change leaves something different.
    private func isEffective(_ change: Change) -> Bool {
        switch change.edit {
        case .put(let object): !state.holds(object)
        case .remove: true
        }
    }

    /// Why no command is taken at the moment. A journal that couldn't be written is tried again here, before the state
    /// is touched.
    func refusal() -> SubmitError? {
        if let failure { return .unavailable("\(failure)") }
        guard journalFault != nil else { return nil }
        do throws(JournalError) {
            try journal.probe()
            journalFault = nil
            logger.notice("the journal can be written again")
            return nil
        } catch {
            journalFault = error
            return .unavailable("nothing was changed: \(error)")
        }
    }

    /// Journals the batch, tells everybody, and empties it. If that fails, the state is what is journaled.
    func commit(_ batch: inout CommandBatch) {
        defer { batch = CommandBatch() }
        var outcome: SubmitError?
        if !batch.records.isEmpty {
            do throws(JournalError) {
                try journal.append(batch.records, usage: batch.usage)
                spread(batch.touched)
            } catch {
                outcome = .unavailable("nothing was changed: \(error)")
                goBack(error)
            }
        }
        for answer in batch.answers { answer(outcome) }
    }

    /// Makes the state again from the journal, after a commit that failed.
    private func goBack(_ error: JournalError) {
        journalFault = error
        logger.error(
            "the journal can't be written; commands are refused until it can", metadata: ["why": "\(error)"])
        do {
            let recovered = try Recovery(from: journal, logger)
            if recovered.state.sequence != ledger.sequence {
                // The commit is there after all: who asked was told otherwise, and the tables must follow it.
                ledger = TableLedger(recovered.state)
                for peer in peers { peer.needsReset = true }
            }
            state = recovered.state
        } catch {
            fail(
                ControlPlaneError(
                    .journal,
                    "the journal can neither be written nor read; see to the disk, then start again: \(error)"
                ))
        }
    }

    /// Passes on what a commit has touched to the forwarders.
    private func spread(_ touched: [StateSlot]) {
        let compilation = Compilation(of: state)
        let changed = touched.filter { ledger.update($0, by: compilation) }
        ledger.sequence = state.sequence
        for peer in peers where peer.connection != nil {
            for slot in changed { peer.waiting.insert(slot) }
        }
    }
}

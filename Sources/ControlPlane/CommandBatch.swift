import Exchange
import Journal

/// Commands that have been applied in memory and are to be journaled in one commit, and those who wait for it.
struct CommandBatch {
    /// A batch of so many bytes isn't made longer.
    static let byteLimit = 64 << 20

    private(set) var records: [JournalRecord] = []
    private(set) var usage: [UsageRow] = []
    private(set) var touched: [StateSlot] = []
    private(set) var byteCount = 0
    /// Called with nil once the commit is on the disk, or with why it isn't. Refusals are among them: they may be for
    /// what an earlier command of the batch has done.
    private(set) var answers: [(SubmitError?) -> Void] = []

    /// Takes in a command that has been applied.
    mutating func append(_ command: Command, sequence: UInt64, _ effects: Effects) {
        let payload = command.encoded
        records.append(JournalRecord(sequence: sequence, version: Command.formatVersion, payload: payload))
        usage += effects.usage.map(UsageRow.init)
        touched += effects.touched
        byteCount += payload.count
    }

    /// Has somebody told when the batch is committed, or isn't.
    mutating func whenCommitted(_ answer: @escaping (SubmitError?) -> Void) { answers.append(answer) }
}

extension UsageRow {
    /// What the state machine has counted, as a line of the usage history.
    init(_ record: UsageRecord) {
        self.init(
            session: record.leg.session, leg: record.leg.leg, sequence: record.sequence,
            forwarder: record.forwarder, sessionName: record.sessionName, from: record.from, to: record.to,
            upPackets: record.delta.upPackets, upBytes: record.delta.upBytes,
            downPackets: record.delta.downPackets, downBytes: record.delta.downBytes)
    }
}

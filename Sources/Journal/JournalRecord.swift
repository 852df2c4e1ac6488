/// One step of the journal: bytes whose meaning is the writer's.
public struct JournalRecord: Equatable, Sendable {
    /// Its number: each one more than the last, from 1.
    public var sequence: UInt64
    /// The version of the format that `payload` is written in.
    public var version: UInt16
    /// What was written.
    public var payload: [UInt8]

    /// A record.
    public init(sequence: UInt64, version: UInt16, payload: [UInt8]) {
        self.sequence = sequence
        self.version = version
        self.payload = payload
    }
}

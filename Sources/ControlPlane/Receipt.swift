/// What is said of a change that is in the journal.
public struct Receipt: Equatable, Sendable {
    /// The number of its command.
    public var sequence: UInt64
    /// Objects that were put in or taken out; 0 where all was as wanted already.
    public var changeCount: Int

    /// A receipt.
    public init(sequence: UInt64, changeCount: Int) {
        self.sequence = sequence
        self.changeCount = changeCount
    }
}

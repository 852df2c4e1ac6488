import Exchange
import TableCompiler
import Tables

/// What the forwarders' tables should hold, as a hash for each object, so that what hasn't changed isn't sent.
struct TableLedger {
    /// The command up to which it is brought.
    var sequence: UInt64
    /// The sum of all hashes, mod 2⁶⁴, which a forwarder keeps likewise.
    private(set) var sum: UInt64 = 0
    private var hashes: [TableKey: UInt64] = [:]

    /// The tables of a state. Cost: compiles every object.
    init(_ state: State) {
        sequence = state.sequence
        for change in TableCompiler.everything(in: state, number: state.sequence).changes { _ = take(change) }
    }

    /// Takes in what stands in a slot now.
    /// - Returns: whether its table object is another one than before.
    mutating func update(_ slot: StateSlot, in state: State) -> Bool {
        take(TableCompiler.change(slot, in: state))
    }

    private mutating func take(_ change: Transaction.Change) -> Bool {
        let (key, hash): (TableKey, UInt64?) =
            switch change {
            case .set(let object): (object.key, object.hash)
            case .remove(let key): (key, nil)
            }
        let before = hash.map { hashes.updateValue($0, forKey: key) } ?? hashes.removeValue(forKey: key)
        sum = sum &- (before ?? 0) &+ (hash ?? 0)
        return before != hash
    }
}

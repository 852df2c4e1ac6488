import Exchange
import TableCompiler
import Tables
import Wire

/// What the forwarders' tables should hold, as a hash for each object, so that what hasn't changed isn't sent.
struct TableLedger {
    /// The command up to which it is brought.
    var sequence: UInt64
    /// The sum of all hashes, mod 2⁶⁴, which a forwarder keeps likewise.
    private(set) var sum: UInt64 = 0
    /// By kind and slot; nil: there is no object.
    private var hashes: [[UInt64?]] = Array(repeating: [], count: TableKey.rankCount)
    /// Objects are encoded here to be hashed.
    private var writer = ByteWriter()

    /// The tables of a state. Cost: compiles every object.
    init(_ state: State) {
        sequence = state.sequence
        Compilation(of: state).forEach { _ = take($0) }
    }

    /// Takes in what stands in a slot now.
    /// - Returns: whether its table object is another one than before.
    mutating func update(_ slot: StateSlot, by compilation: Compilation) -> Bool {
        take(compilation.change(slot))
    }

    private mutating func take(_ change: Transaction.Change) -> Bool {
        let key = change.key
        var hash: UInt64?
        if case .set(let object) = change { hash = object.hash(by: &writer) }
        let (rank, slot) = (key.rank, key.slot)
        if slot >= hashes[rank].count {
            guard hash != nil else { return false }
            let wanted = max(slot + 1, 2 * hashes[rank].count)
            hashes[rank].append(contentsOf: repeatElement(nil, count: wanted - hashes[rank].count))
        }
        let before = hashes[rank][slot]
        hashes[rank][slot] = hash
        sum = sum &- (before ?? 0) &+ (hash ?? 0)
        return before != hash
    }
}

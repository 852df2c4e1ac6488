import Tables
import Wire

/// Puts a transaction together from its frames, reading each as it comes. Nothing of it is seen before it is whole.
package struct TransactionAssembler: Sendable {
    private struct Partial {
        var head: TransactionHead
        var transaction: Transaction
        var byteCount: UInt64 = 0
        /// The beginning of a change that goes on in the next frame.
        var rest: [UInt8] = []
    }

    private var partial: Partial?

    package init() {}

    package mutating func begin(_ head: TransactionHead) throws(LinkError) {
        if let partial {
            throw LinkError(
                "transaction \(head.number) begins before transaction \(partial.head.number) has ended")
        }
        guard head.changeCount <= LinkProtocol.changeLimit else {
            throw LinkError("transaction \(head.number) of \(head.changeCount) changes is too large")
        }
        var transaction = Transaction(number: head.number, isReset: head.isReset, changes: [])
        // What is announced and doesn't come isn't worth more.
        transaction.reserve(min(Int(head.changeCount), 1 << 20))
        partial = Partial(head: head, transaction: transaction)
    }

    /// Takes in a piece of the stream of changes. Cost: linear in it.
    package mutating func add(_ piece: ArraySlice<UInt8>) throws(LinkError) {
        guard var partial else { throw LinkError("changes without the transaction that they belong to") }
        // Not two owners of the changes while they grow.
        self.partial = nil
        let number = partial.head.number
        partial.byteCount += UInt64(piece.count)
        guard partial.byteCount <= UInt64(LinkProtocol.transactionByteLimit) else {
            throw LinkError(
                "transaction \(number) has more than the \(LinkProtocol.transactionByteLimit) bytes that are possible"
            )
        }
        var bytes = piece
        if !partial.rest.isEmpty {
            partial.rest.append(contentsOf: piece)
            bytes = partial.rest[...]
        }
        while let change = Self.takeChange(&bytes) {
            do throws(ByteReaderError) {
                var reader = ByteReader(change)
                try partial.transaction.readChange(&reader)
                try reader.finish()
            } catch {
                throw LinkError(
                    "change \(partial.transaction.changeCount + 1) of transaction \(number): \(error)")
            }
        }
        guard partial.transaction.changeCount <= Int(partial.head.changeCount) else {
            throw LinkError(
                "transaction \(number) has more changes than the \(partial.head.changeCount) announced")
        }
        partial.rest = Array(bytes)
        self.partial = partial
    }

    package mutating func commit(_ end: TransactionEnd) throws(LinkError) -> ExpectedTransaction {
        guard let partial else {
            throw LinkError("the end of transaction \(end.number), which has not begun")
        }
        self.partial = nil
        let head = partial.head
        guard end.number == head.number else {
            throw LinkError("transaction \(head.number) ends as transaction \(end.number)")
        }
        guard partial.rest.isEmpty, partial.byteCount == end.byteCount,
            partial.transaction.changeCount == Int(head.changeCount)
        else {
            throw LinkError(
                "transaction \(head.number) ends after \(partial.transaction.changeCount) of \(head.changeCount) "
                    + "changes and \(partial.byteCount) of \(end.byteCount) bytes")
        }
        return ExpectedTransaction(partial.transaction, tableHash: end.tableHash)
    }

    /// Takes the next whole change off the front; nil if there is none.
    private static func takeChange(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let start = bytes.startIndex
        guard bytes.count >= 4 else { return nil }
        let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[start + $1]) }
        guard bytes.count - 4 >= length else { return nil }
        defer { bytes = bytes[(start + 4 + length)...] }
        return bytes[start + 4..<start + 4 + length]
    }
}

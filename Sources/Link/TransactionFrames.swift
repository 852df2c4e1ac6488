public import Tables
import Wire

/// The first frame of a transaction.
package struct TransactionHead: Hashable, Sendable {
    var number: UInt64
    var isReset: Bool
    var changeCount: UInt32
}

/// The last frame of a transaction.
package struct TransactionEnd: Hashable, Sendable {
    var number: UInt64
    /// Of all changes, as they stand in the `changes` frames.
    var byteCount: UInt64
    /// What the tables' hash will be when the transaction has been applied.
    var tableHash: UInt64
}

/// A transaction, with what must come of it.
public struct ExpectedTransaction: Equatable, Sendable {
    public var transaction: Transaction
    /// The sum of the hashes of all table objects, mod 2⁶⁴, once it is applied. A forwarder that comes to another
    /// rejects the transaction.
    public var tableHash: UInt64

    public init(_ transaction: Transaction, tableHash: UInt64) {
        self.transaction = transaction
        self.tableHash = tableHash
    }
}

extension ExpectedTransaction {
    /// The frames that carry it, ready to be sent. Cost: linear; a million changes take some 100 MB.
    package var frames: [[UInt8]] {
        var frames: [[UInt8]] = []
        var stream = TransactionStream(
            TransactionHead(
                number: transaction.number, isReset: transaction.isReset,
                changeCount: UInt32(transaction.changes.count))
        ) { frames.append($0) }
        for change in transaction.changes { stream.append(change) }
        stream.finish(tableHash: tableHash)
        return frames
    }
}

/// Makes the frames of a transaction one after another, so that the first are on their way while the last are made:
/// `begin`, the changes in one byte stream cut at 1 MiB, `commit`. In the stream each change stands behind its length in
/// 32 bits.
public struct TransactionStream {
    private let head: TransactionHead
    private let put: ([UInt8]) -> Void
    private var piece = ByteWriter()
    private var byteCount: UInt64 = 0
    private var changeCount: UInt32 = 0

    /// - Parameter put: takes each frame.
    package init(_ head: TransactionHead, _ put: @escaping ([UInt8]) -> Void) {
        self.head = head
        self.put = put
        put(Message.begin(head).frame.bytes)
    }

    /// Adds a change: as many as were announced.
    public mutating func append(_ change: Transaction.Change) {
        changeCount += 1
        let start = piece.byteCount
        piece.write(UInt32(0))
        change.encode(&piece)
        piece.overwrite(UInt32(piece.byteCount - start - 4), at: start)
        if piece.byteCount >= LinkProtocol.payloadLimit { cut() }
    }

    package mutating func finish(tableHash: UInt64) {
        precondition(changeCount == head.changeCount, "other changes than were announced")
        if piece.byteCount > 0 { put(piece.bytes[...]) }
        let end = TransactionEnd(number: head.number, byteCount: byteCount, tableHash: tableHash)
        put(Message.commit(end).frame.bytes)
    }

    /// Hands over all that is full.
    private mutating func cut() {
        var rest = piece.bytes[...]
        while rest.count >= LinkProtocol.payloadLimit {
            put(rest.prefix(LinkProtocol.payloadLimit))
            rest = rest.dropFirst(LinkProtocol.payloadLimit)
        }
        piece.removeAll()
        piece.write(raw: rest)
    }

    private mutating func put(_ bytes: ArraySlice<UInt8>) {
        byteCount += UInt64(bytes.count)
        put(LinkFrame(.changes, bytes).bytes)
    }
}

extension TransactionHead {
    func write(to writer: inout ByteWriter) {
        writer.write(number)
        writer.write(isReset)
        writer.write(changeCount)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            number: try reader.read(), isReset: try reader.readFlag(), changeCount: try reader.read())
    }
}

extension TransactionEnd {
    func write(to writer: inout ByteWriter) {
        writer.write(number)
        writer.write(byteCount)
        writer.write(tableHash)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            number: try reader.read(), byteCount: try reader.read(), tableHash: try reader.read())
    }
}

public import Tables
import Wire

/// The first frame of a transaction.
package struct TransactionHead: Hashable, Sendable {
    var number: UInt64
    var isReset: Bool
    var changeCount: UInt32
    /// Of all changes, as they stand in the `changes` frames.
    var byteCount: UInt64
}

/// The last frame of a transaction.
package struct TransactionEnd: Hashable, Sendable {
    var number: UInt64
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
    /// The frames that carry it, ready to be sent: `begin`, the changes in one byte stream cut at 1 MiB, `commit`. In
    /// the stream each change stands behind its length in 32 bits. Cost: linear; a million changes take some 100 MB.
    package var frames: [[UInt8]] {
        var pieces: [[UInt8]] = []
        var byteCount = 0
        var piece = ByteWriter()
        func finish() {
            guard !piece.bytes.isEmpty else { return }
            byteCount += piece.bytes.count
            pieces.append(LinkFrame(.changes, piece.bytes[...]).bytes)
            piece = ByteWriter()
        }
        func add(_ bytes: ArraySlice<UInt8>) {
            var rest = bytes
            while !rest.isEmpty {
                let part = rest.prefix(LinkProtocol.payloadLimit - piece.bytes.count)
                piece.write(raw: part)
                rest = rest.dropFirst(part.count)
                if piece.bytes.count == LinkProtocol.payloadLimit { finish() }
            }
        }
        for change in transaction.changes {
            let encoded = change.encoded
            if piece.bytes.count + 4 + encoded.count <= LinkProtocol.payloadLimit {
                piece.write(count: encoded.count)
                piece.write(raw: encoded)
            } else {
                var length = ByteWriter()
                length.write(count: encoded.count)
                add(length.bytes[...])
                add(encoded[...])
            }
        }
        finish()
        let head = TransactionHead(
            number: transaction.number, isReset: transaction.isReset,
            changeCount: UInt32(transaction.changes.count), byteCount: UInt64(byteCount))
        let end = TransactionEnd(number: transaction.number, tableHash: tableHash)
        return [Message.begin(head).frame.bytes] + pieces + [Message.commit(end).frame.bytes]
    }
}

extension TransactionHead {
    func write(to writer: inout ByteWriter) {
        writer.write(number)
        writer.write(isReset)
        writer.write(changeCount)
        writer.write(byteCount)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            number: try reader.read(), isReset: try reader.readFlag(), changeCount: try reader.read(),
            byteCount: try reader.read())
    }
}

extension TransactionEnd {
    func write(to writer: inout ByteWriter) {
        writer.write(number)
        writer.write(tableHash)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(number: try reader.read(), tableHash: try reader.read())
    }
}

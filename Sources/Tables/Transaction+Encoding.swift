public import Wire

/// The binary form. Everything has one form only, so that equal transactions have equal bytes. The link's protocol
/// version says which form it is: a change here is a new version there.
extension Transaction {
    /// The number, the reset flag and the changes.
    public var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(number)
        writer.write(isReset)
        writer.write(changes) { $1.encode(&$0) }
        return writer.finish()
    }

    /// Reads what `encoded` has written. Any input is safe.
    /// - Throws: what is wrong, and at which byte.
    public init(decoding bytes: some Collection<UInt8>) throws(ByteReaderError) {
        var reader = ByteReader(bytes)
        let number = try reader.read(UInt64.self)
        let isReset = try reader.readFlag()
        let count = try reader.readCount(elementByteCount: 6)
        self.init(number: number, isReset: isReset, changes: [])
        reserve(count)
        for _ in 0..<count { try readChange(&reader) }
        try reader.finish()
    }
}

extension Transaction.Change {
    /// The change alone, as it stands in a transaction: a stream of changes can be cut between any two.
    public var encoded: [UInt8] {
        var writer = ByteWriter()
        encode(&writer)
        return writer.finish()
    }

    /// Writes `encoded` behind what is there.
    public func encode(_ writer: inout ByteWriter) {
        switch self {
        case .remove(let key):
            writer.write(UInt8(0))
            key.encode(&writer)
        case .set(let object):
            writer.write(UInt8(1))
            object.encode(&writer)
        }
    }

    /// Reads one change out of a stream of them. Any input is safe.
    /// - Throws: what is wrong, and at which byte.
    public init(_ reader: inout ByteReader) throws(ByteReaderError) {
        let kind = try reader.read(UInt8.self)
        switch kind {
        case 0: self = .remove(try TableKey.decode(&reader))
        case 1: self = .set(try TableObject.decode(&reader))
        default: throw reader.fault("a change of kind \(kind)", back: 1)
        }
    }

    /// What it changes.
    public var key: TableKey {
        switch self {
        case .set(let object): object.key
        case .remove(let key): key
        }
    }
}

import Wire

/// A forwarder's acknowledgement: packets go by the transaction.
public struct AppliedTransaction: Hashable, Sendable {
    public var number: UInt64
    /// Objects put in or changed.
    public var setCount: UInt32
    /// Objects taken out.
    public var removedCount: UInt32
    /// Objects that were named and already so.
    public var untouchedCount: UInt32
    /// Of all table objects.
    public var tableHash: UInt64
    /// From the last frame until every worker went by it.
    public var microseconds: UInt64

    public init(
        number: UInt64, setCount: UInt32, removedCount: UInt32, untouchedCount: UInt32, tableHash: UInt64,
        microseconds: UInt64
    ) {
        self.number = number
        self.setCount = setCount
        self.removedCount = removedCount
        self.untouchedCount = untouchedCount
        self.tableHash = tableHash
        self.microseconds = microseconds
    }
}

/// A forwarder's refusal: nothing has been changed.
public struct RejectedTransaction: Hashable, Sendable {
    public var number: UInt64
    /// Why, for people.
    public var reason: String

    public init(number: UInt64, reason: String) {
        self.number = number
        self.reason = reason
    }
}

extension AppliedTransaction {
    func write(to writer: inout ByteWriter) {
        writer.write(number)
        writer.write(setCount)
        writer.write(removedCount)
        writer.write(untouchedCount)
        writer.write(tableHash)
        writer.write(microseconds)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            number: try reader.read(), setCount: try reader.read(), removedCount: try reader.read(),
            untouchedCount: try reader.read(), tableHash: try reader.read(), microseconds: try reader.read())
    }
}

extension RejectedTransaction {
    func write(to writer: inout ByteWriter) {
        writer.write(number)
        writer.write(sentence: reason)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(number: try reader.read(), reason: try reader.readText())
    }
}

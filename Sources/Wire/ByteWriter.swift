/// Builds a message of our own making (a journal record, a link frame), field by field. Numbers are in
/// network byte order, texts and lists begin with their count.
public struct ByteWriter: Sendable {
    /// What has been written so far.
    public var bytes: [UInt8] { written }
    @usableFromInline var written: [UInt8] = []

    /// An empty message.
    public init() {}

    /// Makes room for so many bytes in all.
    public mutating func reserve(_ byteCount: Int) { written.reserveCapacity(byteCount) }

    /// Writes a number in as many bytes as its type has.
    @inlinable public mutating func write<Number: FixedWidthInteger>(_ number: Number) {
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe written.append(contentsOf: $0) }
    }

    /// Writes one byte, 0 or 1.
    @inlinable public mutating func write(_ flag: Bool) { written.append(flag ? 1 : 0) }

    /// Writes a count in 32 bits.
    @inlinable public mutating func write(count: Int) { write(UInt32(count)) }

    /// Writes a text: its UTF-8 bytes behind their count.
    @inlinable public mutating func write(_ text: String) {
        write(count: text.utf8.count)
        written.append(contentsOf: text.utf8)
    }

    /// Writes bytes as they are, without a count.
    @inlinable public mutating func write(raw: some Sequence<UInt8>) { written.append(contentsOf: raw) }

    /// Writes a list: its count, then each element.
    @inlinable public mutating func write<Element>(
        _ list: some Collection<Element>, _ write: (inout ByteWriter, Element) -> Void
    ) {
        self.write(count: list.count)
        for element in list { write(&self, element) }
    }

    /// Writes whether there is a value, and then the value.
    @inlinable public mutating func write<Value>(_ value: Value?, _ write: (inout ByteWriter, Value) -> Void)
    {
        self.write(value != nil)
        if let value { write(&self, value) }
    }
}

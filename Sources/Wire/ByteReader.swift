/// Reads what a `ByteWriter` has written. Any input is safe: what can't be is thrown, with its place.
public struct ByteReader: Sendable {
    private let bytes: ArraySlice<UInt8>
    /// Bytes read so far.
    public private(set) var offset = 0

    /// A reader at the beginning of a message.
    public init(_ bytes: some Collection<UInt8>) {
        self.bytes = (bytes as? ArraySlice<UInt8>) ?? ArraySlice(bytes)
    }

    /// Bytes not read yet.
    public var remaining: Int { bytes.count - offset }

    /// Reads a number in as many bytes as its type has.
    public mutating func read<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(ByteReaderError)
        -> Number
    {
        let byteCount = Number.bitWidth / 8
        try require(byteCount)
        var number: Number = 0
        for index in 0..<byteCount {
            number = number << 8 | Number(truncatingIfNeeded: bytes[bytes.startIndex + offset + index])
        }
        offset += byteCount
        return number
    }

    /// Reads one byte, 0 or 1.
    public mutating func readFlag() throws(ByteReaderError) -> Bool {
        switch try read(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw fault("a flag that is neither 0 nor 1", back: 1)
        }
    }

    /// Reads a count. One that the rest can't hold, at `elementByteCount` or more bytes an element, is refused, so that
    /// nothing is reserved for it.
    public mutating func readCount(elementByteCount: Int = 1) throws(ByteReaderError) -> Int {
        let count = Int(try read(UInt32.self))
        guard count <= remaining / max(1, elementByteCount) else {
            throw fault("a count of \(count) where \(remaining) bytes follow", back: 4)
        }
        return count
    }

    /// Reads a text.
    public mutating func readText() throws(ByteReaderError) -> String {
        let count = try readCount()
        let octets = try readRaw(count)
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw fault("a text that is not UTF-8", back: count)
        }
        return text
    }

    /// Reads bytes as they are.
    public mutating func readRaw(_ byteCount: Int) throws(ByteReaderError) -> ArraySlice<UInt8> {
        try require(byteCount)
        defer { offset += byteCount }
        return bytes.dropFirst(offset).prefix(byteCount)
    }

    /// Reads a list, each element of at least `elementByteCount` bytes.
    public mutating func readList<Element>(
        elementByteCount: Int = 1, _ read: (inout ByteReader) throws(ByteReaderError) -> Element
    ) throws(ByteReaderError) -> [Element] {
        let count = try readCount(elementByteCount: elementByteCount)
        var list: [Element] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try read(&self)) }
        return list
    }

    /// Reads a value that may be missing.
    public mutating func readOptional<Value>(
        _ read: (inout ByteReader) throws(ByteReaderError) -> Value
    ) throws(ByteReaderError) -> Value? {
        try readFlag() ? try read(&self) : nil
    }

    /// Checks that nothing is left over.
    public func finish() throws(ByteReaderError) {
        guard remaining == 0 else { throw fault("\(remaining) bytes too many") }
    }

    /// What is wrong `back` bytes before here.
    public func fault(_ what: String, back: Int = 0) -> ByteReaderError {
        ByteReaderError(what: what, offset: offset - back)
    }

    private func require(_ byteCount: Int) throws(ByteReaderError) {
        guard byteCount <= remaining else {
            throw fault("\(byteCount) bytes are due and \(remaining) are left")
        }
    }
}

/// A message that isn't what a `ByteWriter` has written.
public struct ByteReaderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let what: String
    /// The byte it begins at, counted from 0.
    public let offset: Int

    /// A fault of a message that could be read but makes no sense.
    public init(what: String, offset: Int) {
        self.what = what
        self.offset = offset
    }

    /// `byte 17: what is wrong`.
    public var description: String { "byte \(offset): \(what)" }
}

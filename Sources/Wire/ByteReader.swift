/// Reads what a `ByteWriter` has written. Any input is safe: what can't be is thrown, with its place.
public struct ByteReader: Sendable {
    @usableFromInline let bytes: ArraySlice<UInt8>
    /// The index of the next byte.
    @usableFromInline var next: Int

    /// A reader at the beginning of a message.
    public init(_ bytes: some Collection<UInt8>) { self.init(ArraySlice(bytes)) }

    /// Likewise, without a copy.
    @inlinable public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// Likewise, without a copy.
    @inlinable public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        next = bytes.startIndex
    }

    /// Bytes read so far.
    @inlinable public var offset: Int { next - bytes.startIndex }
    /// Bytes not read yet.
    @inlinable public var remaining: Int { bytes.endIndex - next }

    /// Reads a number in as many bytes as its type has.
    @inlinable public mutating func read<Number: FixedWidthInteger>(
        _: Number.Type = Number.self
    ) throws(ByteReaderError) -> Number {
        let byteCount = Number.bitWidth / 8
        try require(byteCount)
        let number = unsafe bytes.withUnsafeBytes { bytes in
            unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Number.self)
        }
        next &+= byteCount
        return Number(bigEndian: number)
    }

    /// Reads one byte, 0 or 1.
    @inlinable public mutating func readFlag() throws(ByteReaderError) -> Bool {
        switch try read(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw fault("a flag that is neither 0 nor 1", back: 1)
        }
    }

    /// Reads a count. One that the rest can't hold, at `elementByteCount` or more bytes an element, is
    /// refused, so that nothing is reserved for it.
    @inlinable public mutating func readCount(elementByteCount: Int = 1) throws(ByteReaderError) -> Int {
        let count = Int(try read(UInt32.self))
        guard count <= remaining / max(1, elementByteCount) else {
            throw fault("a count of \(count) where \(remaining) bytes follow", back: 4)
        }
        return count
    }

    /// Reads a text.
    @inlinable public mutating func readText() throws(ByteReaderError) -> String {
        let count = try readCount()
        let octets = try readRaw(count)
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw fault("a text that is not UTF-8", back: count)
        }
        return text
    }

    /// What has been read from an offset on.
    public func bytes(since offset: Int) -> ArraySlice<UInt8> { bytes[bytes.startIndex + offset..<next] }

    /// Passes over bytes.
    public mutating func skip(_ byteCount: Int) throws(ByteReaderError) {
        try require(byteCount)
        next += byteCount
    }

    /// Reads bytes as they are.
    @inlinable public mutating func readRaw(_ byteCount: Int) throws(ByteReaderError) -> ArraySlice<UInt8> {
        try require(byteCount)
        defer { next += byteCount }
        return bytes[next..<next + byteCount]
    }

    /// Reads a list, each element of at least `elementByteCount` bytes.
    @inlinable public mutating func readList<Element>(
        elementByteCount: Int = 1, _ read: (inout ByteReader) throws(ByteReaderError) -> Element
    ) throws(ByteReaderError) -> [Element] {
        let count = try readCount(elementByteCount: elementByteCount)
        var list: [Element] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try read(&self)) }
        return list
    }

    /// Reads a value that may be missing.
    @inlinable public mutating func readOptional<Value>(
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

    @inlinable func require(_ byteCount: Int) throws(ByteReaderError) {
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

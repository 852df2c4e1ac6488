/// Builds a message of our own making (a journal record, a link frame), field by field. Numbers are in
/// network byte order, texts and lists begin with their count.
///
/// Fields are stored in place into bytes that are there already: a field costs a comparison and a store. Room is made
/// by doubling.
public struct ByteWriter: Sendable {
    /// What has been written, and zeros behind it.
    @usableFromInline var room: [UInt8] = []
    /// How many of them have been written.
    @usableFromInline var written = 0
    /// Bytes written so far.
    @inlinable public var byteCount: Int { written }

    /// An empty message.
    public init() {}

    /// What has been written so far, copied.
    public var bytes: [UInt8] { Array(room[..<byteCount]) }

    /// What has been written, without a copy: the end of the writing.
    public consuming func finish() -> [UInt8] {
        room.removeLast(room.count - byteCount)
        return room
    }

    /// Forgets what has been written and keeps the room.
    public mutating func removeAll() { written = 0 }

    /// Makes room for so many bytes in all.
    public mutating func reserve(_ byteCount: Int) {
        if byteCount > room.count { extend(to: byteCount) }
    }

    /// Hands over what has been written so far, in place.
    @inlinable public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe room.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<byteCount])) }
    }

    /// Writes a number in as many bytes as its type has.
    @inlinable public mutating func write<Number: FixedWidthInteger>(_ number: Number) {
        let offset = take(Number.bitWidth / 8)
        store(number, at: offset)
    }

    /// Writes a number over what stands at an offset.
    @inlinable public mutating func overwrite<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
        precondition(offset >= 0 && offset + Number.bitWidth / 8 <= byteCount)
        store(number, at: offset)
    }

    /// Writes one byte, 0 or 1.
    @inlinable public mutating func write(_ flag: Bool) { write(flag ? 1 : 0 as UInt8) }

    /// Writes a count in 32 bits.
    @inlinable public mutating func write(count: Int) { write(UInt32(count)) }

    /// Writes a text: its UTF-8 bytes behind their count.
    public mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { octets in
            self.write(count: octets.count)
            unsafe write(UnsafeRawBufferPointer(octets))
        }
    }

    /// Writes bytes as they are, without a count.
    @inlinable public mutating func write(raw: some Sequence<UInt8>) {
        let isWritten: Void? = raw.withContiguousStorageIfAvailable { octets in
            unsafe write(UnsafeRawBufferPointer(octets))
        }
        if isWritten == nil { for octet in raw { write(octet) } }
    }

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

    // MARK: Room

    @usableFromInline mutating func write(_ octets: UnsafeRawBufferPointer) {
        let offset = take(octets.count)
        unsafe room.withUnsafeMutableBytes { room in
            unsafe UnsafeMutableRawBufferPointer(rebasing: room[offset..<offset + octets.count])
                .copyMemory(from: octets)
        }
    }

    /// Takes the next so many bytes.
    /// - Returns: where they begin.
    @inlinable @inline(always) mutating func take(_ count: Int) -> Int {
        let offset = byteCount
        let end = offset &+ count
        if end > room.count { extend(to: end) }
        written = end
        return offset
    }

    @inlinable @inline(always) mutating func store<Number: FixedWidthInteger>(
        _ number: Number, at offset: Int
    ) {
        unsafe room.withUnsafeMutableBytes { room in
            unsafe room.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Number.self)
        }
    }

    @usableFromInline @inline(never) mutating func extend(to byteCount: Int) {
        let wanted = max(byteCount, 2 * room.count, 64)
        room.reserveCapacity(wanted)
        room.append(contentsOf: repeatElement(0, count: wanted - room.count))
    }
}

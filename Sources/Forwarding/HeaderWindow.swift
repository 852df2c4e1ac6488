/// 128 bytes of the arena around one header: 64 before it, 64 from its first byte on.
///
/// Making a window is *the* bounds check: behind it every offset is a constant, so that the checks inside vanish at
/// compile time. The arena's headroom and tailroom (`PacketVector`) keep windows of good packets inside; a window that
/// would reach outside is our own bug and traps. What the packet's own length allows is checked apart from this.
///
/// Offsets count from the header: negative ones reach into what stands before it.
///
/// A `MutableRawSpan` would do the same, but a profile of the loop showed its accessors as calls: the optimiser had
/// stopped inlining them into so large a function. An address of our own leaves it nothing to inline.
@safe @usableFromInline struct HeaderWindow: ~Copyable, ~Escapable {
    @inlinable static var reach: Int { 64 }

    @usableFromInline let header: UnsafeMutableRawPointer

    @inlinable @inline(always) @_lifetime(copy arena)
    init(_ arena: borrowing Arena, at offset: Int) {
        // One comparison for both ends: what lies before the first place wraps around to beyond the last.
        precondition(UInt(bitPattern: offset &- Self.reach) <= arena.windowRange)
        unsafe header = arena.start + offset
    }

    @inlinable @inline(always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type) -> T {
        precondition(offset >= -Self.reach && offset <= Self.reach &- MemoryLayout<T>.size)
        // Any bit pattern is a value of an integer type.
        return unsafe header.loadUnaligned(fromByteOffset: offset, as: type)
    }
    @inlinable @inline(always) @_lifetime(self: copy self)
    mutating func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
        precondition(offset >= -Self.reach && offset <= Self.reach &- MemoryLayout<T>.size)
        unsafe header.storeBytes(of: value, toByteOffset: offset, as: T.self)
    }

    @inlinable @inline(always)
    func octet(_ offset: Int) -> UInt8 { load(offset, as: UInt8.self) }
    @inlinable @inline(always)
    func network16(_ offset: Int) -> UInt16 { UInt16(bigEndian: load(offset, as: UInt16.self)) }
    @inlinable @inline(always)
    func network32(_ offset: Int) -> UInt32 { UInt32(bigEndian: load(offset, as: UInt32.self)) }
    @inlinable @inline(always)
    func network64(_ offset: Int) -> UInt64 { UInt64(bigEndian: load(offset, as: UInt64.self)) }
    @inlinable @inline(always) @_lifetime(self: copy self)
    mutating func store16(network value: UInt16, at offset: Int) { store(value.bigEndian, at: offset) }
    @inlinable @inline(always) @_lifetime(self: copy self)
    mutating func store32(network value: UInt32, at offset: Int) { store(value.bigEndian, at: offset) }

    /// The version nibble of an IP header.
    @inlinable @inline(always)
    var ipVersion: UInt8 { octet(0) &>> 4 }
}

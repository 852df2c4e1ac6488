/// 128 bytes of the arena around one header: 64 before it, 64 from its first byte on.
///
/// Making a window is *the* bounds check: behind it every offset is a constant, so that the checks inside vanish at
/// compile time. The arena's headroom and tailroom (`PacketVector`) keep windows of good packets inside; a window that
/// would reach outside is our own bug and traps. What the packet's own length allows is checked apart from this.
///
/// Offsets count from the header: negative ones reach into what stands before it.
@usableFromInline struct HeaderWindow: ~Copyable, ~Escapable {
    @usableFromInline static var reach: Int { 64 }

    @usableFromInline var bytes: MutableRawSpan

    @inlinable @inline(always) @_lifetime(&arena)
    init(_ arena: inout MutableRawSpan, at offset: Int) {
        bytes = arena._mutatingExtracting(offset &- 64..<offset &+ 64)
    }

    @inlinable @inline(always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type) -> T {
        // Checked against the window; any bit pattern is a value of an integer type.
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset &+ 64, as: type)
    }
    @inlinable @inline(always) @_lifetime(self: copy self)
    mutating func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
        bytes.storeBytes(of: value, toByteOffset: offset &+ 64, as: T.self)
    }

    @inlinable @inline(always)
    func octet(_ offset: Int) -> UInt8 { load(offset, as: UInt8.self) }
    @inlinable @inline(always)
    func network16(_ offset: Int) -> UInt16 { load(offset, as: UInt16.self).bigEndian }
    @inlinable @inline(always)
    func network32(_ offset: Int) -> UInt32 { load(offset, as: UInt32.self).bigEndian }
    @inlinable @inline(always)
    func network64(_ offset: Int) -> UInt64 { load(offset, as: UInt64.self).bigEndian }
    @inlinable @inline(always) @_lifetime(self: copy self)
    mutating func store16(network value: UInt16, at offset: Int) { store(value.bigEndian, at: offset) }
    @inlinable @inline(always) @_lifetime(self: copy self)
    mutating func store32(network value: UInt32, at offset: Int) { store(value.bigEndian, at: offset) }
}

/// The version nibble of an IP header.
@inlinable @inline(always)
func ipVersion(_ arena: inout MutableRawSpan, at header: Int) -> UInt8 {
    let window = HeaderWindow(&arena, at: header)
    return window.octet(0) &>> 4
}

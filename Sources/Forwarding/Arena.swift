public import CLinux

/// The memory that the packets of a vector lie in, as the stages see it: an address and a length, valid during one call
/// of the loop. What is read or written goes through a `HeaderWindow`.
@safe @usableFromInline struct Arena: ~Escapable {
    @usableFromInline let start: UnsafeMutableRawPointer
    /// The last place where a window fits, less the first.
    @usableFromInline let windowRange: UInt
    @usableFromInline let byteCount: Int

    @inlinable @inline(always) @_lifetime(borrow start)
    init(unsafeStart start: UnsafeMutableRawPointer, byteCount: Int) {
        precondition(byteCount >= 2 * HeaderWindow.reach)
        unsafe self.start = start
        self.byteCount = byteCount
        windowRange = UInt(byteCount &- 2 &* HeaderWindow.reach)
    }

    /// The sum of 16-bit words (RFC 1071) of `byteCount` bytes from `offset` on. Out of bounds traps.
    @inlinable @inline(always)
    func sum(at offset: Int, byteCount: Int) -> UInt64 {
        precondition(offset >= 0 && byteCount >= 0 && offset <= self.byteCount &- byteCount)
        return unsafe wl_sum(start + offset, byteCount)
    }

    /// `byteCount` bytes from `offset` on. Out of bounds traps.
    @inlinable @inline(always) @_lifetime(copy self)
    func bytes(at offset: Int, byteCount: Int) -> RawSpan {
        precondition(offset >= 0 && byteCount >= 0 && offset <= self.byteCount &- byteCount)
        let span = unsafe RawSpan(_unsafeStart: start + offset, byteCount: byteCount)
        return unsafe _overrideLifetime(span, copying: self)
    }
}

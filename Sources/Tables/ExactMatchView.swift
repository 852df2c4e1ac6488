public import CLinux

/// An exact-match table as the packet loop sees it: a pointer and three numbers, to be copied into a local before the
/// loop. Valid until its `ExactMatch` is next edited or ends.
@safe public struct ExactMatchView: BitwiseCopyable, @unchecked Sendable {
    @usableFromInline let slots: UnsafePointer<ExactMatchSlot>
    @usableFromInline package let multiplier: UInt64
    /// 64 less the binary logarithm of the number of slots.
    @usableFromInline let shift: UInt64
    /// The number of slots less one.
    @usableFromInline let mask: UInt64
    /// Whether it has no key at all.
    public let isEmpty: Bool

    init(slots: UnsafePointer<ExactMatchSlot>, multiplier: UInt64, slotCount: Int, isEmpty: Bool) {
        unsafe self.slots = slots
        self.multiplier = multiplier
        shift = UInt64(64 - slotCount.trailingZeroBitCount)
        mask = UInt64(slotCount - 1)
        self.isEmpty = isEmpty
    }

    /// The value of `key`, or 0 if it has none.
    ///
    /// Reads 1.5 slots on average where the key is present and 2.5 where not, at half load; never more than
    /// `ExactMatch.longestRunAllowed` + 1.
    @inlinable @inline(always)
    public func lookup(_ key: UInt64) -> UInt32 {
        var index = home(key)
        while true {
            let slot = unsafe slots + Int(truncatingIfNeeded: index)
            // A free slot holds key 0 and value 0, so finding it by its key is finding nothing, as it should be.
            if unsafe slot.pointee.key == key || slot.pointee.value == 0 { return unsafe slot.pointee.value }
            index = (index &+ 1) & mask
        }
    }

    /// Asks for the cache line where the look-up of `key` begins.
    @inlinable @inline(always)
    public func prefetch(_ key: UInt64) {
        unsafe wl_prefetch_read(slots + Int(truncatingIfNeeded: home(key)))
    }

    /// The slot where `key` belongs: the upper bits of a product (Knuth, *The Art of Computer Programming*, 6.4).
    @inlinable @inline(always)
    func home(_ key: UInt64) -> UInt64 { (key &* multiplier) &>> shift }
}

/// A key with its value, 16 bytes, four to a cache line. Value 0 marks a free slot, whose key is 0 too.
///
/// ```
///  0          8          12       16
/// +----------+----------+--------+
/// |   key    |  value   | unused |
/// +----------+----------+--------+
/// ```
@usableFromInline struct ExactMatchSlot: BitwiseCopyable {
    @usableFromInline var key: UInt64 = 0
    @usableFromInline var value: UInt32 = 0
    @usableFromInline var unused: UInt32 = 0
}

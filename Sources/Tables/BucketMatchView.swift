public import CLinux

/// One side of a `BucketMatch` as the packet loop sees it: two pointers and three numbers, to be copied into a local
/// before the loop. Valid as long as the memory behind it is kept and until its side is settled again.
@safe public struct BucketMatchView: BitwiseCopyable, @unchecked Sendable {
    @usableFromInline let buckets: PagedView<Bucket>
    @usableFromInline let mixing: BucketMixing
    /// Whether it has no key at all.
    public let isEmpty: Bool

    init(buckets: PagedView<Bucket>, mixing: BucketMixing, isEmpty: Bool) {
        self.buckets = buckets
        self.mixing = mixing
        self.isEmpty = isEmpty
    }

    /// The value of `key`, or 0 if it has none. Keys are below 2⁴⁰.
    ///
    /// Reads one cache line for nearly all keys that are there, and 1.3 on average for others, where the table is
    /// about to grow; never more than `BucketMatch.longestSearch`.
    @inlinable @inline(always)
    public func lookup(_ key: UInt64) -> UInt32 {
        let mixed = mixing.mix(key)
        let tag = UInt32(truncatingIfNeeded: mixed)
        var index = mixing.home(mixed)
        let end = index &+ BucketMixing.reach &+ 1
        repeat {
            let bucket = unsafe UnsafeRawPointer(buckets.pointer(index)).assumingMemoryBound(to: UInt32.self)
            // A free place holds tag 0 and value 0, behind all used ones: finding it is finding nothing, as it should
            // be.
            let places = unsafe wl_match_8x32(bucket, tag)
            if places != 0 { return unsafe bucket[8 &+ places.trailingZeroBitCount] }
            // Only from a full bucket keys go on to the next.
            if unsafe bucket[15] == 0 { return 0 }
            index &+= 1
        } while index != end
        return 0
    }

    /// Asks for the cache line where the look-up of `key` begins.
    @inlinable @inline(always)
    public func prefetch(_ key: UInt64) {
        unsafe wl_prefetch_read(buckets.pointer(mixing.home(mixing.mix(key))))
    }
}

/// Eight keys, by their tags, and their values. 64 bytes, one cache line. Used places come first; value 0 marks a
/// free one, whose tag is 0 too.
///
/// ```
///  0                               32                              64
/// |             tags              |            values             |
/// ```
@usableFromInline struct Bucket: BitwiseCopyable {
    @usableFromInline var tags: InlineArray<8, UInt32>
    @usableFromInline var values: InlineArray<8, UInt32>

    var isFull: Bool { values[7] != 0 }

    /// Used places.
    var count: Int {
        var count = 0
        while count < 8, values[count] != 0 { count += 1 }
        return count
    }
}

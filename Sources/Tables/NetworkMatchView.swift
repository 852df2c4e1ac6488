public import CLinux

/// One side of a `NetworkMatch` as the packet loop sees it, to be copied into a local before the loop. Valid as long as
/// the memory behind it is kept and until its side is settled again.
@safe public struct NetworkMatchView: BitwiseCopyable, @unchecked Sendable {
    @usableFromInline let buckets: PagedView<NetworkBucket>
    @usableFromInline let mixing: NetworkMixing
    /// Whether it has no key at all.
    public let isEmpty: Bool

    init(buckets: PagedView<NetworkBucket>, mixing: NetworkMixing, isEmpty: Bool) {
        self.buckets = buckets
        self.mixing = mixing
        self.isEmpty = isEmpty
    }

    /// The value of `key`, or 0 if it has none. Reads one cache line for nearly all keys; never more than
    /// `NetworkMatch.longestSearch`.
    @inlinable @inline(always)
    public func lookup(_ key: UInt64) -> UInt32 {
        var index = mixing.home(key)
        let end = index &+ NetworkMixing.reach &+ 1
        repeat {
            let bucket = unsafe UnsafeRawPointer(buckets.pointer(index))
            let keys = unsafe bucket.assumingMemoryBound(to: UInt64.self)
            let values = unsafe (bucket + 40).assumingMemoryBound(to: UInt32.self)
            // A free place holds key 0 and value 0, behind all used ones: finding it is finding nothing, as it should
            // be.
            if unsafe keys[0] == key { return unsafe values[0] }
            if unsafe keys[1] == key { return unsafe values[1] }
            if unsafe keys[2] == key { return unsafe values[2] }
            if unsafe keys[3] == key { return unsafe values[3] }
            if unsafe keys[4] == key { return unsafe values[4] }
            // Only from a full bucket keys go on to the next.
            if unsafe values[4] == 0 { return 0 }
            index &+= 1
        } while index != end
        return 0
    }

    /// Asks for the cache line where the look-up of `key` begins.
    @inlinable @inline(always)
    public func prefetch(_ key: UInt64) { unsafe wl_prefetch_read(buckets.pointer(mixing.home(key))) }
}

/// Five keys and their values. 64 bytes, one cache line. Used places come first; value 0 marks a free one, whose key is
/// 0 too.
///
/// ```
///  0                                       40                  60  64
/// |                 keys                  |      values       |    |
/// ```
@usableFromInline struct NetworkBucket: BitwiseCopyable {
    @usableFromInline static var capacity: Int { 5 }

    var keys: InlineArray<5, UInt64>
    var values: InlineArray<5, UInt32>
    private var unused: UInt32 = 0

    var isFull: Bool { values[4] != 0 }

    /// Used places.
    var count: Int {
        var count = 0
        while count < Self.capacity, values[count] != 0 { count += 1 }
        return count
    }
}

/// Where a `NetworkMatch` looks for a key: the share of all mixed numbers that each bucket is home to, in order, so that
/// a table that grows keeps its order.
@usableFromInline struct NetworkMixing: BitwiseCopyable, Sendable {
    /// How many buckets behind its home a key may stand.
    @inlinable static var reach: UInt32 { 7 }

    @usableFromInline let seed: UInt64
    /// Odd.
    @usableFromInline let factor: UInt64
    /// Keys have their home in one of so many.
    @usableFromInline let bucketCount: UInt64

    init(seed: UInt64, bucketCount: Int) {
        self.seed = PathGroupEntry.mix(seed)
        factor = PathGroupEntry.mix(self.seed) | 1
        self.bucketCount = UInt64(bucketCount)
    }

    /// The bucket that is home to a key.
    @inlinable @inline(always) func home(_ key: UInt64) -> UInt32 {
        var mixed = (key ^ seed) &* factor
        mixed = (mixed ^ mixed &>> 32) &* 0x9e37_79b9_7f4a_7c15
        return UInt32(truncatingIfNeeded: mixed.multipliedFullWidth(by: bucketCount).high)
    }
}

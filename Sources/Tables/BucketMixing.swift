/// Where a `BucketMatch` looks for a key: a permutation of the numbers of 40 bits, by two products, and the share of
/// them that each bucket is home to.
///
/// Mixed keys are shared out in order: bucket *b* of *n* is home to those from *b* × 2⁴⁰ ÷ *n* on. So a table that
/// grows keeps its order, and any number of buckets will do. Of a mixed key, the bucket keeps the low 32 bits as its
/// tag. Those of `reach` + 1 buckets in a row are fewer than 2³², since there are at least `fewestBuckets`: within
/// the buckets where a key may stand, a tag says which key it is.
@usableFromInline struct BucketMixing: BitwiseCopyable, Sendable {
    /// How many buckets behind its home a key may stand.
    @inlinable static var reach: UInt32 { 7 }
    /// (`reach` + 1) × 2⁴⁰ ÷ 2³².
    static var fewestBuckets: Int { 2048 }
    /// Products with mixed keys fit 64 bits.
    static var mostBuckets: Int { 1 << 23 }
    @inlinable static var mask: UInt64 { 0xff_ffff_ffff }

    /// Odd numbers of 40 bits.
    @usableFromInline let first: UInt64
    @usableFromInline let second: UInt64
    /// Keys have their home in one of so many.
    @usableFromInline let bucketCount: UInt64

    init(seed: UInt64, bucketCount: Int) {
        precondition((Self.fewestBuckets...Self.mostBuckets).contains(bucketCount))
        let mixed = PathGroupEntry.mix(seed)
        first = mixed & Self.mask | 1
        second = PathGroupEntry.mix(mixed) & Self.mask | 1
        self.bucketCount = UInt64(bucketCount)
    }

    /// A key of up to 40 bits, mixed.
    @inlinable @inline(always) func mix(_ key: UInt64) -> UInt64 {
        let product = (key &* first) & Self.mask
        return ((product ^ product &>> 20) &* second) & Self.mask
    }

    /// The bucket that is home to a mixed key.
    @inlinable @inline(always) func home(_ mixed: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: (mixed &* bucketCount) &>> 40)
    }

    /// The key that was mixed.
    func unmix(_ mixed: UInt64) -> UInt64 {
        let product = (mixed &* Self.inverse(second)) & Self.mask
        return ((product ^ product >> 20) &* Self.inverse(first)) & Self.mask
    }

    /// The least mixed key that may stand in a bucket.
    func lowest(in bucket: UInt32) -> UInt64 {
        let farthest = bucket > Self.reach ? UInt64(bucket - Self.reach) : 0
        return (farthest << 40 + bucketCount - 1) / bucketCount
    }

    /// The mixed key that a tag stands for in a bucket.
    /// - Parameter lowest: as `lowest(in:)` of that bucket.
    func mixed(_ tag: UInt32, from lowest: UInt64) -> UInt64 {
        lowest + UInt64(tag &- UInt32(truncatingIfNeeded: lowest))
    }

    /// The inverse of an odd number modulo 2⁶⁴, by Newton's iteration: correct bits double from three.
    private static func inverse(_ number: UInt64) -> UInt64 {
        var inverse = number
        for _ in 0..<5 { inverse = inverse &* (2 &- number &* inverse) }
        return inverse
    }
}

/// Exact match of a key of up to 40 bits to a value of 1…2³²−1, on two sides, as `TwinTable`; 0 stands for "none".
///
/// Buckets of eight tags and values, one cache line each, that are compared at once: a look-up that finds something
/// costs one miss. They are three quarters full at most, and three fifths when it has just grown: 11 to 13 bytes a
/// key, once for both sides, in pages that only take memory where keys are.
///
/// **Bound.** No look-up, found or not, reads more than `longestSearch` cache lines. Random keys stay far below; a
/// set of keys that crowds under one mixing is placed anew under another, and at last in more buckets. The mixing has
/// a seed, so that nobody can choose keys that crowd.
///
/// Inserting and removing cost as much as a look-up on average. Growing goes through the whole table, in order; all
/// growing together costs five placings a key.
///
/// Rejected: `ExactMatch` (32 to 64 bytes a key, on each side); twice the buckets at a time (up to 21 bytes a key); a
/// bucket number taken from the key's low bits (the same).
struct BucketMatch: ~Copyable {
    /// Keys are below.
    static var keyEnd: UInt64 { 1 << 40 }
    /// The cache lines that a look-up reads at most.
    static var longestSearch: Int { Int(BucketMixing.reach) + 1 }
    /// Keys that there are to a bucket at most, on average.
    private static var keysPerBucket: Int { 6 }

    /// The keys that have a value on the standby side.
    private(set) var count = 0
    private var store: BucketStore
    private var seed: UInt64
    /// The published side, which may lie in buckets that have been outgrown since.
    private(set) var view: BucketMatchView
    /// What `view` points into.
    private(set) var memory: [AnyObject]

    /// An empty table.
    init(seed: UInt64 = .random(in: 0...UInt64.max)) {
        self.seed = seed
        let store = BucketStore(
            mixing: BucketMixing(seed: seed, bucketCount: BucketMixing.fewestBuckets))
        view = BucketMatchView(buckets: store.buckets.view, mixing: store.mixing, isEmpty: true)
        memory = store.buckets.memory
        self.store = store
    }

    /// The memory it holds, in bytes.
    var byteCount: Int { store.buckets.byteCount }
    /// Pages of it that hold something.
    var pageCount: Int { store.buckets.pageCount }
    /// Homes that keys can have.
    var bucketCount: Int { Int(store.mixing.bucketCount) }
    var mixing: BucketMixing { store.mixing }

    /// The value of a key on the standby side, or 0.
    func lookup(_ key: UInt64) -> UInt32 { store.lookup(key) }

    /// Gives a key a value, in place of the one that it may have.
    /// - Returns: the value that it had, or 0.
    @discardableResult
    mutating func insert(_ key: UInt64, value: UInt32) -> UInt32 {
        precondition(key < Self.keyEnd && value != 0)
        let previous = store.replace(key, value: value)
        guard previous == 0 else { return previous }
        let entry = BucketStore.Entry(key: key, value: value)
        count += 1
        if count > Self.keysPerBucket * bucketCount {
            rebuild(bucketCount: bucketCount * 5 / 4, with: entry)
        } else if let homeless = store.place(entry) {
            seed = PathGroupEntry.mix(seed)
            rebuild(bucketCount: bucketCount, with: homeless)
        }
        return 0
    }

    /// Takes a key's value away. The table keeps its buckets.
    /// - Returns: the value that it had, or 0.
    @discardableResult
    mutating func remove(_ key: UInt64) -> UInt32 {
        let previous = store.remove(key)
        if previous != 0 { count -= 1 }
        return previous
    }

    /// Calls `body` with each key of the standby side and its value.
    func forEach(_ body: (_ key: UInt64, _ value: UInt32) -> Void) {
        _ = store.forEach { entry, _ in
            body(entry.key, entry.value)
            return true
        }
    }

    /// By how many cache lines they are found in, less one: the keys of the standby side. Goes through the table.
    var distances: [Int] {
        var counts = Array(repeating: 0, count: Self.longestSearch)
        _ = store.forEach { _, distance in
            counts[distance] += 1
            return true
        }
        return counts
    }

    mutating func turn() {
        store.turn()
        view = BucketMatchView(buckets: store.buckets.view, mixing: store.mixing, isEmpty: count == 0)
        memory = store.buckets.memory
    }

    mutating func settle() { store.settle() }

    /// Places all keys anew, and one that stands nowhere; under other mixings, and at last in more buckets, until
    /// none is too far from its home.
    private mutating func rebuild(bucketCount: Int, with homeless: BucketStore.Entry) {
        var bucketCount = bucketCount
        for attempt in 1... {
            var larger = BucketStore(mixing: BucketMixing(seed: seed, bucketCount: bucketCount))
            let isWhole =
                store.forEach { entry, _ in larger.place(entry) == nil } && larger.place(homeless) == nil
            if isWhole {
                store = larger
                return
            }
            seed = PathGroupEntry.mix(seed)
            if attempt % 4 == 0 { bucketCount = bucketCount * 5 / 4 }
        }
    }
}

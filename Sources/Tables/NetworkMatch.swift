/// Exact match of a key of 64 bits to a value of 1…2³²−1, on two sides, as `TwinTable`; 0 stands for "none". For IPv6
/// networks of 64 bits, whose keys are too wide for `BucketMatch`.
///
/// Buckets of five keys and values, one cache line each: a look-up that finds something costs one miss. They are four
/// fifths full at most, and about seven tenths when the table has just grown: 16 to 18 bytes a key, once for both
/// sides.
///
/// A key stands in its home, or, where all buckets from there on are full, in the next that isn't; of those that find no
/// room, the one with the latest home goes on, as in `BucketStore`.
///
/// **Bound.** No look-up, found or not, reads more than `longestSearch` cache lines. Random keys stay below (six for a
/// million); a set of keys that crowds is placed anew under another seed, and at last in more buckets.
///
/// Growing goes through the whole table, in order; all growing together costs nine placings a key.
struct NetworkMatch: ~Copyable {
    /// The cache lines that a look-up reads at most.
    static var longestSearch: Int { Int(NetworkMixing.reach) + 1 }
    /// Keys that there are to a bucket at most, on average.
    private static var keysPerBucket: Int { 4 }
    private static var fewestBuckets: Int { 512 }

    /// The keys that have a value on the standby side.
    private(set) var count = 0
    private var seed: UInt64
    private var mixing: NetworkMixing
    /// Those behind the last home take what it has no room for.
    private var buckets: TwinTable<NetworkBucket>
    /// The published side, which may lie in buckets that have been outgrown since.
    private(set) var view: NetworkMatchView
    /// What `view` points into.
    private(set) var memory: [AnyObject]

    private struct Entry {
        var key: UInt64
        var value: UInt32
    }

    /// An empty table.
    init(seed: UInt64 = .random(in: 0...UInt64.max)) {
        self.seed = seed
        mixing = NetworkMixing(seed: seed, bucketCount: Self.fewestBuckets)
        buckets = Self.makeBuckets(Self.fewestBuckets)
        view = NetworkMatchView(buckets: buckets.view, mixing: mixing, isEmpty: true)
        memory = buckets.memory
    }

    private static func makeBuckets(_ count: Int) -> TwinTable<NetworkBucket> {
        TwinTable(capacity: count + Int(NetworkMixing.reach))
    }

    /// The memory it holds, in bytes.
    var byteCount: Int { buckets.byteCount }
    /// Homes that keys can have.
    var bucketCount: Int { Int(mixing.bucketCount) }

    /// The value of a key on the standby side, or 0.
    func lookup(_ key: UInt64) -> UInt32 {
        guard let place = find(key) else { return 0 }
        return unsafe buckets.readable(place.bucket).pointee.values[place.slot]
    }

    /// Gives a key a value, in place of the one that it may have.
    /// - Returns: the value that it had, or 0.
    @discardableResult
    mutating func insert(_ key: UInt64, value: UInt32) -> UInt32 {
        precondition(value != 0)
        if let place = find(key) {
            let bucket = unsafe buckets.writable(place.bucket)
            let previous = unsafe bucket.pointee.values[place.slot]
            unsafe bucket.pointee.values[place.slot] = value
            return previous
        }
        let entry = Entry(key: key, value: value)
        count += 1
        if count > Self.keysPerBucket * bucketCount {
            rebuild(bucketCount: bucketCount * 9 / 8, with: entry)
        } else if let homeless = Self.place(entry, in: &buckets, mixing) {
            seed = PathGroupEntry.mix(seed)
            rebuild(bucketCount: bucketCount, with: homeless)
        }
        return 0
    }

    /// Takes a key's value away. The table keeps its buckets.
    /// - Returns: the value that it had, or 0.
    @discardableResult
    mutating func remove(_ key: UInt64) -> UInt32 {
        guard var place = find(key) else { return 0 }
        count -= 1
        let value = unsafe buckets.readable(place.bucket).pointee.values[place.slot]
        // Whoever stands behind for want of room takes the place; that leaves one free there.
        while let (entry, next) = clear(place) {
            let bucket = unsafe buckets.writable(place.bucket)
            unsafe bucket.pointee.keys[NetworkBucket.capacity - 1] = entry.key
            unsafe bucket.pointee.values[NetworkBucket.capacity - 1] = entry.value
            place = next
        }
        return value
    }

    /// By how many cache lines they are found in, less one: the keys of the standby side. Goes through the table.
    var distances: [Int] {
        var counts = Array(repeating: 0, count: Self.longestSearch)
        for index in 0..<buckets.capacity {
            let bucket = unsafe buckets.readable(index)
            for slot in unsafe 0..<bucket.pointee.count {
                counts[index - Int(mixing.home(unsafe bucket.pointee.keys[slot]))] += 1
            }
        }
        return counts
    }

    mutating func turn() {
        buckets.turn()
        view = NetworkMatchView(buckets: buckets.view, mixing: mixing, isEmpty: count == 0)
        memory = buckets.memory
    }

    mutating func settle() { buckets.settle() }

    private typealias Place = (bucket: Int, slot: Int)

    private func find(_ key: UInt64) -> Place? {
        let home = Int(mixing.home(key))
        for index in home...home + Int(NetworkMixing.reach) {
            let bucket = unsafe buckets.readable(index)
            for slot in 0..<NetworkBucket.capacity where unsafe bucket.pointee.keys[slot] == key {
                return unsafe bucket.pointee.values[slot] == 0 ? nil : (index, slot)
            }
            guard unsafe bucket.pointee.isFull else { return nil }
        }
        return nil
    }

    /// Puts in a key that isn't there.
    /// - Returns: a key that stands nowhere now, this one or another, since it would be too far from its home; nil: all
    ///   have a place.
    private static func place(
        _ entry: Entry, in buckets: inout TwinTable<NetworkBucket>, _ mixing: NetworkMixing
    ) -> Entry? {
        var entry = entry
        var home = mixing.home(entry.key)
        var index = home
        while index - home <= NetworkMixing.reach {
            let count = unsafe buckets.readable(Int(index)).pointee.count
            if count < NetworkBucket.capacity {
                let bucket = unsafe buckets.writable(Int(index))
                unsafe bucket.pointee.keys[count] = entry.key
                unsafe bucket.pointee.values[count] = entry.value
                return nil
            }
            var latest: (slot: Int, home: UInt32)?
            for slot in 0..<NetworkBucket.capacity {
                let other = mixing.home(unsafe buckets.readable(Int(index)).pointee.keys[slot])
                if other > latest?.home ?? home { latest = (slot, other) }
            }
            if let latest {
                let bucket = unsafe buckets.writable(Int(index))
                let evicted = unsafe Entry(
                    key: bucket.pointee.keys[latest.slot], value: bucket.pointee.values[latest.slot])
                unsafe bucket.pointee.keys[latest.slot] = entry.key
                unsafe bucket.pointee.values[latest.slot] = entry.value
                entry = evicted
                home = latest.home
            }
            index += 1
        }
        return entry
    }

    /// Frees a place.
    /// - Returns: where the bucket was full, the nearest of those behind that may stand in it, and its place.
    private mutating func clear(_ place: Place) -> (entry: Entry, place: Place)? {
        let bucket = unsafe buckets.writable(place.bucket)
        let last = unsafe bucket.pointee.count - 1
        unsafe bucket.pointee.keys[place.slot] = bucket.pointee.keys[last]
        unsafe bucket.pointee.values[place.slot] = bucket.pointee.values[last]
        unsafe bucket.pointee.keys[last] = 0
        unsafe bucket.pointee.values[last] = 0
        guard last == NetworkBucket.capacity - 1 else { return nil }
        let end = min(place.bucket + Int(NetworkMixing.reach), buckets.capacity - 1)
        for index in stride(from: place.bucket + 1, through: end, by: 1) {
            let other = unsafe buckets.readable(index)
            for slot in unsafe 0..<other.pointee.count {
                let key = unsafe other.pointee.keys[slot]
                guard Int(mixing.home(key)) <= place.bucket else { continue }
                return unsafe (Entry(key: key, value: other.pointee.values[slot]), (index, slot))
            }
            guard unsafe other.pointee.isFull else { return nil }
        }
        return nil
    }

    /// Places all keys anew, and one that stands nowhere; under other seeds, and at last in more buckets, until none is
    /// too far from its home.
    private mutating func rebuild(bucketCount: Int, with homeless: Entry) {
        var bucketCount = bucketCount
        for attempt in 1... {
            let mixing = NetworkMixing(seed: seed, bucketCount: bucketCount)
            var larger = Self.makeBuckets(bucketCount)
            var isWhole = Self.place(homeless, in: &larger, mixing) == nil
            for index in 0..<buckets.capacity where isWhole {
                let bucket = unsafe buckets.readable(index)
                for slot in unsafe 0..<bucket.pointee.count where isWhole {
                    let entry = unsafe Entry(
                        key: bucket.pointee.keys[slot], value: bucket.pointee.values[slot])
                    isWhole = Self.place(entry, in: &larger, mixing) == nil
                }
            }
            if isWhole {
                buckets = larger
                self.mixing = mixing
                return
            }
            seed = PathGroupEntry.mix(seed)
            if attempt % 4 == 0 { bucketCount = bucketCount * 5 / 4 }
        }
    }
}

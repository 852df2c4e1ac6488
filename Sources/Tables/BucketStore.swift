import CLinux

/// The buckets of a `BucketMatch` under one mixing. Edits the standby side.
///
/// Linear probing over buckets (Knuth, *The Art of Computer Programming*, 6.4): a key stands in its home, or, where
/// all buckets from there on are full, in the next that isn't. Of those that find no room, the one with the latest
/// home goes on (Celis, Larson, Munro, *Robin Hood Hashing*, 1985), which keeps all of them close to home.
struct BucketStore: ~Copyable {
    let mixing: BucketMixing
    /// Those behind the last home take what it has no room for.
    private(set) var buckets: TwinTable<Bucket>

    /// A key and its value.
    struct Entry {
        var key: UInt64
        var value: UInt32
    }

    init(mixing: BucketMixing) {
        self.mixing = mixing
        buckets = TwinTable(capacity: Int(mixing.bucketCount) + Int(BucketMixing.reach))
    }

    mutating func turn() { buckets.turn() }
    mutating func settle() { buckets.settle() }

    func lookup(_ key: UInt64) -> UInt32 {
        guard let place = find(key) else { return 0 }
        return unsafe buckets.readable(place.bucket).pointee.values[place.slot]
    }

    /// Gives a key that has a value another one.
    /// - Returns: the value that it had; 0: the key isn't there, and nothing has been changed.
    mutating func replace(_ key: UInt64, value: UInt32) -> UInt32 {
        guard let place = find(key) else { return 0 }
        let bucket = unsafe buckets.writable(place.bucket)
        let previous = unsafe bucket.pointee.values[place.slot]
        unsafe bucket.pointee.values[place.slot] = value
        return previous
    }

    /// Puts in a key that isn't there.
    /// - Returns: a key that stands nowhere now, this one or another, since it would be too far from its home; nil: all
    ///   have a place.
    mutating func place(_ entry: Entry) -> Entry? {
        var mixed = mixing.mix(entry.key)
        var value = entry.value
        var home = mixing.home(mixed)
        var index = home
        while index - home <= BucketMixing.reach {
            let count = unsafe buckets.readable(Int(index)).pointee.count
            if count < 8 {
                let bucket = unsafe buckets.writable(Int(index))
                unsafe bucket.pointee.tags[count] = UInt32(truncatingIfNeeded: mixed)
                unsafe bucket.pointee.values[count] = value
                return nil
            }
            // At home nobody's home is later.
            if index > home, let latest = latest(in: index, behind: home) {
                let bucket = unsafe buckets.writable(Int(index))
                let tag = unsafe bucket.pointee.tags[latest.slot]
                let evicted = unsafe bucket.pointee.values[latest.slot]
                unsafe bucket.pointee.tags[latest.slot] = UInt32(truncatingIfNeeded: mixed)
                unsafe bucket.pointee.values[latest.slot] = value
                mixed = mixing.mixed(tag, from: mixing.lowest(in: index))
                value = evicted
                home = latest.home
            }
            index += 1
        }
        return Entry(key: mixing.unmix(mixed), value: value)
    }

    /// Takes a key out.
    /// - Returns: the value that it had, or 0.
    mutating func remove(_ key: UInt64) -> UInt32 {
        guard var place = find(key) else { return 0 }
        let value = unsafe buckets.readable(place.bucket).pointee.values[place.slot]
        // Whoever stands behind for want of room takes the place; that leaves one free there.
        while let (tag, value, next) = clear(place) {
            let bucket = unsafe buckets.writable(place.bucket)
            unsafe bucket.pointee.tags[7] = tag
            unsafe bucket.pointee.values[7] = value
            place = next
        }
        return value
    }

    /// Calls `body` with each key and its value, in the order of their buckets, until it returns false.
    /// - Parameter distance: how many buckets behind its home the key stands.
    /// - Returns: whether it went through all.
    func forEach(_ body: (_ entry: Entry, _ distance: Int) -> Bool) -> Bool {
        for index in 0..<buckets.capacity {
            let bucket = unsafe buckets.readable(index)
            let count = unsafe bucket.pointee.count
            guard count > 0 else { continue }
            let lowest = mixing.lowest(in: UInt32(index))
            for slot in 0..<count {
                let mixed = mixing.mixed(unsafe bucket.pointee.tags[slot], from: lowest)
                let value = unsafe bucket.pointee.values[slot]
                let entry = Entry(key: mixing.unmix(mixed), value: value)
                guard body(entry, index - Int(mixing.home(mixed))) else { return false }
            }
        }
        return true
    }

    private typealias Place = (bucket: Int, slot: Int)

    private func find(_ key: UInt64) -> Place? {
        let mixed = mixing.mix(key)
        let home = Int(mixing.home(mixed))
        for index in home...home + Int(BucketMixing.reach) {
            let bucket = unsafe buckets.readable(index)
            let words = unsafe UnsafeRawPointer(bucket).assumingMemoryBound(to: UInt32.self)
            let slots = unsafe wl_match_8x32(words, UInt32(truncatingIfNeeded: mixed))
            if slots != 0 {
                let slot = slots.trailingZeroBitCount
                return unsafe bucket.pointee.values[slot] == 0 ? nil : (index, slot)
            }
            guard unsafe bucket.pointee.isFull else { return nil }
        }
        return nil
    }

    /// The place of a full bucket whose key has the latest home, if that is later than `home`.
    private func latest(in index: UInt32, behind home: UInt32) -> (slot: Int, home: UInt32)? {
        let bucket = unsafe buckets.readable(Int(index))
        let lowest = mixing.lowest(in: index)
        var latest: (slot: Int, home: UInt32)?
        for slot in 0..<8 {
            let other = mixing.home(mixing.mixed(unsafe bucket.pointee.tags[slot], from: lowest))
            if other > latest?.home ?? home { latest = (slot, other) }
        }
        return latest
    }

    /// Frees a place.
    /// - Returns: where the bucket was full, the nearest of those behind that may stand in it, and its place.
    private mutating func clear(_ place: Place) -> (tag: UInt32, value: UInt32, place: Place)? {
        let bucket = unsafe buckets.writable(place.bucket)
        let last = unsafe bucket.pointee.count - 1
        unsafe bucket.pointee.tags[place.slot] = bucket.pointee.tags[last]
        unsafe bucket.pointee.values[place.slot] = bucket.pointee.values[last]
        unsafe bucket.pointee.tags[last] = 0
        unsafe bucket.pointee.values[last] = 0
        guard last == 7 else { return nil }
        let end = min(place.bucket + Int(BucketMixing.reach), buckets.capacity - 1)
        for index in stride(from: place.bucket + 1, through: end, by: 1) {
            let other = unsafe buckets.readable(index)
            let lowest = mixing.lowest(in: UInt32(index))
            for slot in unsafe 0..<other.pointee.count {
                let tag = unsafe other.pointee.tags[slot]
                guard mixing.home(mixing.mixed(tag, from: lowest)) <= place.bucket else { continue }
                return unsafe (tag, other.pointee.values[slot], (index, slot))
            }
            guard unsafe other.pointee.isFull else { return nil }
        }
        return nil
    }
}

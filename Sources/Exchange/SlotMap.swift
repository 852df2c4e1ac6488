/// Slots by a number of up to 63 bits: a flat table with linear probing (Knuth, *The Art of Computer Programming*, 6.4),
/// five eighths full at most, 19 to 51 bytes a key. `Dictionary` takes more, and hashes for many times as long.
struct SlotMap: Sendable {
    private struct Place {
        /// One more than the key; 0: free.
        var key: UInt64 = 0
        var slot: Int32 = 0
    }

    /// A power of two of them.
    private var places: [Place] = []
    private(set) var count = 0

    /// Makes room for so many keys in all.
    mutating func reserve(_ count: Int) {
        var wanted = 16
        while wanted * 5 < count * 8 { wanted *= 2 }
        if wanted > places.count { rebuild(wanted) }
    }

    subscript(key: UInt64) -> Int? {
        get {
            guard let place = find(key), places[place].key != 0 else { return nil }
            return Int(places[place].slot)
        }
        set {
            if let newValue { insert(key, Int32(newValue)) } else { remove(key) }
        }
    }

    private mutating func insert(_ key: UInt64, _ slot: Int32) {
        reserve(count + 1)
        guard let place = find(key) else { preconditionFailure("a full table") }
        if places[place].key == 0 { count += 1 }
        places[place] = Place(key: key + 1, slot: slot)
    }

    /// Whatever stands behind the hole and may stand in it moves there (Knuth's algorithm R).
    private mutating func remove(_ key: UInt64) {
        guard var hole = find(key), places[hole].key != 0 else { return }
        count -= 1
        let mask = places.count - 1
        var next = hole
        while true {
            next = (next + 1) & mask
            guard places[next].key != 0 else { break }
            if (next - home(places[next].key - 1)) & mask >= (next - hole) & mask {
                places[hole] = places[next]
                hole = next
            }
        }
        places[hole] = Place()
    }

    /// The place of a key, or the free one where it would stand. Nil in a table without places.
    private func find(_ key: UInt64) -> Int? {
        guard !places.isEmpty else { return nil }
        let mask = places.count - 1
        var place = home(key)
        while places[place].key != 0, places[place].key != key + 1 { place = (place + 1) & mask }
        return place
    }

    /// By SplitMix64's finaliser: neighbouring keys stand apart.
    private func home(_ key: UInt64) -> Int {
        var mixed = (key ^ key >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int(truncatingIfNeeded: mixed ^ mixed >> 31) & (places.count - 1)
    }

    private mutating func rebuild(_ placeCount: Int) {
        let old = places
        places = Array(repeating: Place(), count: placeCount)
        let mask = placeCount - 1
        for entry in old where entry.key != 0 {
            var place = home(entry.key - 1)
            while places[place].key != 0 { place = (place + 1) & mask }
            places[place] = entry
        }
    }
}

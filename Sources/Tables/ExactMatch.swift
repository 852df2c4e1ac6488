/// Exact match of a 64-bit key to a value of 1…2³²−1; 0 stands for "none".
///
/// Open addressing with linear probing over 16-byte slots, four to a cache line, at most half of them in use: 32 to
/// 64 bytes a key. A key is looked for from its home, the upper bits of its product with an odd constant, up to the
/// first free slot. Removal shifts back what stands behind, so there are no tombstones and the table doesn't age.
///
/// **Bound.** No run of used slots is longer than `longestRunAllowed`, hence no look-up, found or not, reads more than
/// one slot beyond that. Random keys stay far below (about 75 for a million); a set of keys that crowds under one
/// multiplier is rebuilt under another.
///
/// One writer, and no reader while it edits: packets are given a second copy, or wait.
///
/// Rejected: `Dictionary` (12–63 ns a look-up, reference counting); buckets of eight 32-bit keys (too narrow for a
/// path label and user label together); cuckoo hashing (two misses where a present key needs one).
public final class ExactMatch: @unchecked Sendable {
    /// The used slots that may stand in a row.
    public static var longestRunAllowed: Int { 256 }
    /// A small page full.
    private static var fewestSlots: Int { 256 }

    /// The keys that have a value.
    public private(set) var count = 0
    /// A power of two.
    public private(set) var slotCount: Int
    private var memory: PageMemory
    private var multiplier = ExactMatch.multiplier(0)
    /// How often a multiplier has been given up.
    private var generation = 0

    /// An empty table.
    /// - Parameter minimumCapacity: the keys that it takes before it must grow.
    public init(minimumCapacity: Int = 0) {
        precondition(minimumCapacity >= 0)
        var slotCount = Self.fewestSlots
        while slotCount < 2 * minimumCapacity { slotCount *= 2 }
        self.slotCount = slotCount
        memory = Self.memory(slotCount)
    }

    /// What the packet loop uses. Taking it is unsafe: it is valid until the next insertion or removal, and nothing but
    /// its taker keeps this object alive.
    @unsafe public var view: ExactMatchView {
        unsafe ExactMatchView(
            slots: UnsafePointer(slots), multiplier: multiplier, slotCount: slotCount, isEmpty: count == 0)
    }

    /// The memory it holds, in bytes.
    public var byteCount: Int { memory.byteCount }

    /// The value of `key`, or 0. As `view.lookup`, at the price of a call.
    public func lookup(_ key: UInt64) -> UInt32 { withExtendedLifetime(self) { unsafe view.lookup(key) } }

    /// Gives `key` a value, in place of the one that it may have. Constant time on average; doubles the table where it
    /// would be more than half full.
    /// - Parameter value: not 0.
    /// - Returns: the value that it had, or 0.
    @discardableResult
    public func insert(_ key: UInt64, value: UInt32) -> UInt32 {
        precondition(value != 0)
        let index = find(key)
        let previous = unsafe slots[index].value
        guard previous == 0 else {
            unsafe slots[index].value = value
            return previous
        }
        unsafe slots[index] = ExactMatchSlot(key: key, value: value)
        count += 1
        if 2 * count > slotCount {
            rebuild(slotCount: 2 * slotCount)
        } else if run(around: index) > Self.longestRunAllowed {
            rebuild(slotCount: slotCount)
        }
        return 0
    }

    /// Takes a key's value away. Constant time on average. The table keeps its size.
    /// - Returns: the value that it had, or 0.
    @discardableResult
    public func remove(_ key: UInt64) -> UInt32 {
        var hole = find(key)
        let value = unsafe slots[hole].value
        guard value != 0 else { return 0 }
        count -= 1
        // Knuth's algorithm R, backwards in the other direction: whatever behind the hole may stand in it, moves there.
        let mask = slotCount - 1
        var next = hole
        while true {
            next = (next + 1) & mask
            let slot = unsafe slots[next]
            guard slot.value != 0 else { break }
            let home = Int(truncatingIfNeeded: unsafe view.home(slot.key))
            if (next - home) & mask >= (next - hole) & mask {
                unsafe slots[hole] = slot
                hole = next
            }
        }
        unsafe slots[hole] = ExactMatchSlot()
        return value
    }

    /// Calls `body` with each key and its value, in an order that only depends on what was inserted and removed.
    public func forEach(_ body: (_ key: UInt64, _ value: UInt32) -> Void) {
        for index in 0..<slotCount {
            let slot = unsafe slots[index]
            if slot.value != 0 { body(slot.key, slot.value) }
        }
    }

    /// The longest row of used slots there is: one less than the most that a look-up reads. Scans the table.
    public var longestRun: Int {
        // Every run ends, as half of the slots are free: start behind such an end, and go round once.
        var start = 0
        while unsafe slots[start].value != 0 { start += 1 }
        var longest = 0
        var current = 0
        for step in 0..<slotCount {
            current = unsafe slots[(start + step) & (slotCount - 1)].value != 0 ? current + 1 : 0
            longest = max(longest, current)
        }
        return longest
    }
}

extension ExactMatch {
    private var slots: UnsafeMutablePointer<ExactMatchSlot> {
        unsafe memory.start.assumingMemoryBound(to: ExactMatchSlot.self)
    }

    private static func memory(_ slotCount: Int) -> PageMemory {
        let memory = PageMemory(byteCount: slotCount * MemoryLayout<ExactMatchSlot>.stride)
        unsafe memory.start.bindMemory(to: ExactMatchSlot.self, capacity: slotCount)
        return memory
    }

    /// The odd constants that keys are multiplied with: 2⁶⁴ over the golden ratio, then those that SplitMix64 makes.
    private static func multiplier(_ generation: Int) -> UInt64 {
        guard generation > 0 else { return 0x9e37_79b9_7f4a_7c15 }
        var bits = 0x9e37_79b9_7f4a_7c15 &* UInt64(generation + 1)
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31 | 1
    }

    /// The slot of `key`, or the free one where it would go.
    private func find(_ key: UInt64) -> Int {
        var index = Int(truncatingIfNeeded: unsafe view.home(key))
        while unsafe slots[index].value != 0 && slots[index].key != key {
            index = (index + 1) & (slotCount - 1)
        }
        return index
    }

    /// The used slots in a row that `index` is one of.
    private func run(around index: Int) -> Int {
        let mask = slotCount - 1
        var first = index
        while unsafe slots[(first - 1) & mask].value != 0 { first -= 1 }
        var last = index
        while unsafe slots[(last + 1) & mask].value != 0 { last += 1 }
        return last - first + 1
    }

    /// Places all keys anew; under other multipliers, and at last in more slots, until no run is too long.
    private func rebuild(slotCount newCount: Int) {
        var old = Self.memory(newCount)
        let oldCount = slotCount
        swap(&old, &memory)
        if newCount == oldCount { generation += 1 }
        slotCount = newCount
        multiplier = Self.multiplier(generation)
        for index in 0..<oldCount {
            let slot = unsafe old.start.assumingMemoryBound(to: ExactMatchSlot.self)[index]
            if slot.value != 0 { unsafe slots[find(slot.key)] = slot }
        }
        if longestRun > Self.longestRunAllowed {
            rebuild(slotCount: generation % 4 == 3 ? 2 * newCount : newCount)
        }
    }
}

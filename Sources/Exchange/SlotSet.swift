/// A set of slots, as a bit each.
public struct SlotSet: Equatable, Sendable {
    private var words: [UInt64] = []

    /// An empty set.
    public init() {}

    public func contains(_ slot: Int) -> Bool {
        slot >> 6 < words.count && words[slot >> 6] >> UInt64(slot & 63) & 1 == 1
    }

    /// - Returns: whether it wasn't in.
    @discardableResult public mutating func insert(_ slot: Int) -> Bool {
        while words.count <= slot >> 6 { words.append(0) }
        let bit: UInt64 = 1 << UInt64(slot & 63)
        defer { words[slot >> 6] |= bit }
        return words[slot >> 6] & bit == 0
    }

    mutating func remove(_ slot: Int) {
        guard slot >> 6 < words.count else { return }
        words[slot >> 6] &= ~(1 << UInt64(slot & 63))
    }

    /// All of them in ascending order. The cost is that of the greatest slot ever inserted, by 64.
    var ascending: [Int] {
        var slots: [Int] = []
        for (place, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                slots.append(place << 6 | rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return slots
    }
}

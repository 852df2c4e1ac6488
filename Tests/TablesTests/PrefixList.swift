import Tables

/// Prefixes in no order, looked up by trying each one: too slow for anything but judging the tables.
struct PrefixList<Bits: AddressBits> {
    struct Prefix: Hashable, Comparable {
        var bits: Bits
        var length: Int

        init(_ bits: Bits, _ length: Int) {
            self.length = length
            self.bits = length == 0 ? 0 : bits & (~0 << (Bits.bitWidth - length))
        }

        var last: Bits { length == 0 ? ~0 : bits | ~(~0 << (Bits.bitWidth - length)) }

        static func < (a: Self, b: Self) -> Bool { (a.bits, a.length) < (b.bits, b.length) }
    }

    private(set) var values: [Prefix: UInt32] = [:]

    subscript(prefix: Prefix) -> UInt32 {
        get { values[prefix] ?? 0 }
        set { values[prefix] = newValue == 0 ? nil : newValue }
    }

    func lookup(_ address: Bits) -> UInt32 {
        let matches = values.filter { $0.key.bits <= address && address <= $0.key.last }
        return matches.max { $0.key.length < $1.key.length }?.value ?? 0
    }

    var sorted: [PrefixTree<Bits>.Entry] {
        values.sorted { $0.key < $1.key }.map {
            .init(bits: $0.key.bits, length: $0.key.length, value: $0.value)
        }
    }

    /// Both ends of each prefix, and what lies next to them.
    var edges: [Bits] {
        values.keys.sorted().flatMap { [$0.bits, $0.last, $0.bits &- 1, $0.last &+ 1] }
    }

    var tree: PrefixTree<Bits> {
        var tree = PrefixTree<Bits>()
        for (prefix, value) in values { tree.insert(prefix.bits, length: prefix.length, value: value) }
        return tree
    }
}

/// Turns prefixes into the three arrays of a `Poptrie`.
///
/// Works on the prefixes in order: those under one node are a range of the array, and a prefix comes before all that
/// lie in it. So painting them one after the other over the slots they cover leaves the longest on top.
struct PoptrieCompiler<Bits: AddressBits> {
    private(set) var direct = [UInt32](repeating: 0, count: 1 << 16)
    private(set) var nodes: [PoptrieNode] = []
    private(set) var leaves: [UInt32] = []
    private let entries: [PrefixTree<Bits>.Entry]

    init(_ tree: PrefixTree<Bits>) {
        var entries: [PrefixTree<Bits>.Entry] = []
        entries.reserveCapacity(tree.count)
        for entry in tree { entries.append(entry) }
        self.entries = entries
    }

    mutating func compile() {
        var index = 0
        while index < entries.count {
            let entry = entries[index]
            let first = Int(truncatingIfNeeded: entry.bits >> (Bits.bitWidth - 16))
            if entry.length <= 16 {
                for slot in first..<first + 1 << (16 - entry.length) { direct[slot] = entry.value }
                index += 1
            } else {
                let end = endOfGroup(from: index, bitCount: 16)
                let node = nodes.count
                nodes.append(PoptrieNode())
                fill(node, with: index..<end, depth: 16, inherited: direct[first])
                direct[first] = UInt32(node) | PoptrieNode.flag
                index = end
            }
        }
        // Child and direct entries address 2³¹ nodes, leaf bases 2³² leaves.
        precondition(nodes.count <= Int(PoptrieNode.flag) && leaves.count <= Int(UInt32.max))
    }

    /// Writes the node that decides bits `depth` to `depth` + 5, and everything below it.
    /// - Parameters:
    ///   - range: the prefixes below it: all longer than `depth`, with equal bits up to there.
    ///   - inherited: the value of the longest prefix that covers the whole node.
    private mutating func fill(_ node: Int, with range: Range<Int>, depth: Int, inherited: UInt32) {
        var node = node
        var depth = depth
        while let bitCount = skippableBitCount(range, depth) {
            node = skip(bitCount, at: node, of: entries[range.lowerBound].bits << depth, inherited: inherited)
            depth += bitCount
        }
        let end = depth + 6
        var values = InlineArray<64, UInt32>(repeating: inherited)
        var children: UInt64 = 0
        var index = range.lowerBound
        while index < range.upperBound {
            let entry = entries[index]
            let first = slot(entry.bits, depth)
            if entry.length <= end {
                for slot in first..<first + 1 << (end - entry.length) { values[slot] = entry.value }
                index += 1
            } else {
                children |= 1 << UInt64(first)
                index = endOfGroup(from: index, bitCount: end)
            }
        }

        let childBase = nodes.count
        nodes[node].children = children
        nodes[node].childBase = UInt32(childBase)
        addLeaves(values, of: node)
        for _ in 0..<children.nonzeroBitCount { nodes.append(PoptrieNode()) }

        var child = childBase
        index = range.lowerBound
        while index < range.upperBound {
            guard entries[index].length > end else {
                index += 1
                continue
            }
            let groupEnd = endOfGroup(from: index, bitCount: end)
            fill(
                child, with: index..<groupEnd, depth: end, inherited: values[slot(entries[index].bits, depth)]
            )
            child += 1
            index = groupEnd
        }
    }

    /// How many bits behind `depth` no prefix of `range` ends or differs in, if a skip can stand for them.
    private func skippableBitCount(_ range: Range<Int>, _ depth: Int) -> Int? {
        guard PoptrieNode.maySkip(Bits.self) else { return nil }
        // The first prefix is the shortest of those that agree so far, and no two differ before the first and last do.
        let first = entries[range.lowerBound]
        let shared = (first.bits ^ entries[range.upperBound - 1].bits).leadingZeroBitCount
        let bitCount = min(min(shared, first.length - 1) - depth, 60) / 6 * 6
        return bitCount >= 12 ? bitCount : nil
    }

    /// Makes `node` a skip of the first bits of `rest`.
    /// - Returns: its child, yet to be filled.
    private mutating func skip(_ bitCount: Int, at node: Int, of rest: Bits, inherited: UInt32) -> Int {
        let upper = UInt64(truncatingIfNeeded: rest >> (Bits.bitWidth - 64))
        nodes[node].children = upper & ~0 << UInt64(64 - bitCount)
        nodes[node].leaves = UInt64(bitCount)
        nodes[node].childBase = UInt32(nodes.count) | PoptrieNode.flag
        nodes[node].leafBase = UInt32(leaves.count)
        leaves.append(inherited)
        nodes.append(PoptrieNode())
        return nodes.count - 1
    }

    /// Stores the values of the slots that have no child, each run of equal ones once.
    private mutating func addLeaves(_ values: InlineArray<64, UInt32>, of node: Int) {
        nodes[node].leafBase = UInt32(leaves.count)
        let children = nodes[node].children
        var begins: UInt64 = 0
        for slot in 0..<64 where children >> UInt64(slot) & 1 == 0 {
            if begins == 0 || leaves[leaves.count - 1] != values[slot] {
                leaves.append(values[slot])
                begins |= 1 << UInt64(slot)
            }
        }
        nodes[node].leaves = begins
    }

    /// The first prefix behind `index` that differs from it in the first `bitCount` bits.
    private func endOfGroup(from index: Int, bitCount: Int) -> Int {
        let bits = entries[index].bits
        var end = index + 1
        while end < entries.count, (entries[end].bits ^ bits).leadingZeroBitCount >= bitCount { end += 1 }
        return end
    }

    /// The six bits behind the first `depth`, zeros behind the address's end.
    private func slot(_ bits: Bits, _ depth: Int) -> Int {
        Int(truncatingIfNeeded: (bits << depth) >> (Bits.bitWidth - 6))
    }
}

import Wire

/// Prefixes and whose they are, kept in order, so that overlaps are found without looking at all.
///
/// A list of short sorted lists: looking up costs the logarithm of the number of prefixes, adding and
/// removing besides that the length of a short list.
struct PrefixIndex: Sendable {
    private static let chunkCapacity = 512

    /// None is empty; all in ascending order.
    private var chunks: [[Holding]] = []
    /// Prefixes of each length, by IP version: most lengths never occur and need not be looked for.
    private var countsV4 = [Int](repeating: 0, count: 33)
    private var countsV6 = [Int](repeating: 0, count: 129)

    init() {}

    /// Takes all at once: one sorting instead of a search each.
    init(_ holdings: [(prefix: IPPrefix, owner: Int)]) {
        let sorted = holdings.map { Holding(prefix: $0.prefix, owner: $0.owner) }.sorted()
        for first in stride(from: 0, to: sorted.count, by: Self.chunkCapacity / 2) {
            chunks.append(Array(sorted[first..<min(first + Self.chunkCapacity / 2, sorted.count)]))
        }
        for holding in sorted { count(holding.prefix, 1) }
    }

    private struct Holding: Comparable {
        var prefix: IPPrefix
        var owner: Int

        static func < (a: Self, b: Self) -> Bool { (a.prefix, a.owner) < (b.prefix, b.owner) }
    }

    mutating func insert(_ prefix: IPPrefix, owner: Int) {
        count(prefix, 1)
        let holding = Holding(prefix: prefix, owner: owner)
        guard !chunks.isEmpty else {
            chunks.append([holding])
            return
        }
        // The end of one list rather than the beginning of the next, so that ascending input fills lists.
        var (chunk, offset) = place(of: holding)
        if offset == 0 && chunk > 0 || chunk == chunks.count {
            chunk -= 1
            offset = chunks[chunk].count
        }
        chunks[chunk].insert(holding, at: offset)
        guard chunks[chunk].count > Self.chunkCapacity else { return }
        let upper = Array(chunks[chunk][(Self.chunkCapacity / 2)...])
        chunks[chunk].removeSubrange((Self.chunkCapacity / 2)...)
        chunks.insert(upper, at: chunk + 1)
    }

    mutating func remove(_ prefix: IPPrefix, owner: Int) {
        let holding = Holding(prefix: prefix, owner: owner)
        let (chunk, offset) = place(of: holding)
        guard chunk < chunks.count, chunks[chunk][offset] == holding else { return }
        count(prefix, -1)
        chunks[chunk].remove(at: offset)
        if chunks[chunk].isEmpty { chunks.remove(at: chunk) }
    }

    /// The first owner of exactly this prefix that is `wanted`.
    func owner(of prefix: IPPrefix, where wanted: (Int) -> Bool) -> Int? {
        owner(from: prefix, while: { $0 == prefix }, where: wanted)
    }

    /// An owner of a prefix that overlaps this one, and that is `wanted`. Besides looking up, it costs the
    /// number of those that aren't wanted.
    func owner(overlapping prefix: IPPrefix, where wanted: (Int) -> Bool) -> Int? {
        if let inside = owner(from: prefix, while: { prefix.contains($0) }, where: wanted) { return inside }
        let counts = prefix.version == .v4 ? countsV4 : countsV6
        for bitCount in 0..<prefix.bitCount where counts[bitCount] > 0 {
            let around = IPPrefix(covering: prefix.address, bitCount: bitCount)
            if let owner = owner(of: around, where: wanted) { return owner }
        }
        return nil
    }

    private func owner(
        from prefix: IPPrefix, while matches: (IPPrefix) -> Bool, where wanted: (Int) -> Bool
    ) -> Int? {
        var (chunk, offset) = place(of: Holding(prefix: prefix, owner: 0))
        while chunk < chunks.count {
            let holding = chunks[chunk][offset]
            guard matches(holding.prefix) else { return nil }
            if wanted(holding.owner) { return holding.owner }
            offset += 1
            if offset == chunks[chunk].count { (chunk, offset) = (chunk + 1, 0) }
        }
        return nil
    }

    /// Where the first holding stands that isn't before this one; behind all there is no chunk.
    private func place(of holding: Holding) -> (chunk: Int, offset: Int) {
        let chunk = Self.firstIndex(in: chunks) { !($0[$0.count - 1] < holding) }
        guard chunk < chunks.count else { return (chunk, 0) }
        return (chunk, Self.firstIndex(in: chunks[chunk]) { !($0 < holding) })
    }

    /// The first index whose element fits, where all behind one that fits do too.
    private static func firstIndex<Element>(in list: [Element], where fits: (Element) -> Bool) -> Int {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if fits(list[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private mutating func count(_ prefix: IPPrefix, _ difference: Int) {
        switch prefix.version {
        case .v4: countsV4[prefix.bitCount] += difference
        case .v6: countsV6[prefix.bitCount] += difference
        }
    }
}

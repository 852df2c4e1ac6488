import Testbed
import Testing
import Wire

@testable import Tables

@Suite("Keys of IPv6 neighbours") struct NeighbourKeyTests {
    private static let empty = ForwardingTables().publication

    private func key(_ seed: UInt64, _ high: UInt64, _ low: UInt64) -> UInt64 {
        WorkerTables(Self.empty, neighbourSeed: seed).view.neighbourKey(
            AdjacencyIndex(rawValue: 3), IPv6Address(high: high, low: low))
    }

    @Test(
        "addresses chosen to share a key under one seed don't under another", arguments: SeededGenerator.seeds
    )
    func chosen(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let known: UInt64 = 0x1234_5678_9abc_def0
        let link: UInt64 = 3 << 32
        for _ in 0..<4 {
            // Factors exchanged: the same product, as long as one knows what the address is mixed with.
            let (first, second) = (generator.next(), generator.next())
            let low = known &* 0x9e37_79b9_7f4a_7c15 ^ link
            let a = (first ^ known, second ^ low)
            let b = (second ^ known, first ^ low)
            #expect(key(known, a.0, a.1) == key(known, b.0, b.1))
            let other = generator.next()
            #expect(key(other, a.0, a.1) != key(other, b.0, b.1))
        }
    }

    @Test("the hosts of one link have keys of their own, whatever the seed", arguments: SeededGenerator.seeds)
    func hosts(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let tables = WorkerTables(Self.empty, neighbourSeed: generator.next())
        let view = tables.view
        let keys = (0..<10_000).map {
            view.neighbourKey(
                AdjacencyIndex(rawValue: 3), IPv6Address(high: 0x2001_0db8_0001_0005, low: UInt64($0)))
        }
        #expect(Set(keys).count == keys.count)
    }
}

import Testbed
import Testing

@testable import Tables

@Suite("Exact match of IPv6 networks") struct NetworkMatchTests {
    @Test("An empty table has no key", arguments: [0, 1, .max] as [UInt64])
    func empty(key: UInt64) {
        var table = NetworkMatch()
        let found = [table.lookup(key), table.view.lookup(key), table.remove(key)]
        #expect(found == [0, 0, 0])
        let isEmpty = table.view.isEmpty
        #expect(isEmpty)
    }

    @Test("Any key takes any value but 0", arguments: [0, 1, .max] as [UInt64], [1, .max] as [UInt32])
    func extremes(key: UInt64, value: UInt32) {
        var table = NetworkMatch()
        var found = [table.insert(key, value: value), table.lookup(key), table.lookup(~key)]
        #expect(found == [0, value, 0])
        found = [table.insert(key, value: 7), UInt32(table.count), table.remove(key), table.lookup(key)]
        #expect(found == [value, 1, 7, 0])
    }

    @Test("What a dictionary says, the published side says too", arguments: SeededGenerator.seeds)
    func oracle(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = NetworkMatch(seed: random.next())
        var oracle: [UInt64: UInt32] = [:]
        var published: [UInt64: UInt32] = [:]
        var wrong = 0
        func networks() -> UInt64 { 0x2001_0db8_0000_0000 | random.next() & 0x3fff }
        for round in 0..<40_000 {
            let key = networks()
            // Grows first, and shrinks later.
            if random.number(0...99) < (round < 25_000 ? 70 : 25) {
                let value = UInt32(truncatingIfNeeded: random.next()) | 1
                if table.insert(key, value: value) != oracle.updateValue(value, forKey: key) ?? 0 {
                    wrong += 1
                }
            } else if table.remove(key) != oracle.removeValue(forKey: key) ?? 0 {
                wrong += 1
            }
            let probe = networks()
            if table.lookup(probe) != oracle[probe] ?? 0 { wrong += 1 }
            if table.view.lookup(probe) != published[probe] ?? 0 { wrong += 1 }
            guard random.once(in: 500) else { continue }
            table.turn()
            published = oracle
            if table.view.lookup(probe) != published[probe] ?? 0 { wrong += 1 }
            table.settle()
        }
        table.turn()
        table.settle()
        for (key, value) in oracle where table.view.lookup(key) != value || table.lookup(key) != value {
            wrong += 1
        }
        #expect(wrong == 0, "seed \(seed)")
        let count = table.count
        #expect(count == oracle.count)
    }

    @Test("200,000 neighbouring networks take 18 bytes each at most, and few stand far from home")
    func memory() {
        var table = NetworkMatch(seed: 4711)
        for number in 0..<200_000 as Range<UInt64> {
            table.insert(0x2001_0db8_0000_0000 + number, value: UInt32(number) + 1)
        }
        let distances = table.distances
        #expect(distances.reduce(0, +) == 200_000)
        #expect(distances[0] > 150_000)
        let bucketCount = table.bucketCount
        #expect(bucketCount * 64 <= 200_000 * 18 + 4096)
    }
}

import CLinux
import Testbed
import Testing

@testable import Tables

@Suite("Exact match in buckets") struct BucketMatchTests {
    private static let last = BucketMatch.keyEnd - 1

    @Test("An empty table has no key", arguments: [0, 1, last])
    func empty(key: UInt64) {
        var table = BucketMatch()
        let found = [table.lookup(key), table.view.lookup(key), table.remove(key)]
        #expect(found == [0, 0, 0])
        let isEmpty = table.view.isEmpty
        #expect(isEmpty)
    }

    @Test("Any key takes any value but 0", arguments: [0, 1, last], [1, .max] as [UInt32])
    func extremes(key: UInt64, value: UInt32) {
        var table = BucketMatch()
        var found = [table.insert(key, value: value), table.lookup(key), table.lookup(key ^ Self.last)]
        #expect(found == [0, value, 0])
        found = [table.insert(key, value: 7), UInt32(table.count), table.remove(key), table.lookup(key)]
        #expect(found == [value, 1, 7, 0])
    }

    @Test("Eight numbers are compared at once")
    func comparison() {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 16) { memory in
            let wide = memory.baseAddress!.bindMemory(to: UInt32.self, capacity: 8)
            for place in 0..<8 { wide[place] = UInt32(place % 3) | 0x8000_8000 }
            #expect(wl_match_8x32(wide, 0x8000_8001) == 0b1001_0010)
            #expect(wl_match_8x32(wide, 1) == 0)
            let narrow = memory.baseAddress!.bindMemory(to: UInt16.self, capacity: 8)
            for place in 0..<8 { narrow[place] = UInt16(place % 3) | 0x8000 }
            #expect(wl_match_8x16(narrow, 0x8002) == 0b0010_0100)
            #expect(wl_match_8x16(narrow, 2) == 0)
        }
    }

    @Test("Mixing loses nothing: a bucket and a tag say which key it was", arguments: SeededGenerator.seeds)
    func mixing(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var wrong = 0
        for bucketCount in [2048, 2560, 100_003, 1 << 23] {
            let mixing = BucketMixing(seed: random.next(), bucketCount: bucketCount)
            for _ in 0..<5000 {
                let key = random.next() & Self.last
                let mixed = mixing.mix(key)
                let home = mixing.home(mixed)
                if mixed > Self.last || home >= UInt32(bucketCount) || mixing.unmix(mixed) != key {
                    wrong += 1
                }
                for bucket in home...home + BucketMixing.reach {
                    let tag = UInt32(truncatingIfNeeded: mixed)
                    if mixing.mixed(tag, from: mixing.lowest(in: bucket)) != mixed { wrong += 1 }
                }
            }
            // Both ends of each bucket's share.
            for bucket in [0, 1, 7, 8, UInt32(bucketCount) - 1] {
                let lowest = mixing.lowest(in: bucket + BucketMixing.reach)
                if mixing.home(lowest) != bucket { wrong += 1 }
                if lowest > 0, mixing.home(lowest - 1) != bucket - 1 { wrong += 1 }
            }
        }
        #expect(wrong == 0, "seed \(seed)")
    }

    @Test(
        "Random keys agree with a dictionary on both sides while they come and go",
        arguments: SeededGenerator.seeds)
    func churn(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = BucketMatch(seed: random.next())
        var (written, published): ([UInt64: UInt32], [UInt64: UInt32]) = ([:], [:])
        var wrong = 0
        var bucketCounts: Set<Int> = []
        for step in 0..<120 {
            for _ in 0..<random.number(0...2000) {
                // Label-like keys, few enough to meet again.
                let key = UInt64(random.number(0...39)) << 20 | UInt64(random.number(0...899))
                if random.number(0...9) < (step % 60 < 35 ? 7 : 2) {
                    let value = UInt32.random(in: 1 ... .max, using: &random)
                    if table.insert(key, value: value) != written.updateValue(value, forKey: key) ?? 0 {
                        wrong += 1
                    }
                } else if table.remove(key) != written.removeValue(forKey: key) ?? 0 {
                    wrong += 1
                }
            }
            bucketCounts.insert(table.bucketCount)
            let before = table.view
            let memory = table.memory
            let isTurned = random.once(in: 3)
            if isTurned { table.turn() }
            let after = table.view
            for context: UInt64 in 0..<40 {
                for label: UInt64 in 0..<900 {
                    let key = context << 20 | label
                    let isRight =
                        table.lookup(key) == written[key] ?? 0 || isTurned
                    let isPublished = before.lookup(key) == published[key] ?? 0
                    let isNew = after.lookup(key) == (isTurned ? written : published)[key] ?? 0
                    if !isRight || !isPublished || !isNew { wrong += 1 }
                }
            }
            withExtendedLifetime(memory) {}
            if isTurned {
                published = written
                table.settle()
            }
            var content: [UInt64: UInt32] = [:]
            table.forEach { content[$0] = $1 }
            let count = table.count
            #expect(content == written && count == written.count, "seed \(seed), step \(step)")
        }
        #expect(wrong == 0, "seed \(seed)")
        #expect(bucketCounts.count > 3)
    }

    @Test(
        "A table that grows stays between three fifths and three quarters full, and loses nothing",
        arguments: SeededGenerator.seeds)
    func growth(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = BucketMatch(seed: random.next())
        var keys: [UInt64: UInt32] = [:]
        while keys.count < 60_000 { keys[random.next() & Self.last] = UInt32(keys.count + 1) }
        for (key, value) in keys { table.insert(key, value: value) }
        let (count, bucketCount) = (table.count, table.bucketCount)
        let isWhole = keys.allSatisfy { table.lookup($0) == $1 }
        #expect(count == keys.count && isWhole)
        #expect((48...60).contains(600_000 / bucketCount), "\(bucketCount) buckets")
        table.turn()
        table.settle()
        let byteCount = table.byteCount
        #expect(byteCount < 14 * keys.count)
        let distances = table.distances
        #expect(distances.reduce(0, +) == count && distances[0] > count * 9 / 10)
        for (key, value) in keys where table.remove(key) != value { Issue.record("lost \(key)") }
        table.turn()
        table.settle()
        let (rest, pageCount) = (table.count, table.pageCount)
        #expect(rest == 0 && pageCount == 0)
    }

    @Test(
        "Keys of one home and its neighbours, inserted and removed in random order",
        arguments: SeededGenerator.seeds)
    func crowd(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for home in [0, 1, 1000, 2046, 2047] as [UInt64] {
            var table = BucketMatch(seed: seed)
            // Up to three buckets' keys in two homes, which is what reach allows for by far.
            let homes = [home, min(home + 1, 2047)]
            let keys = homes.flatMap { home in (0..<14).map { Self.key(table.mixing, home, $0) } }
            var present: [UInt64: UInt32] = [:]
            var wrong = 0
            for _ in 0..<2000 {
                let key = random.element(keys)
                if random.once(in: 2) {
                    present[key] = random.next() as UInt32 | 1
                    table.insert(key, value: present[key]!)
                } else if table.remove(key) != present.removeValue(forKey: key) ?? 0 {
                    wrong += 1
                }
                for key in keys where table.lookup(key) != present[key] ?? 0 { wrong += 1 }
            }
            let bucketCount = table.bucketCount
            #expect(wrong == 0 && bucketCount == 2048, "seed \(seed)")
        }
    }

    @Test("Keys chosen to have one home are spread by another mixing; no search is longer than stated")
    func adversary() {
        var table = BucketMatch(seed: 1)
        let first = table.mixing
        let keys = (0..<6000).map { Self.key(first, 77, $0) }
        for key in keys { table.insert(key, value: 1) }
        let isOther = table.mixing.first != first.first
        #expect(isOther)
        let isWhole = keys.allSatisfy { table.lookup($0) == 1 }
        #expect(isWhole)
        let distances = table.distances
        #expect(distances.reduce(0, +) == keys.count)
        let (bucketCount, next) = (table.bucketCount, table.lookup(Self.key(first, 77, 6000)))
        #expect(bucketCount < 4096 && next == 0)
    }

    @Test(
        "Addresses, labels under several tunnels and every second service lie near their homes",
        arguments: SeededGenerator.seeds)
    func usualKeys(seed: UInt64) {
        let sets: [(String, [UInt64])] = [
            ("addresses", (0..<50_000).map { 0x0a00_0000 + $0 }),
            ("every 256th address", (0..<50_000).map { 0x0a00_0000 + $0 << 8 & 0xffff_ffff }),
            ("labels", (0..<50_000).map { ($0 / 1000) << 20 | (100_000 + $0 % 1000) }),
            ("services", (0..<50_000).map { ($0 / 10) << 16 | $0 % 10 * 2 }),
        ]
        for (name, keys) in sets {
            var table = BucketMatch(seed: seed)
            for key in keys { table.insert(key, value: 1) }
            let (count, distances) = (table.count, table.distances)
            #expect(count == Set(keys).count)
            // Whatever the seed; a table three quarters full of random keys has 96 % of them at home.
            #expect(distances[0] > count * 85 / 100, "\(name), seed \(seed): \(distances)")
        }
    }

    /// A key of which the home is given, under a mixing.
    private static func key(_ mixing: BucketMixing, _ home: UInt64, _ number: Int) -> UInt64 {
        mixing.unmix(mixing.lowest(in: UInt32(home) + BucketMixing.reach) + UInt64(number))
    }
}

import Tables
import Testbed
import Testing

@Suite struct ExactMatchTests {
    @Test("An empty table has no key", arguments: [0, 1, 0x8000_0000_0000_0000, .max] as [UInt64])
    func empty(key: UInt64) {
        let table = ExactMatch()
        #expect(table.lookup(key) == 0)
        #expect(table.remove(key) == 0)
        #expect(table.count == 0)
    }

    @Test("Any key takes any value but 0", arguments: [0, 1, .max] as [UInt64], [1, .max] as [UInt32])
    func extremes(key: UInt64, value: UInt32) {
        let table = ExactMatch()
        #expect(table.insert(key, value: value) == 0)
        #expect(table.lookup(key) == value)
        #expect(table.lookup(~key) == 0)
        #expect(table.insert(key, value: 7) == value)
        #expect(table.count == 1)
        #expect(table.remove(key) == 7)
        #expect(table.lookup(key) == 0)
    }

    @Test("The view sees what was inserted, and a prefetch harms nothing")
    func view() {
        let table = ExactMatch()
        table.insert(5, value: 6)
        withExtendedLifetime(table) {
            let view = table.view
            view.prefetch(5)
            view.prefetch(.max)
            #expect(view.lookup(5) == 6)
            #expect(view.lookup(6) == 0)
        }
    }

    @Test("Random keys agree with a dictionary while they come and go", arguments: SeededGenerator.seeds)
    func churn(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let table = ExactMatch()
        var oracle: [UInt64: UInt32] = [:]
        var wrong = 0
        for step in 0..<60_000 {
            // Label-like keys, few enough to meet again.
            let key = UInt64.random(in: 0..<40, using: &random) << 32 | .random(in: 0..<200, using: &random)
            if Int.random(in: 0..<10, using: &random) < (step % 20_000 < 10_000 ? 7 : 2) {
                let value = UInt32.random(in: 1 ... .max, using: &random)
                if table.insert(key, value: value) != oracle.updateValue(value, forKey: key) ?? 0 {
                    wrong += 1
                }
            } else if table.remove(key) != oracle.removeValue(forKey: key) ?? 0 {
                wrong += 1
            }
            if table.lookup(key) != oracle[key] ?? 0 { wrong += 1 }
            guard step % 5000 == 4999 else { continue }
            for tunnel: UInt64 in 0..<40 {
                for label: UInt64 in 0..<200
                where table.lookup(tunnel << 32 | label) != oracle[tunnel << 32 | label] ?? 0 {
                    wrong += 1
                }
            }
            var content: [UInt64: UInt32] = [:]
            table.forEach { content[$0] = $1 }
            #expect(content == oracle, "seed \(seed), step \(step)")
        }
        #expect(wrong == 0, "seed \(seed)")
    }

    @Test("It grows at half load and loses nothing", arguments: SeededGenerator.seeds)
    func growth(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let table = ExactMatch()
        let keys = (0..<50_000).map { _ in random.next() as UInt64 }
        for (number, key) in keys.enumerated() { table.insert(key, value: UInt32(number + 1)) }
        #expect(table.count == keys.count)
        #expect(table.slotCount == 131_072)
        #expect(table.longestRun <= ExactMatch.longestRunAllowed)
        #expect(keys.enumerated().allSatisfy { table.lookup($1) == UInt32($0 + 1) }, "seed \(seed)")
        for key in keys { table.remove(key) }
        #expect(table.count == 0 && table.longestRun == 0)
    }

    @Test("A reserved capacity is not outgrown", arguments: [0, 1, 128, 129, 1000])
    func reserved(capacity: Int) {
        let table = ExactMatch(minimumCapacity: capacity)
        let slotCount = table.slotCount
        for key in 0..<UInt64(capacity) { table.insert(key, value: 1) }
        #expect(table.slotCount == slotCount)
        #expect(slotCount == max(256, slotCount) && slotCount.nonzeroBitCount == 1)
    }

    @Test("Five keys around the table's end, inserted and removed in every order")
    func everyOrder() {
        let table = ExactMatch()
        let keys = [255, 255, 254, 0, 1].enumerated().map { Self.key(home: UInt64($1), number: UInt64($0)) }
        var wrong = 0
        for insertion in Self.permutations(of: [0, 1, 2, 3, 4]) {
            for removal in Self.permutations(of: [0, 1, 2, 3, 4]) {
                for number in insertion { table.insert(keys[number], value: UInt32(number + 1)) }
                var present: Set = [0, 1, 2, 3, 4]
                for victim in removal {
                    if table.remove(keys[victim]) != UInt32(victim + 1) { wrong += 1 }
                    present.remove(victim)
                    for number in 0..<5 {
                        let expected = present.contains(number) ? UInt32(number + 1) : 0
                        if table.lookup(keys[number]) != expected { wrong += 1 }
                    }
                }
            }
        }
        #expect(wrong == 0)
        #expect(table.slotCount == 256 && table.count == 0 && table.longestRun == 0)
    }

    @Test("Keys that all want one slot are spread by another multiplier")
    func crowded() {
        let table = ExactMatch(minimumCapacity: 4000)
        let first = table.view.multiplier
        let keys = (0..<3000).map { Self.key(home: 0, number: $0) }
        for key in keys { table.insert(key, value: 1) }
        #expect(table.view.multiplier != first)
        #expect(table.longestRun <= ExactMatch.longestRunAllowed)
        #expect(keys.allSatisfy { table.lookup($0) == 1 })
        #expect(table.lookup(Self.key(home: 0, number: 3000)) == 0)
    }

    @Test("Labels counted up under several tunnels keep their look-ups short")
    func consecutiveLabels() {
        let table = ExactMatch()
        for tunnel: UInt64 in 0..<64 {
            for label: UInt64 in 100_000..<101_000 { table.insert(tunnel << 32 | label, value: 1) }
        }
        #expect(table.count == 64_000)
        #expect(table.longestRun < 64)
    }

    /// A key whose home in a table of 256 slots is given, under the first multiplier.
    private static func key(home: UInt64, number: UInt64) -> UInt64 {
        let multiplier = ExactMatch().view.multiplier
        // Newton's iteration for the inverse modulo 2⁶⁴: correct bits double from three.
        var inverse = multiplier
        for _ in 0..<5 { inverse = inverse &* (2 &- multiplier &* inverse) }
        return (home << 56 | number) &* inverse
    }

    private static func permutations(of items: [Int]) -> [[Int]] {
        guard items.count > 1 else { return [items] }
        return items.flatMap { first in
            permutations(of: items.filter { $0 != first }).map { [first] + $0 }
        }
    }
}

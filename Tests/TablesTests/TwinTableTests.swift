import Testbed
import Testing

@testable import Tables

@Suite("Tables on two sides") struct TwinTableTests {
    /// 64 bytes, as the records of the data path.
    private struct Record: BitwiseCopyable {
        var words: InlineArray<8, UInt64>
        init(_ word: UInt64) { words = InlineArray(repeating: word) }
    }

    private static let capacity = 10_000
    /// 64 records of 64 bytes to a page.
    private static let pageCount = 157

    @Test(
        "Both sides hold what was written to them, whatever is written, published and settled when",
        arguments: SeededGenerator.seeds)
    func randomEdits(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = TwinTable<Record>(capacity: Self.capacity)
        var written = [UInt64](repeating: 0, count: Self.capacity)
        var published = written
        var wrong = 0
        for _ in 0..<300 {
            // Few pages, or all of them; zeros as often as not.
            let last = random.once(in: 4) ? Self.capacity - 1 : random.number(0...200)
            for _ in 0..<random.number(0...400) {
                let index = random.number(0...last)
                let word = random.once(in: 2) ? 0 : random.next()
                table[index] = Record(word)
                written[index] = word
            }
            if random.once(in: 3) {
                for index in 0..<Self.capacity where written[index] != 0 {
                    table[index] = Record(0)
                    written[index] = 0
                }
            }
            let before = table.view
            for index in 0..<Self.capacity {
                let isRight =
                    before[UInt32(index)].words[7] == published[index]
                    && table[index].words[0] == written[index]
                if !isRight { wrong += 1 }
            }
            table.turn()
            let after = table.view
            for index in 0..<Self.capacity {
                // Who still reads the side before, sees what was there.
                let isRight =
                    after[UInt32(index)].words[3] == written[index]
                    && before[UInt32(index)].words[3] == published[index]
                if !isRight { wrong += 1 }
            }
            published = written
            table.settle()
            let nonzero = Set(written.indices.filter { written[$0] != 0 }.map { $0 / 64 }).count
            let count = table.pageCount
            #expect(count == nonzero, "seed \(seed): as many pages as hold something")
        }
        #expect(wrong == 0, "seed \(seed)")
    }

    @Test("Pages stand once, but while a transaction that writes them is not settled")
    func sharing() {
        var table = TwinTable<Record>(capacity: Self.capacity)
        func fill(_ word: UInt64) { for index in 0..<Self.capacity { table[index] = Record(word) } }
        fill(1)
        var counts = [table.pageCount]
        table.turn()
        table.settle()
        counts.append(table.pageCount)
        table[5] = Record(2)
        table[6] = Record(2)
        table[9999] = Record(2)
        counts.append(table.pageCount)
        table.turn()
        counts.append(table.pageCount)
        table.settle()
        counts.append(table.pageCount)
        fill(0)
        counts.append(table.pageCount)
        table.turn()
        counts.append(table.pageCount)
        table.settle()
        counts.append(table.pageCount)
        let all = Self.pageCount
        #expect(counts == [all, all, all + 2, all + 2, all, 2 * all, all, 0])
    }

    @Test("Memory is given back when chunks of pages are free, and is there when they are needed again")
    func givenBack() {
        var table = TwinTable<Record>(capacity: 1 << 18)
        let empty = table.byteCount
        var highest = 0
        for round in 0..<6 as Range<UInt64> {
            for index in 0..<1 << 18 { table[index] = Record(round + 1) }
            highest = max(highest, table.byteCount)
            table.turn()
            table.settle()
            let (full, right) = (
                table.byteCount, (0..<1 << 18).allSatisfy { table[$0].words[5] == round + 1 }
            )
            #expect(right)
            // 16 MiB; a chunk more at either end of what is in use.
            #expect(full - empty < 21 << 20, "\(full)")
        }
        #expect(highest - empty > 31 << 20)
        for index in 0..<1 << 18 { table[index] = Record(0) }
        table.turn()
        table.settle()
        let rest = table.byteCount
        #expect(rest == empty)
    }

    @Test("Pages that are taken back are given out again before further ones, and page 0 never")
    func pool() {
        let pool = PagePool(pageByteCount: 4096, capacity: 2000)
        let first = (0..<1500).map { _ in pool.take() }
        #expect(Set(first).count == 1500 && !first.contains(0))
        for page in first.prefix(1200) { pool.release(page) }
        #expect(pool.usedCount == 300)
        // Of three chunks two have no page that is given out.
        #expect(pool.byteCount == (1501 - 1024) * 4096)
        let again = (0..<1200).map { _ in pool.take() }
        #expect(Set(again) == Set(first.prefix(1200)))
        #expect(pool.byteCount == 1501 * 4096)
    }
}

import Tables
import Testbed
import Testing

@Suite struct PrefixTreeTests {
    @Test("Prefixes come out in order, each before those that lie in it")
    func order() {
        var tree = PrefixTree<UInt32>()
        tree.insert(0xc000_0200, length: 24, value: 1)
        tree.insert(0xc000_0200, length: 32, value: 2)
        tree.insert(0, length: 0, value: 3)
        tree.insert(0x0a00_0000, length: 8, value: 4)
        tree.insert(0xc000_0000, length: 16, value: 5)
        #expect(tree.map(\.value) == [3, 4, 5, 1, 2])
        #expect(tree.map(\.length) == [0, 8, 16, 24, 32])
        #expect(tree.count == 5)
    }

    @Test("Insertion and removal tell what was there")
    func previousValues() {
        var tree = PrefixTree<UInt128>()
        #expect(tree.insert(1, length: 128, value: 10) == 0)
        #expect(tree.insert(1, length: 128, value: 11) == 10)
        #expect(tree.remove(0, length: 128) == 0)
        #expect(tree.remove(0, length: 127) == 0)
        #expect(tree.remove(0, length: 0) == 0)
        #expect(tree.count == 1)
        #expect(tree.remove(1, length: 128) == 11)
        #expect(tree.remove(1, length: 128) == 0)
        #expect(tree.isEmpty)
    }

    @Test("A copy is its own")
    func valueSemantics() {
        var tree = PrefixTree<UInt32>()
        tree.insert(0x0a00_0000, length: 8, value: 1)
        let before = tree
        let table = Poptrie(tree)
        tree.insert(0x0a00_0000, length: 8, value: 2)
        tree.insert(0x0a01_0000, length: 16, value: 3)
        #expect(before.lookup(0x0a01_0000) == 1)
        #expect(table.lookup(0x0a01_0000) == 1)
        #expect(tree.lookup(0x0a01_0000) == 3)
    }

    @Test("Filled and emptied in any order, nothing is left", arguments: SeededGenerator.seeds)
    func emptied(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var tree = PrefixTree<UInt32>()
        for round in 1...3 {
            let prefixes = Set(
                (0..<3000).map { _ in
                    PrefixList<UInt32>.Prefix(random.next(), Int.random(in: 0...32, using: &random))
                }
            ).sorted()
            for prefix in prefixes.shuffled(using: &random) {
                tree.insert(prefix.bits, length: prefix.length, value: UInt32(round))
            }
            #expect(tree.count == prefixes.count && tree.nodeCount <= 2 * tree.count + 1)
            var lost = 0
            for prefix in prefixes.shuffled(using: &random)
            where tree.remove(prefix.bits, length: prefix.length) != UInt32(round) { lost += 1 }
            #expect(lost == 0, "seed \(seed)")
            #expect(tree.isEmpty && Array(tree).isEmpty && tree.nodeCount == 1, "seed \(seed)")
            #expect(tree.lookup(random.next()) == 0)
        }
    }

    @Test("A prefix with bits behind its length is a bug")
    func strayBits() async {
        await #expect(processExitsWith: .failure) {
            var tree = PrefixTree<UInt32>()
            tree.insert(0x0a00_0001, length: 24, value: 1)
        }
    }

    @Test("Value 0 is a bug, since it stands for no match")
    func zeroValue() async {
        await #expect(processExitsWith: .failure) {
            var tree = PrefixTree<UInt32>()
            tree.insert(0, length: 0, value: 0)
        }
    }
}

import Tables
import Testbed
import Testing

@Suite struct PoptrieTests {
    @Test("PX-6 an empty table matches nothing")
    func empty() {
        let v4 = Poptrie(PrefixTree<UInt32>())
        let v6 = Poptrie(PrefixTree<UInt128>())
        for address: UInt32 in [0, 1, 0x0a00_0001, .max] {
            #expect(v4.lookup(address) == 0)
            #expect(v6.lookup(UInt128(address) << 96 | UInt128(address)) == 0)
        }
        #expect(v4.count == 0 && v4.nodeCount == 0 && v4.leafCount == 0)
    }

    @Test(
        "PX-6 the longest of nested and adjacent IPv4 prefixes wins",
        arguments: [
            (0x0000_0000, 1), (0xffff_ffff, 1),  // 0/0
            (0x0a00_0000, 2), (0x0aff_ffff, 2), (0x09ff_ffff, 1), (0x0b00_0000, 1),  // 10/8
            (0x0a01_0000, 3), (0x0a01_ffff, 6), (0x0a02_0000, 2),  // 10.1/16
            (0x0a01_0200, 4), (0x0a01_02ff, 4), (0x0a01_01ff, 3), (0x0a01_0300, 5),  // 10.1.2/24, 10.1.3/24
            (0x0a01_0304, 7), (0x0a01_0305, 8), (0x0a01_0303, 5), (0x0a01_0306, 5),  // their /32s .4 and .5
            (0x0a01_8000, 6), (0x0a01_7fff, 3),  // 10.1.128/17
        ] as [(UInt32, UInt32)])
    func nestedIPv4(address: UInt32, value: UInt32) {
        var tree = PrefixTree<UInt32>()
        tree.insert(0x0a01_0304, length: 32, value: 7)
        tree.insert(0x0a01_0305, length: 32, value: 8)
        tree.insert(0x0a01_0300, length: 24, value: 5)
        tree.insert(0x0a01_8000, length: 17, value: 6)
        tree.insert(0x0a01_0200, length: 24, value: 4)
        tree.insert(0x0a01_0000, length: 16, value: 3)
        tree.insert(0x0a00_0000, length: 8, value: 2)
        tree.insert(0, length: 0, value: 1)
        #expect(tree.lookup(address) == value)
        #expect(Poptrie(tree).lookup(address) == value)
    }

    @Test(
        "PX-6 the longest of nested and adjacent IPv6 prefixes wins",
        arguments: [
            (0, 1), (.max, 1),  // ::/0
            (0x2001_0db8 << 96, 2), (0x2001_0db9 << 96, 1), (0x2001_0db8_ffff << 80, 2),  // 2001:db8::/32
            (0x2001_0db8_000a << 80, 3), (0x2001_0db8_000a_0002 << 64, 3),  // 2001:db8:a::/48
            (0x2001_0db8_000a_0001 << 64, 4), (0x2001_0db8_000a_0001 << 64 | 7, 4),  // 2001:db8:a:1::/64
            (0x2001_0db8_000a_0001 << 64 | 5, 5), (0x2001_0db8_000a_0001 << 64 | 6, 6),  // …::5/128, …::6/128
        ] as [(UInt128, UInt32)])
    func nestedIPv6(address: UInt128, value: UInt32) {
        var tree = PrefixTree<UInt128>()
        tree.insert(0, length: 0, value: 1)
        tree.insert(0x2001_0db8 << 96, length: 32, value: 2)
        tree.insert(0x2001_0db8_000a << 80, length: 48, value: 3)
        tree.insert(0x2001_0db8_000a_0001 << 64, length: 64, value: 4)
        tree.insert(0x2001_0db8_000a_0001 << 64 | 5, length: 128, value: 5)
        tree.insert(0x2001_0db8_000a_0001 << 64 | 6, length: 128, value: 6)
        #expect(tree.lookup(address) == value)
        #expect(Poptrie(tree).lookup(address) == value)
    }

    @Test("Every value of 31 bits comes back", arguments: [1, 0x7fff_ffff] as [UInt32], [0, 16, 17, 22, 32])
    func extremeValues(value: UInt32, length: Int) {
        var tree = PrefixTree<UInt32>()
        tree.insert(0, length: length, value: value)
        let table = Poptrie(tree)
        #expect(table.lookup(0) == value)
        #expect(table.lookup(.max) == (length == 0 ? value : 0))
    }

    @Test("Equal neighbouring leaves are stored once")
    func leafCompression() {
        var tree = PrefixTree<UInt32>()
        tree.insert(0x0a00_0000, length: 24, value: 9)
        let alone = Poptrie(tree)
        // At 16 bits: one child, then nothing. At 22 bits: sixteen slots of 9, then nothing.
        #expect(alone.nodeCount == 2)
        #expect(alone.leafCount == 3)
        tree.insert(0x0a00_0100, length: 24, value: 9)
        #expect(Poptrie(tree).leafCount == 3)
        tree.insert(0x0a00_0100, length: 24, value: 8)
        #expect(Poptrie(tree).leafCount == 4)
    }

    @Test("PX-10 a lone long IPv6 prefix holds its own addresses and no others", arguments: 17...128)
    func loneIPv6(length: Int) {
        let prefix = PrefixList<UInt128>.Prefix(0x2001_0db8_a5c3_96f0 << 64 | 0x0f1e_2d3c_4b5a_6978, length)
        var list = PrefixList<UInt128>()
        list[prefix] = 3
        #expect(Poptrie(list.tree).nodeCount <= 3)
        list[.init(0, 0)] = 1
        // Covers the whole of a chain, or cuts it.
        list[.init(prefix.bits, length / 2)] = 2
        let table = Poptrie(list.tree)
        let inside = [prefix.bits, prefix.last]
        let changed = (0..<128).flatMap { bit in inside.map { $0 ^ UInt128(1) << UInt128(bit) } }
        let wrong = (inside + changed).filter { table.lookup($0) != list.lookup($0) }
        #expect(wrong == [])
    }

    /// All 128 sets of the seven prefixes that decide up to two bits behind a common stem, with every stem length, so
    /// that each boundary between direct array and nodes is crossed in each way.
    @Test("All small IPv4 tables", arguments: 0...30)
    func allSmallIPv4(stem: Int) { everySmallTable(stem: stem, pattern: UInt32(0xa5c3_96f0)) }

    @Test(
        "All small IPv6 tables",
        arguments: [
            0, 14, 15, 16, 20, 21, 22, 26, 27, 28, 33, 34, 62, 63, 64, 75, 76, 77, 81, 82, 87, 88, 118, 124,
            125, 126,
        ])
    func allSmallIPv6(stem: Int) {
        everySmallTable(stem: stem, pattern: UInt128(0xa5c3_96f0) << 96 | 0x5a3c_690f)
    }

    private func everySmallTable<Bits: AddressBits>(stem: Int, pattern: Bits) {
        typealias Prefix = PrefixList<Bits>.Prefix
        let base = Prefix(pattern, stem).bits
        let quarter = Bits(1) << (Bits.bitWidth - stem - 2)
        let quarters = (0..<4).map { base + Bits($0) * quarter }
        let universe =
            [Prefix(base, stem), Prefix(quarters[0], stem + 1), Prefix(quarters[2], stem + 1)]
            + quarters.map { Prefix($0, stem + 2) }
        let probes = quarters + quarters.map { $0 + (quarter - 1) } + [base &- 1, ~base]
        var wrong: [String] = []
        for set in 0..<128 {
            var list = PrefixList<Bits>()
            // Two values only, so that equal neighbours occur as well.
            for (number, prefix) in universe.enumerated() where set >> number & 1 != 0 {
                list[prefix] = UInt32(1 + number % 2)
            }
            let tree = list.tree
            let table = Poptrie(tree)
            for address in probes {
                let expected = list.lookup(address)
                if tree.lookup(address) != expected || table.lookup(address) != expected {
                    wrong.append("set \(set), address \(String(address, radix: 16))")
                }
            }
        }
        #expect(wrong == [])
    }

    @Test("Random tables agree with a list, IPv4", arguments: SeededGenerator.seeds)
    func churnIPv4(seed: UInt64) { churn(seed, UInt32.self) }

    @Test("Random tables agree with a list, IPv6", arguments: SeededGenerator.seeds)
    func churnIPv6(seed: UInt64) { churn(seed, UInt128.self) }

    /// Inserts and removes prefixes that crowd into each other, and compares all three forms as it goes.
    private func churn<Bits: AddressBits>(_ seed: UInt64, _: Bits.Type) {
        var random = SeededGenerator(seed: seed)
        var list = PrefixList<Bits>()
        var tree = PrefixTree<Bits>()
        var wrong: [Bits] = []
        let stems = (0..<6).map { _ in Bits.random(in: 0 ... .max, using: &random) }
        for step in 1...3000 {
            // A stem with one bit turned over: prefixes nest, touch and repeat.
            let flip = Bits(1) << Int.random(in: 0..<Bits.bitWidth, using: &random)
            let length = Int.random(in: 0...Bits.bitWidth, using: &random)
            let prefix = PrefixList<Bits>.Prefix(stems.randomElement(using: &random)! ^ flip, length)
            // Grows for a while, then shrinks.
            if Int.random(in: 0..<10, using: &random) < (step % 1500 < 750 ? 7 : 2) {
                let value = UInt32.random(in: 1...5, using: &random)
                #expect(
                    tree.insert(prefix.bits, length: length, value: value) == list[prefix], "seed \(seed)")
                list[prefix] = value
            } else {
                let victim = list.values.isEmpty || step % 4 == 0 ? prefix : list.values.keys.min()!
                #expect(tree.remove(victim.bits, length: victim.length) == list[victim], "seed \(seed)")
                list[victim] = 0
            }
            guard step % 150 == 0 else { continue }
            #expect(tree.count == list.values.count && tree.nodeCount <= 2 * tree.count + 1)
            #expect(Array(tree) == list.sorted, "seed \(seed), step \(step)")
            let table = Poptrie(tree)
            let edges = list.edges
            for address in edges.count > 600 ? Array(edges.shuffled(using: &random)[..<600]) : edges {
                let expected = list.lookup(address)
                if tree.lookup(address) != expected || table.lookup(address) != expected {
                    wrong.append(address)
                }
            }
        }
        #expect(wrong == [], "seed \(seed)")
    }

    @Test("Any address may be looked up in a large table", arguments: SeededGenerator.seeds)
    func anyAddress(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var tree = PrefixTree<UInt32>()
        for _ in 0..<20_000 {
            let prefix = PrefixList<UInt32>.Prefix(random.next(), Int.random(in: 8...32, using: &random))
            tree.insert(
                prefix.bits, length: prefix.length,
                value: .random(in: PrefixTree<UInt32>.values, using: &random))
        }
        let table = Poptrie(tree)
        var differences = 0
        for _ in 0..<100_000 {
            let address: UInt32 = random.next()
            if table.lookup(address) != tree.lookup(address) { differences += 1 }
        }
        #expect(differences == 0, "seed \(seed)")
    }
}

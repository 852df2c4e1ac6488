import Testbed
import Testing
import Wire

@testable import Exchange

@Suite struct PrefixIndexTests {
    @Test(
        "PX-4 overlaps and owners are those that a look at every prefix finds",
        arguments: SeededGenerator.seeds)
    func againstList(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var index = PrefixIndex()
        var list: [(prefix: IPPrefix, owner: Int)] = []
        for step in 0..<6_000 {
            if step < 2_500 || random.once(in: 2) {
                let entry = (prefix: prefix(&random), owner: random.number(0...99))
                guard !list.contains(where: { $0 == entry }) else { continue }
                list.append(entry)
                index.insert(entry.prefix, owner: entry.owner)
            } else if !list.isEmpty {
                let entry = list.remove(at: random.number(0...list.count - 1))
                index.remove(entry.prefix, owner: entry.owner)
                index.remove(entry.prefix, owner: 1000)
            }
            guard step % 10 == 0 else { continue }
            let asked = prefix(&random)
            let remainder = random.number(0...4)
            let overlapping = list.filter { $0.prefix.overlaps(asked) && $0.owner % 5 == remainder }.map(
                \.owner)
            let found = index.owner(overlapping: asked) { $0 % 5 == remainder }
            #expect(
                found.map { overlapping.contains($0) } ?? overlapping.isEmpty, "seed \(seed), step \(step)")
            let same = list.filter { $0.prefix == asked }.map(\.owner).min()
            #expect(index.owner(of: asked) { _ in true } == same, "seed \(seed), step \(step)")
        }
        for entry in list { index.remove(entry.prefix, owner: entry.owner) }
        #expect(index.owner(overlapping: IPPrefix("0.0.0.0/0")!) { _ in true } == nil)
        #expect(index.owner(overlapping: IPPrefix("::/0")!) { _ in true } == nil)
    }

    private func prefix(_ random: inout SeededGenerator) -> IPPrefix {
        if random.once(in: 2) {
            let address = IPv4Address(rawValue: 0x0a00_0000 | UInt32(random.number(0...0xfff)))
            return IPPrefix(covering: .v4(address), bitCount: random.number(18...32))
        }
        let address = IPv6Address(high: 0x2001_0db8 << 32, low: UInt64(random.number(0...0xfff)))
        return IPPrefix(covering: .v6(address), bitCount: random.number(114...128))
    }
}

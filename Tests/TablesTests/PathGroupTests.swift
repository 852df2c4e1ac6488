import Tables
import Testbed
import Testing

@Suite("Path groups") struct PathGroupTests {
    private typealias Path = (index: SessionIndex, session: UInt64, leg: UInt32)

    private func paths(_ legs: [UInt32]) -> [Path] {
        legs.map { (index: SessionIndex(rawValue: 100 + $0), session: 7, leg: $0) }
    }

    private func hashes(_ count: Int) -> [UInt32] {
        var generator = SeededGenerator(seed: 4)
        return (0..<count).map { _ in UInt32(truncatingIfNeeded: generator.next()) }
    }

    @Test("RFC 2991: when a path goes, only its flows move; when one comes, flows move to it only")
    func disruption() {
        for count in 3...8 as ClosedRange<UInt32> {
            let all = PathGroupEntry(paths(Array(0..<count)))
            for gone in 0..<count {
                let fewer = PathGroupEntry(paths((0..<count).filter { $0 != gone }))
                for hash in hashes(2000) {
                    let before = all.path(hash)
                    let after = fewer.path(hash)
                    #expect(before == after || before.rawValue == 100 + gone)
                    #expect(after.rawValue != 100 + gone)
                }
            }
        }
    }

    @Test("A path has its flows in whatever place and slot it stands")
    func placesDoNotMatter() {
        let straight = PathGroupEntry(paths([0, 1, 2, 3]))
        let reversed = PathGroupEntry(paths([3, 2, 1, 0]))
        let moved = PathGroupEntry(
            (0..<4).map { (index: SessionIndex(rawValue: 900 + $0), session: 7, leg: $0) })
        for hash in hashes(1000) {
            #expect(straight.path(hash) == reversed.path(hash))
            #expect(straight.path(hash).rawValue + 800 == moved.path(hash).rawValue)
        }
    }

    @Test(
        "Flows are spread evenly, and otherwise for another session", arguments: 2...8 as ClosedRange<UInt32>)
    func spread(_ count: UInt32) {
        let group = PathGroupEntry(paths(Array(0..<count)))
        let other = PathGroupEntry(
            (0..<count).map { (index: SessionIndex(rawValue: 100 + $0), session: 8, leg: $0) })
        var flows: [SessionIndex: Int] = [:]
        var equal = 0
        for hash in hashes(8000) {
            flows[group.path(hash), default: 0] += 1
            if group.path(hash) == other.path(hash) { equal += 1 }
        }
        let fair = 8000 / Int(count)
        #expect(flows.count == Int(count))
        #expect(flows.values.allSatisfy { abs($0 - fair) < fair / 5 }, "\(flows)")
        #expect(abs(equal - fair) < fair / 5)
    }

    @Test("Flows that differ in the low bits only are spread as well")
    func smallHashes() {
        let group = PathGroupEntry(paths([0, 1, 2]))
        var flows: [SessionIndex: Int] = [:]
        for hash in 0..<3000 as Range<UInt32> { flows[group.path(hash), default: 0] += 1 }
        #expect(flows.count == 3 && flows.values.allSatisfy { $0 > 800 })
    }
}

import Bench
import Testing

@Suite("The benchmark in memory") struct MemoryBenchTests {
    @Test("Every case forwards packets of every size, with and without rules", arguments: BenchCase.allCases)
    func measures(_ benchCase: BenchCase) throws {
        let plan = MemoryBenchPlan(
            cases: [benchCase], sessionCounts: [1, 300], frameSizes: [64, 1498], ruleCounts: [0, 3],
            seconds: 0.05)
        var reported = 0
        let results = try MemoryBench(plan).run { _ in reported += 1 }
        // Transit labels have no rules.
        #expect(results.count == (benchCase == .swap ? 4 : 8))
        #expect(reported == results.count)
        for result in results {
            #expect(result.case == benchCase)
            #expect(result.vectorCount >= 16)
            #expect(result.clocksPerPacket > 0 && result.nanosecondsPerPacket > 0)
            let expected = benchCase == .push6 && result.frameSize == 64 ? 66 : result.frameSize
            #expect(result.frameByteCount == expected)
        }
        #expect(Set(results.map(\.sessionCount)) == [1, 300])
        #expect(Set(results.map(\.frameSize)) == [64, 1498])
    }

    @Test("A rate is packets and bits of frames a second")
    func units() throws {
        let plan = MemoryBenchPlan(
            cases: [.push], sessionCounts: [1], frameSizes: [100], ruleCounts: [0], seconds: 0.001)
        let result = try #require(try MemoryBench(plan).run().first)
        #expect(abs(result.packetsPerSecond * result.nanosecondsPerPacket - 1e9) < 1)
        #expect(abs(result.bitsPerSecond / result.packetsPerSecond - 800) < 0.001)
    }
}

import Testing

@testable import Bench

@Suite("Arrivals of a trial") struct ArrivalsTests {
    private func arrivals(_ numbers: [UInt32], of count: Int, delay: UInt64 = 1000) -> Arrivals {
        var arrivals = Arrivals(packetCount: count)
        for number in numbers {
            arrivals.take(Signature(magic: 1, number: number, nanoseconds: 5000), at: 5000 + delay)
        }
        return arrivals
    }

    @Test(
        "Lost, twice and reordered packets are told apart",
        arguments: [
            ([0, 1, 2, 3], 4, 0, 0), ([0, 2, 3], 3, 0, 0), ([0, 1, 1, 1, 2], 3, 2, 0),
            ([3, 2, 1, 0], 4, 0, 3),
            ([0, 2, 1, 3], 4, 0, 1), ([1, 0, 1], 2, 1, 1), ([4, 99], 0, 0, 0), ([], 0, 0, 0),
        ] as [([UInt32], UInt64, UInt64, UInt64)])
    func kinds(numbers: [UInt32], count: UInt64, duplicates: UInt64, reordered: UInt64) {
        let arrivals = arrivals(numbers, of: 4)
        #expect(arrivals.count == count)
        #expect(arrivals.duplicateCount == duplicates)
        #expect(arrivals.reorderedCount == reordered)
        #expect(arrivals.isComplete == (count == 4))
    }

    @Test(
        "Delays are from the packet's own time to its arrival; none is below zero, and one without is left out"
    )
    func delays() {
        #expect(arrivals([0, 1], of: 2, delay: 777).latency.nanoseconds(at: 100) == 777)
        var odd = Arrivals(packetCount: 2)
        odd.take(Signature(magic: 1, number: 0, nanoseconds: 5000), at: 4000)
        odd.take(Signature(magic: 1, number: 1, nanoseconds: 5000), at: 0)
        #expect(odd.latency.count == 1 && odd.latency.nanoseconds(at: 100) == 0)
    }

    @Test("Of very many packets a share is timed")
    func sampled() {
        var arrivals = Arrivals(packetCount: 3 << 22)
        for number in 0..<UInt32(9) {
            arrivals.take(Signature(magic: 1, number: number, nanoseconds: 1), at: 2)
        }
        #expect(arrivals.latency.count == 3 && arrivals.count == 9)
    }
}

import Packets
import Testing

@testable import Ports

@Suite("Superframes into vectors") struct SegmenterTests {
    private static let fixture = Result { try Fixture("tcp4") }

    /// Gives a segmenter the superframe of the fixture again and again, as a port would that has so many.
    /// - Returns: how many packets each vector holds, and the packets.
    private func fill(
        _ superframeCount: Int, capacity: Int, limit: Int? = nil, alone: Int = 0
    ) throws -> (counts: [Int], packets: [[UInt8]]) {
        let fixture = try Self.fixture.get()
        let vector = PacketVector(capacity: capacity)
        vector.limit = limit ?? capacity
        var segmenter = Segmenter(link: .ethernet)
        var (counts, packets): ([Int], [[UInt8]]) = ([], [])
        // A superframe stays in its memory until all of it has been passed on.
        var frame = fixture.frame
        frame.withUnsafeMutableBytes { frame in
            var rest = superframeCount
            while rest > 0 || segmenter.isWaiting {
                vector.removeAll()
                segmenter.appendWaiting(to: vector)
                if rest == superframeCount {
                    for _ in 0..<alone {
                        fixture.expected[0].withUnsafeBytes { vector.append($0, timestamp: 0) }
                    }
                }
                while rest > 0, !vector.isFull, !segmenter.isWaiting {
                    segmenter.append(frame, fixture.offload, timestamp: 7, to: vector)
                    rest -= 1
                }
                counts.append(vector.count)
                packets += (0..<vector.count).map { Array(vector.frame($0)) }
                guard vector.count > 0 else { return }
            }
        }
        return (counts, packets)
    }

    @Test("A superframe that doesn't fit behind others waits, so that it stays together")
    func waits() throws {
        let expected = try Self.fixture.get().expected
        let count = expected.count
        let filled = try fill(5, capacity: 3 * count - 1)
        #expect(filled.counts == [2 * count, 2 * count, count])
        #expect(filled.packets == Array(repeating: expected, count: 5).flatMap { $0 })
        #expect(try fill(2, capacity: 256, limit: 2 * count - 1).counts == [count, count])
        #expect(try fill(1, capacity: count, alone: 1).counts == [1, count])
    }

    @Test("One of more segments than a vector takes is begun at once, and goes on in the next")
    func longer() throws {
        let expected = try Self.fixture.get().expected
        let count = expected.count
        let filled = try fill(2, capacity: count - 1)
        #expect(filled.packets == expected + expected)
        #expect(filled.counts == [count - 1, count - 1, 2])
        #expect(try fill(1, capacity: count - 1, alone: 1).counts == [count - 1, 2])
    }
}

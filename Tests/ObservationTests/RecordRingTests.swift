import Glibc
import Packets
import Synchronization
import Testbed
import Testing

@testable import Observation

@Suite("Record ring") struct RecordRingTests {
    private func header(_ number: Int) -> RecordHeader {
        var header = RecordHeader(kind: .packet)
        header.timestamp = UInt64(number)
        return header
    }

    private func append(_ ring: RecordRing, _ number: Int, _ bytes: [UInt8] = [1, 2, 3]) -> UInt64? {
        bytes.withUnsafeBytes { ring.append(header(number), $0) }
    }

    private func drained(_ ring: RecordRing) -> [(UInt64, [UInt8])] {
        var records: [(UInt64, [UInt8])] = []
        ring.drain { header, bytes in
            records.append((header.timestamp, Array(bytes)))
            return true
        }
        return records
    }

    @Test("What is committed comes out in order; what isn't stays, and can be taken back")
    func commit() {
        let ring = RecordRing(byteCount: 4096)
        #expect(append(ring, 1, [7]) != nil && append(ring, 2, []) != nil)
        #expect(ring.isEmpty && drained(ring).isEmpty)
        ring.commit()
        let records = drained(ring)
        #expect(records.map(\.0) == [1, 2] && records.map(\.1) == [[7], []])
        _ = append(ring, 3)
        ring.rollBack()
        _ = append(ring, 4)
        ring.commit()
        #expect(drained(ring).map(\.0) == [4] && ring.isEmpty)
    }

    @Test("A record can be completed until it is committed; a void one is never seen")
    func update() throws {
        let ring = RecordRing(byteCount: 4096)
        let first = try #require(append(ring, 1))
        let second = try #require(append(ring, 2))
        ring.update(first) { $0.kind = .void }
        ring.update(second) { $0.timestamp = 22 }
        ring.commit()
        #expect(drained(ring).map(\.0) == [22])
    }

    @Test("What finds no room is lost and counted, and nothing else is")
    func overflow() {
        let ring = RecordRing(byteCount: 4096)
        let taken = (0..<100).filter { append(ring, $0) != nil }
        // 32 bytes of header and 32 of bytes each.
        #expect(taken == Array(0..<64) && ring.lost == 36)
        ring.commit()
        #expect(drained(ring).map(\.0) == taken.map { UInt64($0) })
        #expect(append(ring, 200) != nil)
    }

    @Test("One thread writes and another reads: every record that isn't lost arrives whole and in order")
    func threads() {
        let ring = RecordRing(byteCount: 1 << 14)
        let count = 200_000
        let done = Atomic(false)
        var generator = SeededGenerator(seed: 11)
        let lengths = (0..<1000).map { _ in Int.random(in: 0...1500, using: &generator) }
        let last = Atomic(-1)
        let wrong = Atomic(0)
        let seen = Atomic(0)
        let reader = Thread {
            while true {
                let wasDone = done.load(ordering: .acquiring)
                ring.drain { header, bytes in
                    let number = Int(header.timestamp)
                    let isRight =
                        number > last.load(ordering: .relaxed) && bytes.count == lengths[number % 1000]
                        && bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: number) }
                    if !isRight { wrong.add(1, ordering: .relaxed) }
                    last.store(number, ordering: .relaxed)
                    seen.add(1, ordering: .relaxed)
                    return true
                }
                if wasDone { return }
            }
        }
        for number in 0..<count {
            let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: lengths[number % 1000])
            _ = append(ring, number, bytes)
            if number % 7 == 0 { ring.commit() }
        }
        ring.commit()
        done.store(true, ordering: .releasing)
        reader.join()
        let arrived = seen.load(ordering: .relaxed)
        #expect(wrong.load(ordering: .relaxed) == 0 && arrived > 100)
        #expect(arrived + Int(ring.lost) == count)
    }
}

/// A thread that is waited for.
private final class Thread {
    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }
    private var thread = pthread_t()

    init(_ body: @escaping () -> Void) {
        let work = Unmanaged.passRetained(Body(body))
        pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
    }

    func join() { pthread_join(thread, nil) }
}

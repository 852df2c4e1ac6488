import Link
import Packets
import Ports
import Testbed
import Testing

@testable import Observation

@Suite("Drops by port, session and reason") struct DropTests {
    @Test(
        "Counts are what was counted, of random drops, and sums by port and reason are exact when sessions overflow"
    )
    func counting() {
        let seed: UInt64 = 4711
        var generator = SeededGenerator(seed: seed)
        let table = DropTable()
        var expected: [String: UInt64] = [:]
        var sums: [String: UInt64] = [:]
        for _ in 0..<60_000 {
            let port = UInt16.random(in: 0..<4, using: &generator)
            let reason = DropReason.allCases[Int.random(in: 0..<10, using: &generator)]
            let slot = Bool.random(using: &generator) ? UInt32.random(in: 0..<2000, using: &generator) : nil
            table.count(reason, port: PortIndex(rawValue: port), slot: slot)
            expected["\(port) \(reason) \(slot.map { "\($0)" } ?? "-")", default: 0] += 1
            sums["\(port) \(reason)", default: 0] += 1
        }
        let reading = table.reading
        #expect(reading.overflow > 0, "seed \(seed)")
        #expect(reading.counts.count { $0.slot != nil } == DropTable.entryLimit)
        var found: [String: UInt64] = [:]
        for count in reading.counts {
            found["\(count.port) \(count.reason)", default: 0] += count.packets
            guard let slot = count.slot else { continue }
            #expect(expected["\(count.port) \(count.reason) \(slot)"] == count.packets, "seed \(seed)")
        }
        #expect(found == sums)
        let ofNone = reading.counts.filter { $0.slot == nil }.reduce(0) { $0 + $1.packets }
        let expectedOfNone = expected.filter { $0.key.hasSuffix("-") }.reduce(0) { $0 + $1.value }
        #expect(ofNone == expectedOfNone + reading.overflow)
    }

    @Test("The last eight packets are kept, oldest first, 128 bytes of each")
    func samples() {
        let samples = DropSamples()
        for number in 0..<20 {
            let frame = [UInt8](repeating: UInt8(number), count: number == 19 ? 1000 : 10 + number)
            frame.withUnsafeBytes {
                samples.take(
                    $0, .notAdmitted, port: PortIndex(rawValue: 3), slot: number == 18 ? 0 : nil,
                    timestamp: UInt64(number))
            }
        }
        let kept = samples.samples(port: 3, reason: .notAdmitted)
        #expect(kept.map(\.timestamp) == (12..<20).map { UInt64($0) })
        #expect(kept.map(\.frameByteCount) == [22, 23, 24, 25, 26, 27, 28, 1000])
        #expect(kept.map(\.bytes.count) == [22, 23, 24, 25, 26, 27, 28, 128])
        #expect(kept.allSatisfy { sample in sample.bytes.allSatisfy { UInt64($0) == sample.timestamp } })
        #expect(kept.map(\.slot) == [nil, nil, nil, nil, nil, nil, 0, nil])
        #expect(samples.samples(port: 3, reason: .tooBig).isEmpty)
        #expect(samples.samples(port: 4, reason: .notAdmitted).isEmpty)
    }

    @Test("Of a flood, 128 packets of a port and reason are kept in an eighth of a second")
    func samplesOfFloods() {
        let samples = DropSamples()
        func wanted(_ count: Int, _ reason: DropReason, port: UInt16, at timestamp: UInt64) -> Int {
            (0..<count).count { _ in
                samples.wants(reason, port: PortIndex(rawValue: port), timestamp: timestamp)
            }
        }
        #expect(wanted(1000, .notAdmitted, port: 3, at: 1 << 27) == 128)
        #expect(wanted(1000, .notAdmitted, port: 3, at: (2 << 27) - 1) == 0)
        #expect(wanted(100, .notAdmitted, port: 3, at: 2 << 27) == 100)
        #expect(wanted(100, .tooBig, port: 3, at: 1 << 27) == 100)
        #expect(wanted(100, .notAdmitted, port: 4, at: 1 << 27) == 100)
    }

    @Test("When a session's slot becomes another's, its drops stay with their port and reason alone")
    func rebinding() {
        let vector = PacketVector(capacity: 4, slotByteCount: 512)
        func drop(slot: UInt32) {
            vector.removeAll()
            [UInt8](repeating: 1, count: 20).withUnsafeBytes { vector.append($0, timestamp: 5) }
            vector[0].drop(.ttlExpired)
            vector[0].counter = 2 * slot
            observer.noteDrops(vector, 0..<1, from: PortIndex(rawValue: 1))
        }
        let observer = WorkerObserver()
        for slot: UInt32 in [7, 7, 8] { drop(slot: slot) }
        observer.rebind([7, 9])
        let before = observer.dropReading.counts.sorted { ($0.slot ?? 0) < ($1.slot ?? 0) }
        #expect(
            before.map(\.slot) == [nil, 8] && before.map(\.packets) == [2, 1],
            "the next owner is shown others' drops")
        drop(slot: 7)
        let counts = observer.dropReading.counts.sorted { ($0.slot ?? 0) < ($1.slot ?? 0) }
        #expect(counts.map(\.slot) == [nil, 7, 8] && counts.map(\.packets) == [2, 1, 1])
        #expect(observer.dropSamples(port: 1, reason: .ttlExpired).map(\.slot) == [nil, nil, 8, 7])
    }

    @Test(
        "Slots get other owners while packets of other sessions are dropped: every drop is counted, no sample is mixed up"
    )
    func rebindingMeanwhile() {
        let observer = WorkerObserver()
        let count: UInt64 = 100_000
        let worker = NativeThread("dropper") {
            let vector = PacketVector(capacity: 4, slotByteCount: 512)
            for number in 0..<count {
                vector.removeAll()
                let length = 20 + Int(number % 50)
                [UInt8](repeating: UInt8(length), count: length).withUnsafeBytes {
                    vector.append($0, timestamp: (number + 1) << 27)
                }
                vector[0].drop(.ttlExpired)
                // Slot 7 goes out of use, and then it gets its next owner.
                vector[0].counter = 2 * (number < 4 ? 7 : 8)
                observer.noteDrops(vector, 0..<1, from: PortIndex(rawValue: 1))
            }
        }
        func packets() -> UInt64 { observer.dropReading.counts.reduce(0) { $0 + $1.packets } }
        while packets() < 4 {}
        for _ in 0..<1000 { observer.rebind([7]) }
        worker.join()
        let counts = observer.dropReading.counts.sorted { ($0.slot ?? 0) < ($1.slot ?? 0) }
        #expect(counts.map(\.slot) == [nil, 8] && counts.map(\.packets) == [4, count - 4])
        let samples = observer.dropSamples(port: 1, reason: .ttlExpired)
        #expect(samples.count == DropSamples.depth)
        for sample in samples {
            #expect(sample.slot == 8 && sample.bytes.count == sample.frameByteCount)
            #expect(sample.bytes.allSatisfy { Int($0) == sample.frameByteCount })
        }
    }

    @Test("A worker's drops are noted with their port and session, and nothing else is")
    func observer() {
        let vector = PacketVector(capacity: 4, slotByteCount: 512)
        for number in 0..<3 {
            [UInt8](repeating: UInt8(number), count: 20).withUnsafeBytes { vector.append($0, timestamp: 5) }
        }
        vector[0].drop(.unknownSubscriber)
        vector[1].disposition = .forwarded
        vector[2].drop(.ttlExpired)
        vector[2].counter = 2 * 9 + 1
        vector.appendDropped(.oversized, timestamp: 6)
        let observer = WorkerObserver()
        observer.noteDrops(vector, 0..<4, from: PortIndex(rawValue: 1))
        let found = observer.dropReading.counts.sorted { $0.reason.rawValue < $1.reason.rawValue }
        #expect(found.map(\.reason) == [.oversized, .ttlExpired, .unknownSubscriber])
        #expect(found.map(\.slot) == [nil, 9, nil] && found.allSatisfy { $0.packets == 1 && $0.port == 1 })
        #expect(
            observer.dropSamples(port: 1, reason: .ttlExpired).map(\.bytes) == [
                [UInt8](repeating: 2, count: 20)
            ])
    }

    @Test("A lost fragment counts as its packet would, which is the sample; a capture has the fragment")
    func lostFragment() {
        var request = CaptureRequest()
        (request.takesReceived, request.takesSent) = (false, false)
        let tap = Tap(.capture(request), ports: nil, filter: nil)
        let observer = WorkerObserver()
        observer.arm(tap)
        let vector = PacketVector(capacity: 1, slotByteCount: 512)
        [UInt8](repeating: 1, count: 100).withUnsafeBytes { vector.append($0, timestamp: 5) }
        let fragments = PacketVector(capacity: 2, slotByteCount: 512)
        for number in 2...3 as ClosedRange<UInt8> {
            [UInt8](repeating: number, count: 60).withUnsafeBytes { fragments.append($0, timestamp: 5) }
        }
        fragments[1].drop(.transmitFailed)
        fragments[1].counter = 2 * 9
        fragments[1].egress = PortIndex(rawValue: 4)
        observer.beginVector(vector, from: PortIndex(rawValue: 1), link: .ip)
        vector[0].disposition = .forwarded
        observer.noteLost(fragments, 1, of: vector, 0, from: PortIndex(rawValue: 1), to: .ethernet)
        observer.endVector(vector)

        let counts = observer.dropReading.counts
        #expect(counts.map(\.reason) == [.transmitFailed] && counts.map(\.slot) == [9])
        #expect(counts.map(\.port) == [1] && counts.map(\.packets) == [1])
        let samples = observer.dropSamples(port: 1, reason: .transmitFailed)
        #expect(samples.map(\.bytes) == [[UInt8](repeating: 1, count: 100)])
        var captured: [ObservedPacket] = []
        tap.ring.drain { header, bytes in
            captured.append(ObservedPacket(header, bytes))
            return true
        }
        #expect(captured.map(\.role) == [.dropped] && captured.map(\.reason) == [.transmitFailed])
        #expect(captured.map(\.port) == [4] && captured.map(\.link) == [.ethernet])
        #expect(captured.map(\.bytes) == [[UInt8](repeating: 3, count: 60)])
    }

    @Test("What several workers have counted of one kind is one number")
    func workers() {
        var (one, other) = (DropReading(), DropReading())
        func count(_ port: UInt16, _ slot: UInt32?, _ packets: UInt64) -> DropReading.Count {
            DropReading.Count(port: port, slot: slot, reason: .notAdmitted, packets: packets)
        }
        (one.counts, one.overflow) = ([count(1, nil, 3), count(1, 5, 1)], 2)
        (other.counts, other.overflow) = ([count(1, 5, 10), count(2, nil, 4)], 1)
        one.add(other)
        #expect(one.counts == [count(1, nil, 3), count(1, 5, 11), count(2, nil, 4)] && one.overflow == 3)
    }
}

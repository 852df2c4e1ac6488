import Testbed
import Testing
import Wire

@testable import Exchange

/// What counters say, taken in once.
@Suite struct StateUsageTests {
    /// Slots 0 to 3: alice-video, alice-music, bob-video, alice-news.
    private var state: State {
        var state = State()
        let changes = state.changes(to: Edges.describe(Edges.subscriberEdge))
        _ = state.apply(Command(time: 100, action: .change(changes)))
        return state
    }

    private func readings(
        _ file: UInt64, _ slot: Int, _ leg: LegID, start: UInt64 = 0, up: UInt64, down: UInt64 = 0,
        closed: [Int] = []
    ) -> UsageReadings {
        let total = Traffic(upPackets: up, upBytes: up * 100, downPackets: down, downBytes: down * 100)
        return UsageReadings(
            forwarder: "main", file: file,
            readings: [.init(slot: slot, leg: leg, start: start, total: total)],
            closed: closed)
    }

    private func taken(
        _ state: State, _ forwarder: String = "main", _ file: UInt64 = 7, slot: Int, start: UInt64 = 0
    ) -> Traffic {
        state.baseline(forwarder: forwarder, file: file, slot: slot, start: start)
    }

    private func take(_ readings: UsageReadings, _ state: inout State, at time: UInt64) -> [UsageRecord] {
        let command = Command(time: time, action: .usage(readings))
        #expect(state.validate(command) == [])
        return state.apply(command).usage
    }

    private func faults(_ readings: UsageReadings, _ state: State) -> String {
        state.validate(Command(time: 0, action: .usage(readings))).map { "\($0.kind): \($0.message)" }
            .joined(separator: "\n")
    }

    private let video = LegID(session: 1, leg: 1)

    @Test("CD-7 readings are absolute: each packet counts once, whatever is read again")
    func counted() throws {
        var state = state
        let first = take(readings(7, 0, video, up: 3), &state, at: 200)
        #expect(
            first == [
                UsageRecord(
                    leg: video, sessionName: "alice-video", sequence: 1, from: 100, to: 200,
                    delta: Traffic(upPackets: 3, upBytes: 300), forwarder: "main")
            ])
        #expect(take(readings(7, 0, video, up: 3), &state, at: 250) == [])
        let second = take(readings(7, 0, video, up: 5, down: 1), &state, at: 300)
        #expect(second.map(\.delta) == [Traffic(upPackets: 2, upBytes: 200, downPackets: 1, downBytes: 100)])
        #expect(second.map(\.sequence) == [2])
        #expect(second.map(\.from) == [200])
        let sum = Traffic(upPackets: 5, upBytes: 500, downPackets: 1, downBytes: 100)
        #expect(state.sessionRecord("alice-video")?.traffic == sum)
        #expect(taken(state, slot: 0) == sum)
        #expect(taken(state, slot: 1) == Traffic() && taken(state, slot: 0, start: 9) == Traffic())
        #expect(taken(state, "other", slot: 0) == Traffic() && taken(state, "main", 8, slot: 0) == Traffic())
        #expect(state.counterFile(ofForwarder: "main") == 7)
        #expect(state.counterFile(ofForwarder: "other") == nil)
    }

    @Test("CD-7 another counter file begins at zero")
    func newFile() {
        var state = state
        _ = take(readings(7, 0, video, up: 5), &state, at: 200)
        let records = take(readings(8, 0, video, up: 2), &state, at: 300)
        #expect(records.map(\.delta.upPackets) == [2])
        #expect(records.map(\.from) == [200])
        #expect(state.sessionRecord("alice-video")?.traffic.upPackets == 7)
        #expect(taken(state, slot: 0) == Traffic())
        #expect(taken(state, "main", 8, slot: 0) == Traffic(upPackets: 2, upBytes: 200))
        #expect(state.counterFile(ofForwarder: "main") == 8)
        // In a third file others had counted there before.
        #expect(take(readings(9, 0, video, start: 4, up: 1), &state, at: 400).map(\.delta.upPackets) == [1])
    }

    @Test(
        "CD-7 a leg that gets its slot back after another had it begins at zero, and never goes behind that")
    func startsAgain() {
        var state = state
        _ = take(readings(7, 0, video, start: 100, up: 5), &state, at: 200)
        // Nothing yet: what was before may still be said.
        #expect(take(readings(7, 0, video, start: 900, up: 0), &state, at: 250) == [])
        let records = take(readings(7, 0, video, start: 900, up: 2), &state, at: 300)
        #expect(records.map(\.delta.upPackets) == [2] && records.map(\.from) == [200])
        #expect(records.map(\.sequence) == [2])
        #expect(take(readings(7, 0, video, start: 900, up: 7), &state, at: 400).map(\.delta.upPackets) == [5])
        #expect(state.sessionRecord("alice-video")?.traffic.upPackets == 12)
        let stale = faults(readings(7, 0, video, start: 100, up: 50), state)
        #expect(
            stale.contains("started at 100, before the 900 of the last reading of the same file"), "\(stale)")
        #expect(faults(readings(7, 0, video, start: 900, up: 6), state).contains("less than the 7 packets"))
    }

    @Test("CD-7 a slot that is another leg's now begins at zero; of the one before nothing is kept")
    func reused() throws {
        var state = state
        _ = take(readings(7, 0, video, up: 5), &state, at: 200)
        let session = try #require(state.sessions["alice-video"])
        let remove = Change(.remove(.session("alice-video")))
        _ = state.apply(Command(time: 300, action: .change([remove])))
        let last = take(readings(7, 0, video, up: 6, closed: [0]), &state, at: 400)
        #expect(last.map(\.delta.upPackets) == [1])
        #expect(state.counterFiles.map(\.baselines.count) == [0] && taken(state, slot: 0) == Traffic())
        _ = state.apply(Command(time: 500, action: .change([Change(.put(.session(session)))])))
        #expect(state.counterSlots(ofSession: "alice-video").first == 0)
        let next = LegID(session: 5, leg: 1)
        #expect(faults(readings(7, 0, video, up: 9), state).contains("but the slot is session 5 leg 1's"))
        let records = take(readings(7, 0, next, start: 606, up: 3), &state, at: 600)
        #expect(records.map(\.delta.upPackets) == [3])
        #expect(records.map(\.sequence) == [1])
        #expect(records.map(\.from) == [500])
        #expect(state.sessionRecord("alice-video")?.traffic.upPackets == 3)
    }

    @Test(
        "CD-7 nothing is kept of a closed leg, whichever forwarder counted it, and a state that has it is refused"
    )
    func closed() throws {
        var state = state
        let music = try #require(state.leg(inSlot: 1)).id
        for forwarder in ["main", "backup"] {
            for (slot, leg) in [(0, video), (1, music)] {
                var reading = readings(7, slot, leg, up: 5)
                reading.forwarder = forwarder
                _ = take(reading, &state, at: 200)
            }
        }
        let before = state.counterFiles
        let removals = ["alice-video", "alice-music"].map { Change(.remove(.session($0))) }
        _ = state.apply(Command(time: 300, action: .change(removals)))
        let closing = { UsageReadings(forwarder: "main", file: 7, readings: [], closed: $0) }
        _ = take(closing([0]), &state, at: 400)
        #expect(state.counterFiles.map(\.baselines.count) == [2, 2])
        #expect(state.counterFiles.allSatisfy { $0.baseline(0) == nil && $0.baseline(1) != nil })
        _ = take(closing([1]), &state, at: 500)
        #expect(state.counterFiles.map(\.baselines.count) == [0, 0])
        state.counterFiles = before
        let error = #expect(throws: ByteReaderError.self) { try State(decoding: state.encoded) }
        #expect(error?.description.contains("`backup` has counted in slot 0, which is free") == true)
    }

    @Test("CD-7 what a draining leg still counts is its session's")
    func draining() throws {
        var state = state
        var session = try #require(state.sessions["alice-video"])
        session.network = .plain(port: "core1", nextHop: nil)
        _ = state.apply(Command(time: 300, action: .change([Change(.put(.session(session)))])))
        let records = take(readings(7, 0, video, up: 4), &state, at: 400)
        #expect(records.map(\.leg) == [video])
        #expect(state.sessionRecord("alice-video")?.traffic.upPackets == 4)
        #expect(state.leg(inSlot: 0)?.traffic.upPackets == 4)
        #expect(state.leg(inSlot: 4)?.traffic == Traffic())
    }

    @Test("CD-7 readings that can't be are refused with their slot, and nothing of them is taken")
    func refused() {
        var state = state
        _ = take(readings(7, 0, video, up: 5), &state, at: 200)
        let backwards = faults(readings(7, 0, video, up: 4), state)
        #expect(
            backwards.hasPrefix(
                "invalid: counters of forwarder `main`: the reading of slot 0 is session 1 leg 1's"))
        #expect(
            backwards.contains("4 packets with 400 bytes up")
                && backwards.contains("5 packets with 500 bytes"))
        #expect(faults(readings(8, 0, video, up: 4), state) == "")
        #expect(faults(readings(0, 0, video, up: 6), state).contains("never number 0"))
        #expect(
            faults(readings(7, 9, video, up: 6), state).contains("slot 9 is session 1 leg 1's, but nothing"))
        #expect(faults(readings(7, 2_097_152, video, up: 6), state).contains("there are slots 0 to 2097151"))
        #expect(faults(readings(7, -1, video, up: 6), state).contains("there are slots 0 to 2097151"))
        #expect(
            faults(readings(7, 0, video, up: 6, closed: [0]), state)
                .contains("slot 0 can't be closed: session `alice-video` is counted there"))
        #expect(
            faults(readings(7, 0, video, up: 6, closed: [8]), state).contains(
                "slot 8 can't be closed: it is free"))
        var unordered = readings(7, 0, video, up: 6)
        unordered.readings += unordered.readings
        #expect(faults(unordered, state).contains("slot 0 comes after slot 0; name each once"))
        unordered.forwarder = "a b"
        #expect(faults(unordered, state).contains("a forwarder's name has 1 to 64"))
    }

    @Test("CD-7 forwarders are counted apart, and there are not too many of them")
    func forwarders() {
        var state = state
        for number in (0..<Limits.forwarders).reversed() {
            var reading = readings(7, 0, video, up: 2)
            reading.forwarder = "f\(number)"
            #expect(take(reading, &state, at: 200).map(\.delta.upPackets) == [2])
        }
        #expect(state.sessionRecord("alice-video")?.traffic.upPackets == UInt64(2 * Limits.forwarders))
        #expect(state.leg(inSlot: 0)?.usageSequence == UInt32(Limits.forwarders))
        #expect(
            faults(readings(7, 0, video, up: 2), state).hasPrefix(
                "limit: counters of forwarder `main`: there are 64"))
    }
}

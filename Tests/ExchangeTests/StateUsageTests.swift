import Testbed
import Testing

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
        _ file: UInt64, _ slot: Int, _ leg: LegID, up: UInt64, down: UInt64 = 0, closed: [Int] = []
    ) -> UsageReadings {
        let total = Traffic(upPackets: up, upBytes: up * 100, downPackets: down, downBytes: down * 100)
        return UsageReadings(
            forwarder: "main", file: file, readings: [.init(slot: slot, leg: leg, total: total)],
            closed: closed)
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
        #expect(state.baseline(forwarder: "main", slot: 0) == sum)
        #expect(state.baseline(forwarder: "main", slot: 1) == Traffic())
        #expect(state.baseline(forwarder: "other", slot: 0) == Traffic())
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
        #expect(state.baseline(forwarder: "main", slot: 1) == Traffic())
        #expect(state.counterFile(ofForwarder: "main") == 8)
    }

    @Test("CD-7 a slot that is another leg's now goes on from where it stood: its words are never set back")
    func reused() throws {
        var state = state
        _ = take(readings(7, 0, video, up: 5), &state, at: 200)
        let session = try #require(state.sessions["alice-video"])
        let remove = Change(.remove(.session("alice-video")))
        _ = state.apply(Command(time: 300, action: .change([remove])))
        let last = take(readings(7, 0, video, up: 6, closed: [0]), &state, at: 400)
        #expect(last.map(\.delta.upPackets) == [1])
        _ = state.apply(Command(time: 500, action: .change([Change(.put(.session(session)))])))
        #expect(state.counterSlot(ofSession: "alice-video") == 0)
        let next = LegID(session: 5, leg: 1)
        #expect(faults(readings(7, 0, video, up: 9), state).contains("but the slot is session 5 leg 1's"))
        let records = take(readings(7, 0, next, up: 9), &state, at: 600)
        #expect(records.map(\.delta.upPackets) == [3])
        #expect(records.map(\.sequence) == [1])
        #expect(records.map(\.from) == [500])
        #expect(state.sessionRecord("alice-video")?.traffic.upPackets == 3)
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

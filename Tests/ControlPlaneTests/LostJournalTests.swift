import Exchange
import Journal
import Testbed
import Testing

@testable import ControlPlane

/// What comes on whose bill when the journal is another one, while the forwarder and its counter file live on.
@Suite("Lost journals") struct LostJournalTests {
    let site = Site()
    private static let names = ["alice-video", "alice-music", "bob-video", "alice-news"]

    private func slot(_ plane: ControlPlane, _ session: String = "alice-video") async throws -> Int {
        try #require(await plane.read { $0.counterSlots(ofSession: session).first })
    }

    /// Waits until the forwarder goes by the present state.
    private func settle(_ plane: ControlPlane) async {
        let sequence = await plane.status().journal.sequence
        #expect(await plane.isApplied(sequence))
    }

    /// What each open session has on its bill, up to now and as journaled: the same, after a collection.
    private func bills(_ plane: ControlPlane) async throws -> [String: UInt64] {
        let live = await plane.counters().sessions
        await plane.collectUsage()
        let journaled = await plane.read { state in
            state.sessions.all.map { state.sessionRecord($0.entry.key)?.traffic ?? Traffic() }
        }
        #expect(live.map(\.traffic) == journaled)
        return Dictionary(uniqueKeysWithValues: live.map { ($0.name, $0.traffic.upBytes) })
    }

    private func billed(_ plane: ControlPlane) async throws -> UInt64 {
        try await plane.usage().reduce(0) { $0 + $1.upBytes }
    }

    @Test(
        "CD-7 Without the journal nothing that was counted before is on a new session's bill, and everything after is",
        arguments: [false, true])
    func lost(isCollected: Bool) async throws {
        var running = try await RunningPlane(site)
        try await running.plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        await settle(running.plane)
        for slot in 0..<4 { forwarder.count(slot, up: (3, 300), down: (1, 50)) }
        if isCollected { await running.plane.collectUsage() }
        let numbers = await running.plane.read { state in
            Self.names.compactMap { state.sessionRecord($0)?.number }
        }
        await running.crash()
        site.loseJournal()

        running = try await RunningPlane(site)
        let plane = running.plane
        try await plane.apply(Edges.subscriberEdge)
        // The same slots, before the forwarder knows and after.
        #expect(try await bills(plane).values.allSatisfy { $0 == 0 })
        await settle(plane)
        #expect(try await bills(plane).values.allSatisfy { $0 == 0 })
        let next = await plane.read { state in Self.names.compactMap { state.sessionRecord($0)?.number } }
        #expect(next.count == 4 && Set(next).isDisjoint(with: numbers))
        for (index, name) in Self.names.enumerated() {
            forwarder.count(try await slot(plane, name), up: (1, 10 + UInt64(index)))
        }
        #expect(
            try await bills(plane)
                == ["alice-video": 10, "alice-music": 11, "bob-video": 12, "alice-news": 13])
        #expect(try await billed(plane) == 46)
        #expect(try await plane.usage().allSatisfy { $0.downBytes == 0 })
        forwarder.disconnect()
        try await running.stop()
    }

    @Test(
        "CD-7 With an old copy of the journal each byte counted from then on is on the right bill, whoever had the slots"
    )
    func restored() async throws {
        var running = try await RunningPlane(site)
        try await running.plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        await settle(running.plane)
        let video = try await slot(running.plane)
        let music = try await slot(running.plane, "alice-music")
        forwarder.count(video, up: (3, 300))
        forwarder.count(music, up: (1, 10))
        await running.plane.collectUsage()
        let copy = site.copy()

        // What the copy doesn't know: more of both, and then another session in the slot of the first.
        forwarder.count(video, up: (1, 50))
        forwarder.count(music, up: (1, 20))
        var session = try #require(await running.plane.read { $0.sessions["alice-video"] })
        try await running.plane.submit([Change(.remove(.session("alice-video")))])
        await settle(running.plane)
        #expect(await eventually { await running.plane.read(\.drainingSlots).isEmpty })
        session.name = "alice-again"
        try await running.plane.submit([Change(.put(.session(session)))])
        await settle(running.plane)
        #expect(try await slot(running.plane, "alice-again") == video)
        forwarder.count(video, up: (9, 900))
        await running.plane.collectUsage()
        await running.crash()
        site.takeJournal(of: copy)

        running = try await RunningPlane(site)
        let plane = running.plane
        #expect(try await slot(plane) == video)
        // The leg that kept its slot has all of its count; the other nothing of the one in between.
        #expect(try await bills(plane)["alice-music"] == 30)
        await settle(plane)
        #expect(try await bills(plane)["alice-video"] == 300)
        // More than what was journaled of it before: none of that is taken off.
        forwarder.count(video, up: (7, 700))
        forwarder.count(music, up: (1, 5))
        #expect(
            try await bills(plane)
                == ["alice-video": 1_000, "alice-music": 35, "bob-video": 0, "alice-news": 0])
        forwarder.count(video, up: (1, 1))
        #expect(try await billed(plane) == 1_035)

        // A new session, in the slot that it gets.
        try await plane.submit([Change(.remove(.session("alice-video")))])
        await settle(plane)
        #expect(await eventually { await plane.read(\.drainingSlots).isEmpty })
        #expect(try await billed(plane) == 1_036)
        try await plane.submit([Change(.put(.session(session)))])
        await settle(plane)
        #expect(try await slot(plane, "alice-again") == video)
        #expect(try await bills(plane)["alice-again"] == 0)
        forwarder.count(video, up: (1, 2))
        #expect(try await bills(plane)["alice-again"] == 2)
        forwarder.disconnect()
        try await running.stop()
    }
}

import Exchange
import Journal
import Logging
import Testbed
import Testing
import Wire

@testable import ControlPlane

@Suite("Starting again") struct RecoveryTests {
    @Test(
        "Whenever it ends, and however, the next one knows what was answered, digest for digest",
        arguments: SeededGenerator.seeds)
    func restarts(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let site = Site { $0.snapshotEvery = 40 }
        var running = try await RunningPlane(site)
        try await running.plane.apply(Edges.subscriberEdge)
        var acceptedCount = 0
        for _ in 0..<25 {
            for _ in 0..<generator.number(0...30) {
                if await running.plane.refusal(of: RandomChanges.next(&generator)) == nil {
                    acceptedCount += 1
                }
            }
            // The end would close the ways that are draining: nobody counts on them.
            await running.plane.collectUsage()
            let digest = await running.plane.digest()
            let sequence = await running.plane.status().journal.sequence
            let copied = try site.copy().open()
            #expect(await copied.digest() == digest, "seed \(seed): from a copy of the running journal")
            if generator.once(in: 3) { try await running.stop() } else { await running.crash() }
            running = try await RunningPlane(site)
            #expect(await running.plane.digest() == digest, "seed \(seed)")
            #expect(await running.plane.status().journal.sequence == sequence, "seed \(seed)")
        }
        #expect(acceptedCount > 50, "seed \(seed)")
        let status = await running.plane.status()
        #expect(status.journal.snapshotSequence > 0)
        try await running.stop()
        // The log alone leads to the same.
        let journal = try Journal(path: site.configuration.journalPath)
        var state = State()
        try journal.replay(after: 0) { _ = state.apply(try Command(decoding: $0.payload)) }
        let snapshot = try #require(journal.snapshots().first)
        #expect(try journal.read(snapshot) == state.encoded, "seed \(seed)")
    }

    @Test(
        "Ended amid commands under way, it knows every one that was answered",
        arguments: SeededGenerator.seeds)
    func amidst(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let site = Site()
        try await site.open().apply(Edges.subscriberEdge)
        for round in 0..<20 as Range<UInt32> {
            let plane = try await site.reopen()
            let answered = await withTaskGroup(of: (UInt32, Bool).self) { group in
                for number in 0..<40 as Range<UInt32> {
                    let label = 20_000 + round * 100 + number
                    group.addTask {
                        do {
                            try await plane.submit([SubmitTests.binding(label)])
                            return (label, true)
                        } catch {
                            return (label, false)
                        }
                    }
                }
                let yields = generator.number(0...200)
                group.addTask {
                    for _ in 0..<yields { await Task.yield() }
                    plane.abandon()
                    return (0, false)
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let labels = Set(answered.filter(\.1).map(\.0))
            let refused = Set(answered.filter { !$0.1 && $0.0 != 0 }.map(\.0))
            let next = try site.copy().open()
            let known = await next.read { state in Set(state.labels.all.map(\.entry.key.rawValue)) }
            #expect(labels.isSubset(of: known), "seed \(seed)")
            #expect(refused.isDisjoint(with: known), "seed \(seed)")
        }
    }

    @Test("A second control plane of the same instance is refused; one after the first isn't")
    func secondOne() async throws {
        let site = Site()
        let first = try site.open()
        let error = #expect(throws: ControlPlaneError.self) { try site.open() }
        #expect(error?.kind == .instanceTaken)
        #expect(error?.description.contains("already running") == true)
        withExtendedLifetime(first) {}
    }

    @Test("A damaged snapshot isn't needed as long as the commands are there")
    func damagedSnapshot() async throws {
        let site = Site()
        let running = try await RunningPlane(site)
        try await running.plane.apply(Edges.subscriberEdge)
        let digest = await running.plane.digest()
        try await running.stop()
        let journal = try Journal(path: site.configuration.journalPath)
        let payload: [UInt8] = [1, 2, 3]
        // A snapshot whose digest is not that of its content.
        try journal.append([JournalRecord(sequence: 2, version: Command.formatVersion, payload: Self.nothing)]
        )
        try journal.writeSnapshot(
            sequence: 2, version: State.formatVersion, payload: payload,
            digest: [UInt8](repeating: 0, count: 32), keepingRecordsFor: .seconds(3_600))
        let next = try await site.reopen()
        #expect(await next.digest() != nil && digest != nil)
        #expect(await next.status().journal.sequence == 2)
        #expect(await next.read { $0.sessions.count } == 4)
    }

    @Test("CD-7 A journal of format 1 is recovered")
    func firstFormat() async throws {
        let site = Site()
        do {
            let journal = try Journal(path: site.configuration.journalPath)
            // At time 258: put the provider `acme`, titled `Acme`.
            let payload: [UInt8] =
                [0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 2]
                + [0, 0, 0, 4] + Array("acme".utf8) + [0, 0, 0, 4] + Array("Acme".utf8)
            try journal.append([JournalRecord(sequence: 1, version: 1, payload: payload)])
        }
        let plane = try site.open()
        #expect(await plane.read { $0.providers["acme"]?.title } == "Acme")
        #expect(await plane.read { $0.sequence } == 1)
    }

    @Test("A command or snapshot of another format is refused with both numbers")
    func otherFormat() throws {
        let site = Site()
        let journal = try Journal(path: site.configuration.journalPath)
        try journal.append([JournalRecord(sequence: 1, version: 99, payload: [])])
        let error = #expect(throws: ControlPlaneError.self) { try site.open() }
        #expect(error?.kind == .journal)
        #expect(error?.description.contains("format 99") == true)
        let other = Site()
        let next = try Journal(path: other.configuration.journalPath)
        try next.append([JournalRecord(sequence: 1, version: Command.formatVersion, payload: [1, 2, 3])])
        #expect(throws: ControlPlaneError.self) { try other.open() }
    }

    @Test("An instance that can't be one, a directory that can't be made: a sentence each")
    func badConfiguration() {
        let site = Site()
        var configuration = site.configuration
        configuration.instance = "no/name"
        #expect(failure(configuration)?.kind == .configuration)
        configuration = site.configuration
        configuration.collectInterval = .zero
        #expect(failure(configuration)?.kind == .configuration)
        configuration = site.configuration
        configuration.runDirectory = "/dev/null/run"
        #expect(failure(configuration)?.kind == .unreachable)
        configuration = site.configuration
        configuration.stateDirectory = "/dev/null/state"
        #expect(failure(configuration)?.kind == .unreachable)
    }

    private func failure(_ configuration: ControlPlane.Configuration) -> ControlPlaneError? {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        do throws(ControlPlaneError) {
            _ = try ControlPlane(configuration, logger: logger)
            return nil
        } catch { return error }
    }

    /// A command that changes nothing.
    private static let nothing = Command(time: 0, action: .change([])).encoded

    @Test("Time doesn't go back where the clock was set back between two starts")
    func clockSetBack() async throws {
        let site = Site()
        let running = try await RunningPlane(site)
        try await running.plane.apply(Edges.subscriberEdge)
        let session = try #require(await running.plane.read { $0.sessions["alice-video"] })
        try await running.stop()
        // Written by a clock that was an hour ahead.
        let ahead = WallClock.now + 3_600_000_000_000
        do {
            let journal = try Journal(path: site.configuration.journalPath)
            let last = try journal.lastSequence()
            let changes = [Change(.remove(.session("alice-video"))), Change(.put(.session(session)))]
            try journal.append(
                changes.enumerated().map { index, change in
                    JournalRecord(
                        sequence: last + 1 + UInt64(index), version: Command.formatVersion,
                        payload: Command(time: ahead, action: .change([change])).encoded)
                })
        }
        let plane = try await site.reopen()
        #expect(await plane.read { $0.latestTime } == ahead)
        try await plane.submit([Change(.remove(.session("alice-video")))])
        try await plane.submit([Change(.put(.session(session)))])
        let openedAt = try #require(await plane.read { $0.sessionRecord("alice-video")?.openedAt })
        #expect(openedAt >= ahead)
    }
}

import Exchange
import Glibc
import Journal
import Link
import Testbed
import Testing
import Wire

@testable import ControlPlane

@Suite("Usage") struct UsageTests {
    let site = Site()

    /// What a test begins with: a control plane, a forwarder that has its tables, and the slot of alice-video.
    private func start() async throws -> (RunningPlane, FakeForwarder, slot: Int) {
        let running = try await RunningPlane(site)
        try await running.plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        #expect(await running.plane.isApplied(1))
        return (running, forwarder, try await slot(running.plane))
    }

    private func slot(_ plane: ControlPlane, _ session: String = "alice-video") async throws -> Int {
        try #require(await plane.read { $0.counterSlots(ofSession: session).first })
    }

    private func total(_ rows: [UsageRow]) -> Traffic {
        rows.reduce(into: Traffic()) { sum, row in
            sum.upPackets += row.upPackets
            sum.upBytes += row.upBytes
            sum.downPackets += row.downPackets
            sum.downBytes += row.downBytes
        }
    }

    @Test("PX-5 What is counted is journaled once, and seen at once")
    func counts() async throws {
        let (running, forwarder, slot) = try await start()
        let plane = running.plane
        forwarder.count(slot, up: (3, 300), down: (2, 2_000))
        let expected = Traffic(upPackets: 3, upBytes: 300, downPackets: 2, downBytes: 2_000)
        #expect(await plane.traffic(ofSession: "alice-video")?.traffic == expected)
        #expect(await plane.read { $0.sessionRecord("alice-video")?.traffic } == Traffic())
        await plane.collectUsage()
        let sequence = await plane.status().journal.sequence
        await plane.collectUsage()
        #expect(await plane.status().journal.sequence == sequence)
        #expect(await plane.traffic(ofSession: "alice-video")?.traffic == expected)
        #expect(await plane.read { $0.sessionRecord("alice-video")?.traffic } == expected)
        forwarder.count(slot, up: (1, 100))
        #expect(await plane.traffic(ofSession: "alice-video")?.traffic.upBytes == 400)
        await plane.collectUsage()

        let rows = try await plane.usage()
        #expect(rows.map(\.sequence) == [1, 2] && rows.map(\.upBytes) == [300, 100])
        #expect(rows.allSatisfy { $0.sessionName == "alice-video" && $0.forwarder == "main" })
        #expect(rows[0].to == rows[1].from)
        #expect(try await plane.usage(UsageFilter(sessionName: "alice-music")).isEmpty)
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("PX-5 A session of several paths is told as their sum and leg by leg; a path that stays counts on")
    func severalPaths() async throws {
        let (running, forwarder, slot) = try await start()
        let plane = running.plane
        forwarder.count(slot, up: (3, 300))
        var session = try #require(await plane.read { $0.sessions["alice-video"] })
        let first = try #require(session.network.first)
        session.network = Legs([
            first,
            .tunnel(name: "acme-pipe", send: Label(unchecked: 100_099), receive: Label(unchecked: 200_099)),
        ])
        let receipt = try await plane.submit([Change(.put(.session(session)))])
        #expect(await plane.isApplied(receipt.sequence))
        let slots = try #require(await plane.read { $0.sessionRecord("alice-video")?.paths.map(\.slot) })
        #expect(slots.count == 2 && slots[0] == slot)
        #expect(forwarder.hasSession(inSlot: slots[0]) && forwarder.hasSession(inSlot: slots[1]))
        await plane.collectUsage()
        forwarder.count(slots[0], up: (1, 10))
        forwarder.count(slots[1], up: (2, 40), down: (1, 5))
        let counted = try #require(await plane.traffic(ofSession: "alice-video"))
        #expect(counted.traffic == Traffic(upPackets: 6, upBytes: 350, downPackets: 1, downBytes: 5))
        #expect(
            counted.legs == [
                .init(leg: 1, traffic: Traffic(upPackets: 4, upBytes: 310)),
                .init(leg: 2, traffic: Traffic(upPackets: 2, upBytes: 40, downPackets: 1, downBytes: 5)),
            ])
        #expect(await plane.counters().sessions.first { $0.name == "alice-video" } == counted)
        #expect(
            await plane.counters().sessions.filter { $0.name != "alice-video" }.allSatisfy(\.legs.isEmpty))

        // The first path goes: its count stays in the sum, and the other goes on in its slot.
        session.network = Legs([session.network.each[1]])
        let next = try await plane.submit([Change(.put(.session(session)))])
        #expect(await plane.isApplied(next.sequence))
        #expect(await eventually { await plane.read(\.drainingSlots).isEmpty })
        #expect(await plane.read { $0.counterSlots(ofSession: "alice-video").first } == slots[1])
        forwarder.count(slots[1], up: (1, 1))
        let last = try #require(await plane.traffic(ofSession: "alice-video"))
        #expect(last.traffic == Traffic(upPackets: 7, upBytes: 351, downPackets: 1, downBytes: 5))
        #expect(last.legs.isEmpty)
        await plane.collectUsage()
        let rows = try await plane.usage()
        #expect(total(rows) == last.traffic && Set(rows.map(\.leg)) == [1, 2])
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("All counters at once, by name")
    func snapshot() async throws {
        let (running, forwarder, slot) = try await start()
        forwarder.count(slot, up: (3, 300))
        forwarder.count(forwarded: 3, dropped: 2, received: 5, sent: 3)
        let counters = await running.plane.counters()
        #expect(counters.sessions.map(\.name) == ["alice-video", "alice-music", "bob-video", "alice-news"])
        #expect(counters.sessions.map(\.traffic.upBytes) == [300, 0, 0, 0])
        #expect(counters.ports.map(\.name) == ["access0", "access1", "core0", "core1"])
        #expect(counters.ports.map(\.in) == [5, 0, 0, 0] && counters.ports.map(\.out) == [3, 0, 0, 0])
        #expect(counters.forwarded == 3 && counters.consumed == 0 && counters.originated == 0)
        #expect(counters.drops == [.init(reason: "notAdmitted", packets: 2)])
        #expect(await running.plane.drops() == counters.drops)
        forwarder.disconnect()
        try await running.stop()
    }

    @Test(
        "PX-5 A session on another way keeps its count; the old way's slot is free once its end is journaled")
    func movesOn() async throws {
        let (running, forwarder, slot) = try await start()
        let plane = running.plane
        forwarder.count(slot, up: (3, 300))
        forwarder.become(.isSilent)
        var session = try #require(await plane.read { $0.sessions["alice-video"] })
        session.network = .tunnel(
            name: "acme-pipe", send: Label(unchecked: 100_099), receive: Label(unchecked: 200_099))
        let receipt = try await plane.submit([Change(.put(.session(session)))])
        // The forwarder hasn't taken it: packets may still be counted on the old way.
        #expect(await eventually { forwarder.heldCount == 1 })
        forwarder.count(slot, up: (1, 50))
        await plane.collectUsage()
        #expect(await plane.read(\.drainingSlots) == [slot])
        forwarder.count(slot, up: (1, 50))
        #expect(await plane.traffic(ofSession: "alice-video")?.traffic.upBytes == 400)

        forwarder.become(.applies)
        #expect(await plane.isApplied(receipt.sequence))
        #expect(await eventually { await plane.read(\.drainingSlots).isEmpty })
        let next = try await self.slot(plane)
        #expect(next != slot)
        forwarder.count(next, up: (1, 7))
        #expect(await plane.traffic(ofSession: "alice-video")?.traffic.upBytes == 407)
        await plane.collectUsage()
        let rows = try await plane.usage()
        #expect(total(rows) == Traffic(upPackets: 6, upBytes: 407))
        #expect(rows.map(\.leg) == [1, 1, 2])

        // The free slot goes to another session, whose count begins at zero in the same words.
        session.name = "alice-again"
        try await plane.submit([Change(.remove(.session("alice-video"))), Change(.put(.session(session)))])
        #expect(
            await eventually { await plane.read { $0.counterSlots(ofSession: "alice-again").first } == slot })
        let applied = await plane.status().journal.sequence
        #expect(await plane.isApplied(applied))
        #expect(await plane.traffic(ofSession: "alice-again")?.traffic == Traffic())
        forwarder.count(slot, up: (1, 1))
        #expect(await plane.traffic(ofSession: "alice-again")?.traffic == Traffic(upPackets: 1, upBytes: 1))
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("PX-5 A forwarder that is away but alive keeps a way open; one that is dead doesn't")
    func awayOrDead() async throws {
        let (running, forwarder, slot) = try await start()
        let plane = running.plane
        forwarder.disconnect()
        #expect(await eventually { await plane.status().forwarders[0].connectedSince == nil })
        try await plane.submit([Change(.remove(.session("alice-video")))])
        forwarder.count(slot, up: (9, 900))
        await plane.collectUsage()
        #expect(await plane.read(\.drainingSlots) == [slot])
        // Its lock goes with it, its counter file stays.
        forwarder.count(slot, up: (1, 100))
        forwarder.die()
        await plane.collectUsage()
        #expect(await plane.read(\.drainingSlots).isEmpty)
        #expect(total(try await plane.usage()) == Traffic(upPackets: 10, upBytes: 1_000))
        try await running.stop()
    }

    @Test(
        "PX-5 A control plane that starts closes no way that a living forwarder may count on, connected or not yet"
    )
    func startsWhileForwarderRuns() async throws {
        let (running, forwarder, slot) = try await start()
        forwarder.become(.isSilent)
        try await running.plane.submit([Change(.remove(.session("alice-video")))])
        await running.crash()
        let next = try await site.reopen()
        await next.collectUsage()
        #expect(await next.read(\.drainingSlots) == [slot])
        forwarder.count(slot, up: (1, 100))
        forwarder.die()
        await next.collectUsage()
        #expect(await next.read(\.drainingSlots).isEmpty)
        #expect(total(try await next.usage()) == Traffic(upPackets: 1, upBytes: 100))
    }

    @Test("PX-5 A crash between two collections loses and doubles nothing", arguments: SeededGenerator.seeds)
    func crashes(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var (running, forwarder, slot) = try await start()
        var bytes: UInt64 = 0
        for _ in 0..<12 {
            for _ in 0..<generator.number(0...3) {
                let count = UInt64(generator.number(1...1_000))
                forwarder.count(slot, up: (1, count))
                bytes += count
                if generator.once(in: 2) { await running.plane.collectUsage() }
            }
            #expect(
                await running.plane.traffic(ofSession: "alice-video")?.traffic.upBytes == bytes,
                "seed \(seed)")
            if generator.once(in: 2) { await running.crash() } else { try await running.stop() }
            running = try await RunningPlane(site)
            #expect(
                await running.plane.traffic(ofSession: "alice-video")?.traffic.upBytes == bytes,
                "seed \(seed)")
        }
        await running.plane.collectUsage()
        #expect(total(try await running.plane.usage()).upBytes == bytes, "seed \(seed)")
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("PX-5 A counter file that can't be read for a while keeps its ways open, and nothing of it is lost")
    func unreadableFile() async throws {
        let (running, forwarder, slot) = try await start()
        let plane = running.plane
        forwarder.count(slot, up: (3, 300))
        let directory = try InstanceDirectory("test", base: site.configuration.runDirectory)
        let (path, aside) = (directory.counterFile(forwarder: "main"), "\(directory.path)/aside")
        // A link isn't followed, so that this file can't be opened.
        #expect(rename(path, aside) == 0 && symlink(aside, path) == 0)
        let receipt = try await plane.submit([Change(.remove(.session("alice-video")))])
        #expect(await plane.isApplied(receipt.sequence))
        await plane.collectUsage()
        #expect(await plane.read(\.drainingSlots) == [slot])
        #expect(unlink(path) == 0 && rename(aside, path) == 0)
        await plane.collectUsage()
        #expect(await plane.read(\.drainingSlots).isEmpty)
        #expect(total(try await plane.usage()) == Traffic(upPackets: 3, upBytes: 300))
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("PX-5 A new counter file begins at zero; what the old one had isn't taken back")
    func newFile() async throws {
        let (running, forwarder, slot) = try await start()
        let plane = running.plane
        forwarder.count(slot, up: (3, 300))
        await plane.collectUsage()
        forwarder.disconnect()
        forwarder.die(withFile: true)
        #expect(await eventually { await plane.status().forwarders[0].connectedSince == nil })
        #expect(await plane.traffic(ofSession: "alice-video")?.traffic.upBytes == 300)
        let next = try FakeForwarder(site)
        next.connect()
        #expect(await eventually { next.hasSession(inSlot: slot) })
        next.count(slot, up: (1, 11))
        #expect(await plane.traffic(ofSession: "alice-video")?.traffic.upBytes == 311)
        await plane.collectUsage()
        #expect(total(try await plane.usage()) == Traffic(upPackets: 4, upBytes: 311))
        next.disconnect()
        try await running.stop()
    }

    @Test("PX-5 A counter that is another leg's isn't billed")
    func strangeKey() async throws {
        let (running, forwarder, slot) = try await start()
        forwarder.counters.bind(slot: slot, session: 4_711, leg: 1)
        forwarder.count(slot, up: (3, 300))
        let music = try await self.slot(running.plane, "alice-music")
        forwarder.count(music, up: (1, 10))
        await running.plane.collectUsage()
        #expect(try await running.plane.usage().map(\.sessionName) == ["alice-music"])
        #expect(await running.plane.traffic(ofSession: "alice-video")?.traffic == Traffic())
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("The end collects once more, and leaves a snapshot")
    func gracefulEnd() async throws {
        let (running, forwarder, slot) = try await start()
        forwarder.count(slot, up: (3, 300))
        try await running.stop()
        let journal = try Journal(path: site.configuration.journalPath)
        #expect(try journal.usage().map(\.upBytes) == [300])
        #expect(try journal.snapshots().map(\.sequence) == [journal.lastSequence()])
        forwarder.disconnect()
    }

    @Test("Usage is collected by itself")
    func byItself() async throws {
        let site = Site { $0.collectInterval = .milliseconds(20) }
        let running = try await RunningPlane(site)
        try await running.plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        let slot = try await slot(running.plane)
        #expect(await eventually { forwarder.hasSession(inSlot: slot) })
        forwarder.count(slot, up: (3, 300))
        #expect(await eventually { (try? await running.plane.usage().map(\.upBytes)) == [300] })
        forwarder.disconnect()
        try await running.stop()
    }
}

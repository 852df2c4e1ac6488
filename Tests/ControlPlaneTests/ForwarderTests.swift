import Exchange
import Glibc
import Link
import Tables
import Testbed
import Testing
import Wire

@testable import ControlPlane

@Suite("A control plane and its forwarders") struct ForwarderTests {
    let site = Site()

    /// What the tables should hold, compiled afresh.
    private func expected(_ plane: ControlPlane) async -> UInt64 {
        await plane.read { TableLedger($0).sum }
    }

    /// Does something with a control plane that crashes then.
    private func runToCrash(_ body: (ControlPlane) async throws -> Void) async throws {
        let running = try await RunningPlane(site)
        try await body(running.plane)
        await running.crash()
    }

    @Test("A forwarder that comes gets everything, then only what changes")
    func fillsAndFollows() async throws {
        let running = try await RunningPlane(site)
        let plane = running.plane
        let first = try await plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        #expect(await plane.isApplied(first.sequence))
        #expect(forwarder.version.number == 1 && forwarder.arrivals.map(\.isReset) == [true])
        #expect(await expected(plane) == forwarder.version.hash)

        let second = try await plane.submit([SubmitTests.binding(100)])
        #expect(await plane.isApplied(second.sequence))
        let arrival = try #require(forwarder.arrivals.last)
        #expect(arrival == .init(number: 2, isReset: false, changeCount: 1, setCount: 1))
        #expect(await expected(plane) == forwarder.version.hash)

        let status = try #require(await plane.status().forwarders.first)
        #expect(status.name == "main" && status.appliedSequence == 2 && status.connectedSince != nil)
        #expect(status.lastTransaction?.setCount == 1 && status.lastTransaction?.microseconds == 7)
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("A command without effect on the tables is applied without being sent")
    func nothingToSend() async throws {
        let running = try await RunningPlane(site)
        let plane = running.plane
        try await plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        #expect(await plane.isApplied(1))
        var provider = try #require(await plane.read { $0.providers["acme"] })
        provider.title = "Acme & Sons"
        let receipt = try await plane.submit([Change(.put(.provider(provider)))])
        #expect(receipt == Receipt(sequence: 2, changeCount: 1))
        #expect(await plane.isApplied(2))
        #expect(forwarder.arrivals.count == 1)
        forwarder.disconnect()
        try await running.stop()
    }

    @Test(
        "A forwarder that has everything is asked to confirm it and sent nothing, by the next control plane too"
    )
    func reconnects() async throws {
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        try await runToCrash { plane in
            try await plane.apply(Edges.subscriberEdge)
            #expect(await plane.isApplied(1))
        }

        let running = try await RunningPlane(site)
        #expect(await running.plane.isApplied(1))
        #expect(forwarder.arrivals.map(\.changeCount).last == 0 && forwarder.arrivals.count == 2)
        try await running.plane.submit([SubmitTests.binding(100)])
        #expect(await running.plane.isApplied(2))
        #expect(forwarder.arrivals.map(\.isReset) == [true, false, false])
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("A forwarder that missed something is sent everything, of which it takes what it lacks")
    func catchesUp() async throws {
        let running = try await RunningPlane(site)
        let plane = running.plane
        try await plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        #expect(await plane.isApplied(1))
        forwarder.disconnect()
        #expect(await eventually { await plane.status().forwarders[0].connectedSince == nil })
        try await plane.submit([SubmitTests.binding(100), Change(.remove(.label(Label(unchecked: 18_000))))])
        forwarder.connect()
        #expect(await plane.isApplied(2))
        let arrival = try #require(forwarder.arrivals.last)
        #expect(arrival.isReset && arrival.setCount == 1 && arrival.removedCount == 1)
        #expect(arrival.untouchedCount == arrival.changeCount - 1)
        #expect(await expected(plane) == forwarder.version.hash)
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("While a transaction is unanswered, what changes travels in one that follows; who waits is told")
    func merges() async throws {
        let running = try await RunningPlane(site)
        let plane = running.plane
        try await plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        #expect(await plane.isApplied(1))
        forwarder.become(.isSilent)
        for label in 100..<120 as Range<UInt32> { try await plane.submit([SubmitTests.binding(label)]) }
        #expect(await plane.waitUntilApplied(21, timeout: .milliseconds(200)).result == .timedOut)
        #expect(forwarder.heldCount == 1)
        #expect(await plane.status().forwarders[0].unansweredSince != nil)
        forwarder.become(.applies)
        #expect(await plane.isApplied(21))
        #expect(forwarder.arrivals.dropFirst().map(\.number).last == 21)
        #expect(forwarder.arrivals.count == 3)
        #expect(await expected(plane) == forwarder.version.hash)
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("PX-4 A transaction of the connection before, applied late, is found and undone")
    func lateTransaction() async throws {
        let running = try await RunningPlane(site)
        let plane = running.plane
        try await plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        #expect(await plane.isApplied(1))
        forwarder.become(.isSilent)
        try await plane.submit([SubmitTests.binding(100)])
        #expect(await eventually { forwarder.heldCount == 1 })
        forwarder.disconnect()
        #expect(await eventually { await plane.status().forwarders[0].connectedSince == nil })
        try await plane.submit([Change(.remove(.label(Label(unchecked: 100))))])
        // Its hello says what it had before, which is what it should have again; then the late one comes into effect.
        forwarder.connect()
        #expect(await eventually { forwarder.heldCount == 2 })
        forwarder.become(.applies)
        #expect(await plane.isApplied(3))
        #expect(await eventually { await expected(plane) == forwarder.version.hash })
        #expect(forwarder.objects[.label(Label(unchecked: 100))] == nil)
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("A refused transaction is told to who waits, and everything is sent with the next change")
    func refuses() async throws {
        let running = try await RunningPlane(site)
        let plane = running.plane
        try await plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        #expect(await plane.isApplied(1))
        forwarder.become(.refuses("no room for label 100"))
        try await plane.submit([SubmitTests.binding(100)])
        let outcome = await plane.waitUntilApplied(2, timeout: .seconds(10))
        #expect(outcome.result == .rejected("forwarder main: no room for label 100"))
        #expect(await plane.status().forwarders[0].rejection == "no room for label 100")
        forwarder.become(.applies)
        try await plane.submit([SubmitTests.binding(101)])
        #expect(await plane.isApplied(3))
        #expect(forwarder.arrivals.last?.isReset == true)
        #expect(await expected(plane) == forwarder.version.hash)
        #expect(await plane.status().forwarders[0].rejection == nil)
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("Two forwarders hold the same; applied means by both")
    func two() async throws {
        let running = try await RunningPlane(site)
        let plane = running.plane
        try await plane.apply(Edges.subscriberEdge)
        let forwarders = try [FakeForwarder(site), FakeForwarder(site, name: "second")]
        for forwarder in forwarders { forwarder.connect() }
        #expect(
            await eventually { await plane.status().forwarders.count { $0.appliedSequence == 1 } == 2 })
        forwarders[1].become(.isSilent)
        try await plane.submit([SubmitTests.binding(100)])
        #expect(await plane.waitUntilApplied(2, timeout: .milliseconds(200)).result == .timedOut)
        #expect(forwarders[0].version.number == 2)
        forwarders[1].become(.applies)
        #expect(await plane.isApplied(2))
        #expect(forwarders[0].objects == forwarders[1].objects)
        for forwarder in forwarders { forwarder.disconnect() }
        try await running.stop()
    }

    @Test("Ports that are absent are named to who waits")
    func absentPorts() async throws {
        let running = try await RunningPlane(site)
        let plane = running.plane
        try await plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        #expect(await eventually { await plane.status().forwarders.first?.appliedSequence == 1 })
        forwarder.send(
            (0..<4).map { slot in
                slot == 2
                    ? Link.PortStatus(
                        slot: slot, state: .absent, detail: "there is no interface veth-core", mtu: 0)
                    : Link.PortStatus(slot: slot, state: .up, mtu: 1500)
            })
        #expect(await eventually { await plane.status().ports.contains { $0.condition == .absent } })
        let outcome = await plane.waitUntilApplied(1, timeout: .seconds(10))
        #expect(outcome.result == .applied)
        #expect(outcome.absentPorts.map(\.port) == ["core0"])
        #expect(outcome.absentPorts.map(\.detail) == ["there is no interface veth-core"])
        forwarder.disconnect()
        try await running.stop()
    }

    @Test("Without a forwarder, who waits is told so")
    func noForwarder() async throws {
        let plane = try site.open()
        try await plane.apply(Edges.subscriberEdge)
        #expect(await plane.waitUntilApplied(1, timeout: .milliseconds(50)).result == .noForwarder)
    }

    @Test("A forwarder that doesn't answer is complained about, by name")
    func silent() async throws {
        let site = Site { $0.answerTimeout = .milliseconds(20) }
        let log = LogLines()
        let plane = try ControlPlane(site.configuration, logger: log.logger)
        let task = Task { try await plane.run() }
        try await plane.apply(Edges.subscriberEdge)
        let forwarder = try FakeForwarder(site)
        forwarder.become(.isSilent)
        forwarder.connect()
        #expect(await eventually { log.contains("hasn't answered", "main") })
        forwarder.disconnect()
        task.cancel()
        try await task.value
    }

    @Test("Tables of another journal are replaced, whatever their number")
    func otherJournal() async throws {
        let forwarder = try FakeForwarder(site)
        forwarder.connect()
        try await runToCrash { plane in
            try await plane.apply(Edges.subscriberEdge)
            for label in 100..<110 as Range<UInt32> { try await plane.submit([SubmitTests.binding(label)]) }
            #expect(await plane.isApplied(11))
        }
        for suffix in ["", "-wal", "-shm"] { unlink(site.configuration.journalPath + suffix) }
        let running = try await RunningPlane(site)
        #expect(await running.plane.isApplied(0))
        #expect(await eventually { forwarder.objects.isEmpty })
        #expect(forwarder.version.number == 0 && forwarder.arrivals.last?.isReset == true)
        try await running.plane.apply(Edges.subscriberEdge)
        #expect(await running.plane.isApplied(1))
        #expect(await expected(running.plane) == forwarder.version.hash)
        forwarder.disconnect()
        try await running.stop()
    }
}

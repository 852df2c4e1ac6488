import Exchange
import Testbed
import Testing
import Wire

@testable import ControlPlane

@Suite("Commands") struct SubmitTests {
    let site = Site()

    @Test("What was answered is there after a crash, to the last bit")
    func durable() async throws {
        let plane = try site.open()
        let receipt = try await plane.apply(Edges.subscriberEdge)
        #expect(receipt.sequence == 1 && receipt.changeCount > 10)
        let again = try site.copy().open()
        #expect(await again.digest() == plane.digest())
        #expect(await again.read { $0.sessions.count } == 4)
    }

    @Test("A command that can't be is refused with its reason, and changes nothing")
    func refused() async throws {
        let plane = try site.open()
        try await plane.apply(Edges.subscriberEdge)
        let before = await plane.digest()
        await #expect(throws: SubmitError.self) { try await plane.submit([Change(.remove(.port("core0")))]) }
        #expect(await plane.refusal(of: [Change(.remove(.session("nobody")))])?.map(\.kind) == [.notFound])
        #expect(await plane.digest() == before)
        #expect(await plane.status().journal.sequence == 1)
    }

    @Test("Two that change the same object: the second is told of the conflict")
    func conflict() async throws {
        let plane = try site.open()
        try await plane.apply(Edges.subscriberEdge)
        let revision = try #require(await plane.read { $0.object(.line("slow"))?.revision })
        let results = await withTaskGroup(of: Bool.self) { group in
            for mtu in [1_310, 1_330] {
                group.addTask {
                    guard var line = await plane.read({ $0.lines["slow"] }) else { return false }
                    line.mtu = mtu
                    let refusal = await plane.refusal(
                        of: [Change(.put(.line(line)), expectedRevision: revision)])
                    #expect(refusal == nil || refusal?.map(\.kind) == [.conflict])
                    return refusal == nil
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count { $0 } == 1)
    }

    @Test("Many commands at once share commits")
    func groupCommit() async throws {
        let plane = try site.open()
        try await plane.apply(Edges.subscriberEdge)
        let before = await plane.status().journal.commitCount
        let sequences = await withTaskGroup(of: UInt64?.self) { group in
            for label in 100..<500 {
                group.addTask {
                    try? await plane.submit([Self.binding(UInt32(label))]).sequence
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(sequences).count == 400 && !sequences.contains(nil))
        let status = await plane.status()
        #expect(status.journal.sequence == 401)
        #expect(status.journal.commitCount - before < 300)
        #expect(status.counts.labels == 405)
    }

    @Test("What is so already isn't journaled")
    func noChange() async throws {
        let plane = try site.open()
        try await plane.apply(Edges.subscriberEdge)
        let line = try #require(await plane.read { $0.lines["slow"] })
        #expect(try await plane.submit([Change(.put(.line(line)))]) == Receipt(sequence: 1, changeCount: 0))
        #expect(try await plane.submit([]) == Receipt(sequence: 1, changeCount: 0))
        await #expect(throws: SubmitError.self) {
            try await plane.submit([Change(.put(.line(line)), expectedRevision: 77)])
        }
        #expect(await plane.status().journal.commitCount == 1)
    }

    @Test("Applying a description changes what differs, and nothing the second time")
    func applies() async throws {
        let plane = try site.open()
        try await plane.apply(Edges.subscriberEdge)
        let changed = Edges.describe(
            Edges.subscriberEdge.replacing("mtu: 1320", with: "mtu: 1330").replacing(
                "in: 18005", with: "in: 18015"))
        let dry = try await plane.apply(changed, dryRun: true)
        #expect(
            Set(dry.changes.map(\.key)) == [
                .line("slow"), .label(Label(unchecked: 18_005)), .label(Label(unchecked: 18_015)),
            ])
        #expect(dry.receipt == Receipt(sequence: 1, changeCount: 3))
        #expect(await plane.status().journal.sequence == 1)
        let real = try await plane.apply(changed)
        #expect(real.changes == dry.changes && real.receipt == Receipt(sequence: 2, changeCount: 3))
        let again = try await plane.apply(changed)
        #expect(again.changes.isEmpty && again.receipt == Receipt(sequence: 2, changeCount: 0))
        #expect(try await plane.apply(await plane.read(\.description)).changes.isEmpty)
    }

    @Test("A bad description is refused with all its faults, and changes nothing")
    func badDescription() async throws {
        let plane = try site.open()
        var bad = Edges.describe(Edges.subscriberEdge)
        bad.ports.append(bad.ports[0])
        bad.lines[0].port = "nowhere"
        await #expect(throws: SubmitError.rejected(bad.validate())) { try await plane.apply(bad) }
        #expect(await plane.status().journal.sequence == 0)
    }

    @Test("A command after the end is refused; questions are still answered")
    func afterTheEnd() async throws {
        let plane = try site.open()
        try await plane.apply(Edges.subscriberEdge)
        plane.abandon()
        await #expect(throws: SubmitError.self) { try await plane.submit([Self.binding(100)]) }
        #expect(await plane.read { $0.sessions.count } == 4)
        #expect(await plane.waitUntilApplied(1, timeout: .seconds(1)).result == .noForwarder)
    }

    /// A transit label that goes out by the line `north`.
    static func binding(_ label: UInt32) -> Change {
        Change(
            .put(
                .label(
                    LabelBinding(
                        in: Label(unchecked: label), operation: .swap([Label(unchecked: 17_000)]),
                        via: .line("north")))))
    }
}

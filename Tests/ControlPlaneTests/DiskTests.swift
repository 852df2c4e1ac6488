import Exchange
import Testbed
import Testing

@testable import ControlPlane

@Suite("A control plane on a full disk") struct DiskTests {
    @Test(
        "Commands are refused and change nothing; with room again they are taken; what was answered is there",
        .enabled(if: TinyDisk.canBeMade, "only root can mount a disk of its own"))
    func full() async throws {
        let disk = TinyDisk(byteCount: 1 << 20)
        let site = Site(stateDirectory: disk.path)
        let plane = try site.open()
        try await plane.apply(Edges.subscriberEdge)
        var (answered, refused): (Set<UInt32>, Set<UInt32>) = ([], [])
        for number in 0..<200 as Range<UInt32> where refused.count < 5 {
            // Long commands, so that the disk is full soon.
            let labels = (0..<400 as Range<UInt32>).map { 20_000 + number * 400 + $0 }
            do {
                try await plane.submit(labels.map(SubmitTests.binding))
                answered.formUnion(labels)
            } catch {
                guard case .unavailable(let sentence) = error else { throw error }
                #expect(sentence.contains("nothing was changed") && sentence.contains("no space"))
                refused.formUnion(labels)
            }
        }
        try #require(!answered.isEmpty && !refused.isEmpty)
        #expect(await plane.status().journal.fault?.contains("no space") == true)
        #expect(await labels(plane) == answered)
        let digest = await plane.digest()
        #expect(try await plane.usage().isEmpty)

        disk.resize(byteCount: 16 << 20)
        try await plane.submit([SubmitTests.binding(19_999)])
        #expect(await plane.status().journal.fault == nil)
        #expect(await labels(plane) == answered.union([19_999]))
        #expect(await plane.digest() != digest)
        let expected = await plane.digest()
        plane.abandon()
        let copy = site.copy()
        #expect(await (try copy.open()).digest() == expected)
    }

    /// The labels that the test has bound.
    private func labels(_ plane: ControlPlane) async -> Set<UInt32> {
        await plane.read { state in Set(state.labels.all.map(\.entry.key.rawValue).filter { $0 >= 19_999 }) }
    }
}

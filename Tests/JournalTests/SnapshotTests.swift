import Testbed
import Testing

@testable import Journal

@Suite("Snapshots in a journal") struct SnapshotTests {
    let folder = ScratchFolder()
    var path: String { folder.file("journal.sqlite") }

    @Test("A snapshot is read back, in pieces if it is long", arguments: [0, 1, 1 << 20, (16 << 20) + 1])
    func roundTrip(byteCount: Int) throws {
        let journal = try Journal(path: path)
        try journal.append(records(1...3))
        let payload = [UInt8](repeating: 7, count: max(1, byteCount) - 1) + (byteCount > 0 ? [8] : [])
        try journal.snapshot(3, payload)
        let again = try Journal(path: path)
        let snapshot = try #require(try again.snapshots().first)
        #expect(snapshot.sequence == 3 && snapshot.version == 1 && snapshot.byteCount == byteCount)
        #expect(snapshot.digest == sha256(payload))
        #expect(try again.read(snapshot) == payload)
        let chunkCount = try number(path, "SELECT count(*) FROM snapshotChunk")
        #expect(chunkCount == (byteCount + (16 << 20) - 1) / (16 << 20))
    }

    @Test("The last two stay; the same one again changes nothing")
    func lastTwo() throws {
        let journal = try Journal(path: path)
        for sequence in 1...5 as ClosedRange<UInt64> {
            try journal.append([record(sequence)])
            try journal.snapshot(sequence, [UInt8(sequence)])
            try journal.snapshot(sequence, [99])
        }
        #expect(try journal.snapshots().map(\.sequence) == [5, 4])
        #expect(try journal.snapshots().map(journal.read) == [[5], [4]])
        #expect(try number(path, "SELECT count(*) FROM snapshotChunk") == 2)
    }

    @Test("Records that both snapshots have go when they are old enough, and the replay still holds together")
    func pruning() throws {
        let journal = try Journal(path: path)
        try journal.append(records(1...2_500))
        try journal.snapshot(1_200, [1])
        try journal.snapshot(2_400, [2])
        #expect(try journal.all() == records(1...2_500))
        try tamper(path, "UPDATE record SET written = written - 100 WHERE sequence <= 2000")
        try journal.append([record(2_501)])
        try journal.snapshot(2_500, [3], keepingFor: .seconds(50))
        #expect(try number(path, "SELECT min(sequence) FROM record") == 2_001)
        #expect(failure { _ = try journal.all() }?.text.contains("record 1 is missing") == true)
        let again = try Journal(path: path)
        #expect(try again.all(after: 2_500) == [record(2_501)])
        #expect(try again.all(after: 2_400) == records(2_401...2_501))
        try again.append([record(2_502)])
        #expect(try again.all(after: 2_500) == records(2_501...2_502))
    }

    @Test("One snapshot alone takes no record with it")
    func noPruning() throws {
        let journal = try Journal(path: path)
        try journal.append(records(1...10))
        try tamper(path, "UPDATE record SET written = 0")
        try journal.snapshot(10, [1], keepingFor: .zero)
        #expect(try journal.all() == records(1...10))
    }

    @Test("A journal of snapshots alone goes on where they end")
    func onlySnapshots() throws {
        let journal = try Journal(path: path)
        try journal.append(records(1...10))
        try journal.snapshot(9, [1])
        try journal.snapshot(10, [2])
        try tamper(path, "DELETE FROM record")
        let again = try Journal(path: path)
        #expect(try again.lastSequence() == 10)
        try again.append([record(11)])
        #expect(try again.all(after: 10) == [record(11)])
    }

    @Test("What a crash leaves of a snapshot isn't one, and goes with the next")
    func leftovers() throws {
        let journal = try Journal(path: path)
        try journal.append(records(1...3))
        try tamper(path, "INSERT INTO snapshotChunk VALUES (2, 0, x'aa'), (3, 5, x'bb')")
        #expect(try journal.snapshots().isEmpty)
        try journal.snapshot(3, [7, 8])
        #expect(try journal.read(try #require(journal.snapshots().first)) == [7, 8])
        #expect(try number(path, "SELECT count(*) FROM snapshotChunk") == 1)
    }

    @Test(
        "A damaged snapshot is named by its number",
        arguments: [
            "UPDATE snapshotChunk SET bytes = x'0909'", "UPDATE snapshotChunk SET number = 1",
            "UPDATE snapshotChunk SET bytes = 'text'", "DELETE FROM snapshotChunk",
            "UPDATE snapshot SET digest = x'00'", "UPDATE snapshot SET byteCount = 3",
        ])
    func damaged(_ sql: String) throws {
        let journal = try Journal(path: path)
        try journal.append(records(1...3))
        try journal.snapshot(3, [7, 8])
        try tamper(path, sql)
        let snapshot = try #require(journal.snapshots().first)
        let error = failure { _ = try journal.read(snapshot) }
        #expect(error?.kind == .damaged && error?.text.contains("record 3") == true)
    }

    @Test("A snapshot of a record that isn't there is refused")
    func ofNothing() throws {
        let journal = try Journal(path: path)
        try journal.append(records(1...3))
        #expect(failure { try journal.snapshot(4, [1]) }?.kind == .damaged)
        #expect(try journal.snapshots().isEmpty)
    }
}

import GRDB
import Glibc
import Testbed
import Testing

@testable import Journal

@Suite("Appending to a journal") struct AppendTests {
    let folder = ScratchFolder()
    var path: String { folder.file("journal.sqlite") }

    @Test("What is appended is read back, also by the next process")
    func roundTrip() throws {
        let first = try Journal(path: path)
        try first.append(records(1...20))
        try first.append([JournalRecord(sequence: 21, version: 7, payload: [])])
        let second = try Journal(path: path)
        #expect(try second.all() == records(1...20) + [JournalRecord(sequence: 21, version: 7, payload: [])])
        #expect(try second.all(after: 20).map(\.version) == [7])
        #expect(try second.lastSequence() == 21)
        #expect(second.id == first.id && second.id != 0)
    }

    @Test("Two journals have different numbers")
    func identity() throws {
        #expect(try Journal(path: path).id != Journal(path: folder.file("other.sqlite")).id)
    }

    @Test("An append is one commit, however many records it has, and waits for the disk")
    func groupCommit() throws {
        let journal = try Journal(path: path)
        try journal.append(records(1...1_000))
        try journal.append([])
        try journal.append([record(1_001)])
        #expect(journal.commitCount == 2)
        // 2 is FULL: the write-ahead log is synced at each commit.
        #expect(
            try journal.pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
        #expect(try journal.pool.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }

    @Test("Records must go on where the journal ends; others leave nothing behind")
    func sequence() throws {
        let journal = try Journal(path: path)
        try journal.append(records(1...3))
        for wrong in [[record(3)], [record(5)], [record(4), record(6)], [record(4), record(4)]] {
            #expect(failure { try journal.append(wrong) }?.kind == .sequence)
        }
        #expect(try journal.all() == records(1...3))
        try journal.append([record(4)])
        #expect(try journal.all() == records(1...4))
    }

    @Test("Records appended by another process in between are noticed")
    func otherWriter() throws {
        let journal = try Journal(path: path)
        try journal.append([record(1)])
        try Journal(path: path).append([record(2)])
        #expect(failure { try journal.append([record(2)]) }?.kind == .sequence)
        #expect(try journal.all() == records(1...2))
        try journal.append([record(3)])
        #expect(try journal.all() == records(1...3))
    }

    @Test("What the reader throws ends the replay, and comes out as it is")
    func interruption() throws {
        struct Enough: Error {}
        let journal = try Journal(path: path)
        try journal.append(records(1...9))
        var count = 0
        #expect(throws: Enough.self) {
            try journal.replay(after: 0) { record in
                count += 1
                if record.sequence == 4 { throw Enough() }
            }
        }
        #expect(count == 4)
    }

    @Test("The directories are made, the journal's own for owner and group alone")
    func directories() throws {
        let nested = folder.file("a")
        let journal = try Journal(path: "\(nested)/b/journal.sqlite")
        try journal.append([record(1)])
        #expect(mode(nested) == 0o755)
        #expect(mode("\(nested)/b") == 0o750)
        removeFolder(nested)
    }
}

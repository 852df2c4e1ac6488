import Glibc
import Testbed
import Testing

@testable import Journal

@Suite("Journals of other versions") struct SchemaTests {
    let folder = ScratchFolder()
    private static let fixture = "\(repositoryRoot())/Tests/JournalTests/Fixtures/journal-v1.sqlite"

    @Test("A journal made by the first version can be read and goes on")
    func firstVersion() throws {
        let bytes = try #require(fileContents(Self.fixture))
        let journal = try Journal(path: folder.file("journal.sqlite", bytes))
        #expect(journal.id == 0x0123_4567_89ab_cdef)
        #expect(try journal.all() == records(1...12))
        #expect(try journal.snapshots().map(\.sequence) == [10, 5])
        #expect(try journal.read(journal.snapshots()[0]) == Array("state of ten".utf8))
        #expect(try journal.all(after: 10) == records(11...12))
        #expect(try journal.usage().map(\.sessionName) == ["alice-video"])
        try journal.append([record(13)])
        #expect(try journal.all() == records(1...13))
    }

    @Test("A journal of a newer version is refused by the names of its steps, and left as it is")
    func newerVersion() throws {
        let path = folder.file("journal.sqlite", fileContents(Self.fixture) ?? [])
        try tamper(path, "INSERT INTO grdb_migrations VALUES ('v9')")
        let error = try #require(failure { _ = try Journal(path: path) })
        #expect(error.kind == .newer)
        #expect(error.text.contains("v9") && error.text.contains("v1") && error.text.contains(path))
        #expect(try number(path, "SELECT count(*) FROM record") == 12)
    }
}

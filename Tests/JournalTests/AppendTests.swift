import Journal
import Testbed
import Testing

@Suite("Appending to a journal") struct AppendTests {
    @Test("What is appended is read back, also by the next process")
    func roundTrip() throws {
        let folder = ScratchFolder()
        let path = folder.file("journal.sqlite")
        let records = (1...20).map { number in
            JournalRecord(
                sequence: number, version: 1, payload: [UInt8](repeating: UInt8(number), count: Int(number)))
        }
        let first = try Journal(path: path)
        try first.append(records)
        var read: [JournalRecord] = []
        try Journal(path: path).replay(after: 0) { read.append($0) }
        #expect(read == records)
        #expect(try Journal(path: path).id == first.id)
    }
}

import Glibc
import Testbed
import Testing

@testable import Journal

@Suite("Damage to a journal") struct DamageTests {
    let folder = ScratchFolder()
    var path: String { folder.file("journal.sqlite") }

    @Test(
        "A torn write-ahead log loses whole appends from its end, and nothing else",
        arguments: SeededGenerator.seeds)
    func tornTail(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let journal = try Journal(path: path)
        // Appends of one to five records; where each ends.
        var ends: [UInt64] = [0]
        for _ in 0..<60 {
            let first = ends[ends.count - 1] + 1
            let last = first + UInt64(generator.number(0...4))
            try journal.append(records(first...last, byteCount: generator.number(0...9_000)))
            ends.append(last)
        }
        let (main, log) = (fileContents(path) ?? [], fileContents("\(path)-wal") ?? [])
        try #require(log.count > 100_000)
        var losses = 0
        for round in 0..<60 {
            let torn = folder.file("torn-\(round).sqlite", main)
            var bytes = log
            let place = generator.number(0...log.count - 1)
            switch round % 3 {
            case 0: bytes.removeLast(log.count - place)
            case 1: bytes[place] ^= UInt8(generator.number(1...255))
            default:
                for index in place..<min(log.count, place + 4_096) { bytes[index] = generator.octet() }
            }
            _ = folder.file("torn-\(round).sqlite-wal", bytes)
            let read = try Journal(path: torn).all()
            let last = read.last?.sequence ?? 0
            #expect(ends.contains(last), "seed \(seed): half an append is left")
            #expect(read == Array(try journal.all().prefix(Int(last))), "seed \(seed)")
            losses += last == ends.last ? 0 : 1
        }
        #expect(losses > 30, "seed \(seed)")
    }

    @Test("A journal goes on behind a torn tail")
    func goesOn() throws {
        let journal = try Journal(path: path)
        for sequence in 1...20 { try journal.append([record(UInt64(sequence))]) }
        let log = fileContents("\(path)-wal") ?? []
        let torn = folder.file("torn.sqlite", fileContents(path))
        _ = folder.file("torn.sqlite-wal", Array(log.dropLast(log.count / 3)))
        let again = try Journal(path: torn)
        let last = try again.lastSequence()
        #expect(last > 0 && last < 20)
        try again.append([record(last + 1)])
        #expect(try Journal(path: torn).all() == records(1...last + 1))
    }

    @Test(
        "What isn't what was written is named by its number",
        arguments: [
            ("UPDATE record SET payload = x'00' WHERE sequence = 7", "record 7 "),
            ("UPDATE record SET version = 2 WHERE sequence = 7", "record 7 "),
            ("UPDATE record SET chain = zeroblob(16) WHERE sequence = 7", "record 7 "),
            ("UPDATE record SET payload = 'text' WHERE sequence = 7", "record 7 "),
            ("UPDATE record SET version = 70000 WHERE sequence = 7", "record 7 "),
            ("DELETE FROM record WHERE sequence = 7", "record 7 is missing"),
            ("DELETE FROM record WHERE sequence < 7", "record 1 is missing"),
            ("UPDATE record SET sequence = 100 WHERE sequence = 7", "record 7 is missing"),
            (
                """
                UPDATE record SET (version, chain, payload) =
                    (SELECT version, chain, payload FROM record WHERE sequence = 8) WHERE sequence = 7
                """, "record 7 "
            ),
        ])
    func tampered(_ sql: String, _ place: String) throws {
        try Journal(path: path).append(records(1...20))
        try tamper(path, sql)
        let journal = try Journal(path: path)
        let error = try #require(failure { _ = try journal.all() })
        #expect(error.kind == .damaged)
        #expect(error.text.contains(place) && error.text.contains(path) && error.text.contains("backup"))
    }

    @Test("Records of another journal don't fit")
    func otherJournal() throws {
        let other = folder.file("other.sqlite")
        try Journal(path: path).append(records(1...5))
        try Journal(path: other).append(records(1...5))
        try tamper(
            path,
            "ATTACH '\(other)' AS other; DELETE FROM record; INSERT INTO record SELECT * FROM other.record")
        let journal = try Journal(path: path)
        #expect(failure { _ = try journal.all() }?.text.contains("record 1 ") == true)
    }

    @Test(
        "A garbled page of the file is found wherever records are, or hits nothing",
        arguments: SeededGenerator.seeds)
    func garbledPage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        do {
            let journal = try Journal(path: path)
            try journal.append(records(1...300, byteCount: 2_000))
        }
        try tamper(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        let whole = fileContents(path) ?? []
        try #require(whole.count > 500_000)
        var found = 0
        for round in 0..<60 {
            let copy = folder.file("garbled-\(round).sqlite", whole)
            garble(copy, at: generator.number(0...whole.count - 64), generator.octets(64))
            var read: [JournalRecord] = []
            let error = failure {
                let journal = try Journal(path: copy)
                read = try journal.all()
            }
            if let error {
                found += 1
                #expect([.damaged, .foreign, .newer].contains(error.kind), "seed \(seed): \(error.text)")
                #expect(error.text.contains(copy))
            } else {
                #expect(read == records(1...300, byteCount: 2_000), "seed \(seed)")
            }
        }
        #expect(found > 40, "seed \(seed)")
    }

    @Test("What isn't a journal is refused, and left as it is")
    func foreign() throws {
        let text = folder.file(
            "text.sqlite",
            Array("This is not a database, and long enough to be looked at. ".utf8)
                + [UInt8](repeating: 65, count: 4_096))
        let before = fileContents(text)
        #expect(failure { _ = try Journal(path: text) }?.kind == .foreign)
        #expect(fileContents(text) == before)
        let other = folder.file("other.sqlite")
        try tamper(other, "CREATE TABLE birds (name TEXT)")
        let error = failure { _ = try Journal(path: other) }
        #expect(error?.kind == .foreign && error?.text.contains("another program") == true)
    }
}

import Testbed
import Testing

@testable import Journal

@Suite("The usage history") struct UsageTests {
    let folder = ScratchFolder()
    var path: String { folder.file("journal.sqlite") }

    private func row(
        _ session: UInt64, _ leg: UInt32, _ sequence: UInt32, _ forwarder: String = "main",
        name: String = "alice",
        _ time: ClosedRange<UInt64> = 0...10
    ) -> Journal.UsageRow {
        Journal.UsageRow(
            session: session, leg: leg, sequence: sequence, forwarder: forwarder, sessionName: name,
            from: time.lowerBound, to: time.upperBound, upPackets: session, upBytes: .max, downPackets: 3,
            downBytes: 4)
    }

    @Test("PX-5 Lines come back as they were written, in the order of their keys")
    func roundTrip() throws {
        let journal = try Journal(path: path)
        let rows = [row(2, 1, 1), row(1, 2, 1), row(1, 1, 2), row(1, 1, 1, "second"), row(1, 1, 1)]
        try journal.append([record(1)], usage: rows)
        let sorted = [row(1, 1, 1), row(1, 1, 2), row(1, 1, 1, "second"), row(1, 2, 1), row(2, 1, 1)]
        #expect(try Journal(path: path).usage() == sorted)
    }

    @Test("PX-5 A line lands once, and the append that brings it again isn't there at all")
    func once() throws {
        let journal = try Journal(path: path)
        try journal.append([record(1)], usage: [row(1, 1, 1)])
        #expect(failure { try journal.append([record(2)], usage: [row(3, 1, 1), row(1, 1, 1)]) } != nil)
        #expect(try journal.usage() == [row(1, 1, 1)])
        #expect(try journal.all() == [record(1)])
        try journal.append([record(2)], usage: [row(1, 1, 2)])
        #expect(try journal.usage().count == 2)
    }

    @Test("A filter takes what it says")
    func filters() throws {
        let journal = try Journal(path: path)
        let rows = [
            row(1, 1, 1, name: "alice", 0...10), row(1, 1, 2, name: "alice", 10...20),
            row(2, 1, 1, name: "bob", 5...15), row(3, 1, 1, name: "alice", 20...30),
        ]
        try journal.append([record(1)], usage: rows)
        func keys(_ filter: Journal.UsageFilter) throws -> [UInt64] {
            try journal.usage(filter).map(\.session)
        }
        #expect(try keys(.init(sessionName: "alice")) == [1, 1, 3])
        #expect(try keys(.init(session: 1)) == [1, 1])
        #expect(try keys(.init(sessionName: "alice", session: 2)) == [])
        #expect(try keys(.init(from: 10)) == [1, 2, 3])
        #expect(try keys(.init(to: 10)) == [1, 2])
        #expect(try keys(.init(from: 15, to: 20)) == [1])
        #expect(try keys(.init(from: .max)) == [])
        #expect(try keys(.init(limit: 2)) == [1, 1])
        #expect(try keys(.init(after: rows[1].position)) == [2, 3])
        #expect(try keys(.init(after: rows[0].position, limit: 1)) == [1])
    }

    @Test(
        "A line that isn't what was written is refused",
        arguments: ["leg = 'one'", "forwarder = x'ff'", "leg = -1"])
    func damaged(_ change: String) throws {
        let journal = try Journal(path: path)
        try journal.append([record(1)], usage: [row(1, 1, 1)])
        try tamper(path, "UPDATE usage SET \(change)")
        #expect(failure { _ = try journal.usage() }?.kind == .damaged)
    }
}

import GRDB
import Glibc
import Testbed
import Testing

@testable import Journal

@Suite("Journals on bad disks") struct DiskTests {
    @Test(
        "A full disk refuses the append as a whole; with room again it goes on",
        .enabled(if: TinyDisk.canBeMade, "only root can mount a disk of its own"))
    func full() throws {
        let disk = TinyDisk(byteCount: 1 << 20)
        let path = "\(disk.path)/journal.sqlite"
        let journal = try Journal(path: path)
        var last: UInt64 = 0
        var error: (kind: JournalError.Kind, text: String)?
        for _ in 0..<100 where error == nil {
            let batch = records(last + 1...last + 5, byteCount: 10_000)
            error = failure { try journal.append(batch) }
            if error == nil { last += 5 }
        }
        #expect(error?.kind == .full)
        #expect(error?.text.contains("no space") == true && error?.text.contains(path) == true)
        #expect(last > 0)
        #expect(try journal.all().count == Int(last))
        #expect(failure { try journal.append(records(last + 1...last + 5, byteCount: 10_000)) } != nil)
        disk.resize(byteCount: 8 << 20)
        try journal.probe()
        try journal.append(records(last + 1...last + 5, byteCount: 10_000))
        #expect(try journal.all() == records(1...last + 5, byteCount: 10_000))
        #expect(try Journal(path: path).all() == records(1...last + 5, byteCount: 10_000))
    }

    @Test(
        "A disk with no room at all is named when the journal is made",
        .enabled(if: TinyDisk.canBeMade, "only root can mount a disk of its own"))
    func noRoom() throws {
        let disk = TinyDisk(byteCount: 16_384)
        let error = failure { _ = try Journal(path: "\(disk.path)/journal.sqlite") }
        #expect(error?.kind == .full)
        disk.resize(byteCount: 4 << 20)
        try Journal(path: "\(disk.path)/journal.sqlite").append([record(1)])
    }

    @Test(
        "A read-only file system is named",
        .enabled(if: TinyDisk.canBeMade, "only root can mount a disk of its own"))
    func readOnly() throws {
        let disk = TinyDisk(byteCount: 4 << 20)
        let path = "\(disk.path)/journal.sqlite"
        try Journal(path: path).append([record(1)])
        disk.makeReadOnly()
        let error = failure { _ = try Journal(path: path) }
        #expect(error?.kind == .unreachable)
        let other = failure { _ = try Journal(path: "\(disk.path)/deeper/journal.sqlite") }
        #expect(other?.kind == .unreachable && other?.text.contains("deeper") == true)
    }

    @Test(
        "A directory without permission is named", .enabled(if: geteuid() != 0, "root may write everywhere"))
    func noPermission() throws {
        let folder = ScratchFolder()
        chmod(folder.path, 0o500)
        defer { chmod(folder.path, 0o700) }
        #expect(failure { _ = try Journal(path: folder.file("journal.sqlite")) }?.kind == .unreachable)
    }

    @Test("A file in the place of a directory is named")
    func noDirectory() {
        let folder = ScratchFolder()
        let file = folder.file("file", [1])
        #expect(failure { _ = try Journal(path: "\(file)/journal.sqlite") }?.kind == .unreachable)
        #expect(failure { _ = try Journal(path: folder.path) }?.kind == .unreachable)
    }

    @Test("A journal that another process is writing to is named, and works again afterwards")
    func locked() throws {
        let folder = ScratchFolder()
        let path = folder.file("journal.sqlite")
        let journal = try Journal(path: path)
        try journal.append([record(1)])
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let error = failure { try journal.append([record(2)]) }
        #expect(error?.kind == .locked && error?.text.contains("another process") == true)
        #expect(failure { try journal.probe() }?.kind == .locked)
        try other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try journal.append([record(2)])
        #expect(try journal.all() == records(1...2))
    }
}

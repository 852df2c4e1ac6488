import GRDB
import Glibc
import Testbed

@testable import Journal

/// A record that can be told from every other.
func record(_ sequence: UInt64, byteCount: Int = 40) -> JournalRecord {
    var generator = SeededGenerator(seed: sequence)
    return JournalRecord(sequence: sequence, version: 1, payload: generator.octets(byteCount))
}

func records(_ range: ClosedRange<UInt64>, byteCount: Int = 40) -> [JournalRecord] {
    range.map { record($0, byteCount: byteCount) }
}

extension Journal {
    /// All records behind one.
    func all(after sequence: UInt64 = 0) throws -> [JournalRecord] {
        var read: [JournalRecord] = []
        try replay(after: sequence) { read.append($0) }
        return read
    }

    /// Keeps a snapshot with its right digest.
    func snapshot(_ sequence: UInt64, _ payload: [UInt8], keepingFor time: Duration = .seconds(3600)) throws {
        try writeSnapshot(
            sequence: sequence, version: 1, payload: payload, digest: sha256(payload), keepingRecordsFor: time
        )
    }
}

/// Changes a journal's file behind its back.
func tamper(_ path: String, _ sql: String) throws {
    try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: sql) }
}

/// One number out of a journal's file.
func number(_ path: String, _ sql: String) throws -> Int? {
    try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: sql) }
}

/// Overwrites bytes of a file.
func garble(_ path: String, at offset: Int, _ bytes: [UInt8]) {
    let file = open(path, O_WRONLY)
    precondition(file >= 0 && pwrite(file, bytes, bytes.count, off_t(offset)) == bytes.count)
    close(file)
}

func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

/// What a journal's error says; empty if there was none.
func failure(_ body: () throws -> Void) -> (kind: JournalError.Kind, text: String)? {
    do {
        try body()
        return nil
    } catch let error as JournalError {
        return (error.kind, "\(error)")
    } catch {
        fatalError("not a journal's error: \(error)")
    }
}

/// The permissions of a file.
func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
}

/// Removes a folder with everything in it.
func removeFolder(_ path: String) {
    for name in folderEntries(path) {
        if unlink("\(path)/\(name)") != 0 { removeFolder("\(path)/\(name)") }
    }
    rmdir(path)
}

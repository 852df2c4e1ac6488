import Crypto
import GRDB
import Glibc

/// A snapshot that the journal has: what its writer made of all records up to it.
public struct Snapshot: Equatable, Sendable {
    /// The last record that is in it.
    public let sequence: UInt64
    /// The version of the format that it is written in.
    public let version: UInt16
    /// Its length in bytes.
    public let byteCount: Int
    /// SHA-256 over it.
    public let digest: [UInt8]
}

extension Journal {
    /// A snapshot's pieces, each a row of its own, so that no commit is longer.
    static var chunkByteCount: Int { 16 << 20 }
    /// Records taken out by one commit.
    static var pruneCount: Int { 1_000 }

    /// The snapshots there are, the newest first: at most two.
    public func snapshots() throws(JournalError) -> [Snapshot] {
        do {
            return try pool.read { database in
                try Row.fetchAll(
                    database,
                    sql: "SELECT sequence, version, byteCount, digest FROM snapshot ORDER BY sequence DESC")
            }.map { row in
                guard let sequence = row.number("sequence", as: UInt64.self),
                    let version = row.number("version", as: UInt16.self),
                    let byteCount = row.number("byteCount", as: Int.self), let digest = row.bytes("digest")
                else {
                    throw JournalError.damaged(path, "a row of the table snapshot isn't what was written")
                }
                return Snapshot(
                    sequence: sequence, version: version, byteCount: byteCount, digest: digest)
            }
        } catch { throw .from(error, path, doing: "reading the list of snapshots") }
    }

    /// A snapshot's content, checked against its digest.
    public func read(_ snapshot: Snapshot) throws(JournalError) -> [UInt8] {
        let place = "the snapshot at record \(snapshot.sequence) isn't what was written"
        var payload: [UInt8] = []
        do {
            try pool.read { database in
                let rows = try Row.fetchCursor(
                    database,
                    sql: "SELECT number, bytes FROM snapshotChunk WHERE sequence = ? ORDER BY number",
                    arguments: [Int64(snapshot.sequence)])
                var number = 0
                while let row = try rows.next() {
                    guard row.number("number") == number, let chunk = row.bytes("bytes") else {
                        throw JournalError.damaged(path, place)
                    }
                    payload += chunk
                    number += 1
                }
            }
        } catch { throw .from(error, path, doing: "reading the snapshot at record \(snapshot.sequence)") }
        var hash = SHA256()
        hash.update(payload)
        guard Array(hash.finalize()) == snapshot.digest, payload.count == snapshot.byteCount else {
            throw .damaged(path, place)
        }
        return payload
    }

    /// Keeps a snapshot. The one before it stays, older ones go; so do records that both have, once they are old enough.
    ///
    /// It is written in several commits, so that appends can come between them, and is there with the last of them:
    /// what a crash leaves of it is swept away by the next.
    /// - Parameters:
    ///   - sequence: the last record that is in it.
    ///   - digest: SHA-256 over `payload`.
    ///   - keepingRecordsFor: how long records stay at least.
    public func writeSnapshot(
        sequence: UInt64, version: UInt16, payload: [UInt8], digest: [UInt8], keepingRecordsFor: Duration
    ) throws(JournalError) {
        do {
            let isThere = try pool.write { database in
                try database.execute(
                    sql: "DELETE FROM snapshotChunk WHERE sequence NOT IN (SELECT sequence FROM snapshot)")
                return try Bool.fetchOne(
                    database, sql: "SELECT EXISTS (SELECT 1 FROM snapshot WHERE sequence = ?)",
                    arguments: [Int64(sequence)]) ?? false
            }
            if isThere { return }
            for (number, start) in stride(from: 0, to: payload.count, by: Self.chunkByteCount).enumerated() {
                let chunk = payload[start..<min(payload.count, start + Self.chunkByteCount)]
                try pool.write { database in
                    try database.execute(
                        sql: "INSERT INTO snapshotChunk VALUES (?, ?, ?)",
                        arguments: [Int64(sequence), number, Blob(chunk)])
                }
            }
            try pool.write { database in
                let chain = try chain(at: sequence, database)
                try database.execute(
                    sql: "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)",
                    arguments: [
                        Int64(sequence), Int64(version), payload.count, Blob(digest), Blob(chain.bytes),
                    ])
                try database.execute(
                    sql: """
                        DELETE FROM snapshot WHERE sequence NOT IN
                            (SELECT sequence FROM snapshot ORDER BY sequence DESC LIMIT 2);
                        DELETE FROM snapshotChunk WHERE sequence NOT IN (SELECT sequence FROM snapshot)
                        """)
            }
            try prune(keepingFor: keepingRecordsFor)
        } catch { throw .from(error, path, doing: "writing a snapshot") }
    }

    /// Takes out the records that two snapshots have and that are old enough; a bounded number at a time, so that
    /// appends can come between.
    private func prune(keepingFor time: Duration) throws {
        let before = Int64(Glibc.time(nil)) - time.components.seconds
        var removed = Self.pruneCount
        while removed == Self.pruneCount {
            removed = try pool.write { database in
                try database.execute(
                    sql: """
                        DELETE FROM record WHERE sequence IN (
                            SELECT sequence FROM record
                            WHERE sequence <= (SELECT min(sequence) FROM snapshot HAVING count(*) = 2)
                            ORDER BY sequence LIMIT ?
                        ) AND written < ?
                        """, arguments: [Self.pruneCount, before])
                return database.changesCount
            }
        }
    }
}

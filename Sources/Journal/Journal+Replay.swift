import GRDB

extension Journal {
    /// Goes through all records behind one, in order, each checked against its checksum. One record at a time is in
    /// memory.
    ///
    /// An append that the machine's failure cut short isn't there as a whole: SQLite drops what its write-ahead log has
    /// no commit for.
    /// - Parameters:
    ///   - sequence: 0, or that of a snapshot, or of a record still in the journal.
    ///   - body: takes each record; what it throws ends the replay.
    /// - Throws: `JournalError` if a record is missing, damaged or unreadable, with its number; what `body` throws.
    public func replay(after sequence: UInt64, _ body: (JournalRecord) throws -> Void) throws {
        var last = sequence
        do {
            try pool.read { database in
                var chain = try chain(at: sequence, database)
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT sequence, version, chain, payload FROM record WHERE sequence > ? ORDER BY sequence
                        """, arguments: [Int64(sequence)])
                while let row = try rows.next() {
                    let record = try record(row, behind: last)
                    let stored = row.bytes("chain").flatMap(JournalChain.init)
                    chain = chain.appending(record)
                    guard chain == stored else {
                        throw JournalError.damaged(
                            path, "record \(record.sequence) or its checksum isn't what was written")
                    }
                    last = record.sequence
                    do { try body(record) } catch { throw Interruption(cause: error) }
                }
                let end = try Self.tail(database, id, path).sequence
                guard last == end else { throw missing(last + 1) }
            }
        } catch let interruption as Interruption {
            throw interruption.cause
        } catch {
            throw JournalError.from(error, path, doing: "reading behind record \(last)")
        }
    }

    /// The chain value of a record that is there, or that a snapshot has.
    func chain(at sequence: UInt64, _ database: Database) throws -> JournalChain {
        guard sequence > 0 else { return JournalChain(journal: id) }
        let stored = try Row.fetchOne(
            database,
            sql: """
                SELECT chain FROM snapshot WHERE sequence = ?1 UNION ALL SELECT chain FROM record WHERE sequence = ?1
                """, arguments: [Int64(sequence)])
        guard let chain = stored?.bytes("chain").flatMap(JournalChain.init) else { throw missing(sequence) }
        return chain
    }

    private func record(_ row: Row, behind last: UInt64) throws -> JournalRecord {
        guard let sequence = row.number("sequence", as: UInt64.self), sequence == last + 1 else {
            throw missing(last + 1)
        }
        guard let version = row.number("version", as: UInt16.self), let payload = row.bytes("payload") else {
            throw JournalError.damaged(path, "record \(sequence) isn't what was written")
        }
        return JournalRecord(sequence: sequence, version: version, payload: payload)
    }

    private func missing(_ sequence: UInt64) -> JournalError {
        .damaged(path, "record \(sequence) is missing")
    }
}

/// What the reader of a replay has thrown, told from what the journal throws.
private struct Interruption: Error {
    let cause: any Error
}

import GRDB
import Glibc
import Synchronization

/// The log of everything that was ever decided, in one SQLite file: records are appended in order and never changed, a
/// snapshot stands for all records up to it.
///
/// A journal knows nothing of what its records mean. An append that has returned is on the disk: write-ahead log,
/// `synchronous=FULL`, one fsync for each append however many records it has.
///
/// All calls block, and may come from any thread; appends from one at a time.
public final class Journal: Sendable {
    /// The file; SQLite keeps `-wal` and `-shm` beside it.
    public let path: String
    /// A random number, made once with the file: what was sent out under another one belongs to another journal.
    public let id: UInt64
    let pool: DatabasePool
    private let commits = Mutex<UInt64>(0)

    /// The end of the journal.
    struct Tail: Sendable {
        var sequence: UInt64
        var chain: JournalChain

        /// Puts a record behind it.
        mutating func append(_ record: JournalRecord) {
            chain = chain.appending(record)
            sequence = record.sequence
        }
    }

    /// Opens the journal; makes the file, and its directory (mode 0750), where there is none yet.
    /// - Throws: if it can't be reached or written, is another program's, was made by a newer version, or is damaged.
    public init(path: String) throws(JournalError) {
        try Self.makeDirectory(of: path)
        let pool: DatabasePool
        let id: UInt64
        do {
            var configuration = GRDB.Configuration()
            configuration.busyMode = .timeout(2)
            configuration.maximumReaderCount = 2
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                try Schema.refuseForeign(database, path)
                // GRDB chooses NORMAL for a write-ahead log, which doesn't wait for the disk.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                // A huge append leaves a huge write-ahead log, which is cut to this at the next checkpoint.
                try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
            }
            try Schema.migrate(pool, path)
            id = try pool.read { try Schema.identity($0, path) }
        } catch { throw .from(error, path, doing: "opening the journal") }
        self.path = path
        self.id = id
        self.pool = pool
    }

    /// The number of the last record; 0: there is none yet.
    public func lastSequence() throws(JournalError) -> UInt64 {
        do { return try pool.read { try Self.tail($0, id, path).sequence } } catch {
            throw .from(error, path, doing: "reading")
        }
    }

    /// Appends since the journal was opened: each is one commit, and one fsync.
    public var commitCount: UInt64 { commits.withLock { $0 } }

    /// What the journal takes on the disk, in bytes, the write-ahead log included.
    public var byteCount: UInt64 {
        [path, "\(path)-wal"].reduce(0) { sum, file in
            var status = stat()
            return stat(file, &status) == 0 ? sum + UInt64(status.st_size) : sum
        }
    }

    /// Appends records, and lines of the usage history that came of them: all or nothing, and on the disk when this
    /// returns.
    /// - Parameter records: their sequence numbers go on from the last record's.
    /// - Throws: if nothing was appended. After an error of the disk itself the records may still be there when the
    ///   machine fails before the next append; the reader of the journal will see all of them then.
    public func append(_ records: [JournalRecord], usage: [UsageRow] = []) throws(JournalError) {
        guard !records.isEmpty else { return }
        do {
            try pool.write { database in
                try insert(records, into: database)
                try insert(usage, into: database)
            }
        } catch { throw .from(error, path, doing: "appending") }
        commits.withLock { $0 += 1 }
    }

    /// Tries whether the journal can be written, by writing as much as a small append needs and waiting for the disk.
    public func probe() throws(JournalError) {
        do {
            try pool.write { database in
                try database.execute(sql: "UPDATE meta SET value = zeroblob(32768) WHERE name = 'probe'")
            }
        } catch { throw .from(error, path, doing: "writing") }
    }

    private func insert(_ records: [JournalRecord], into database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO record (sequence, version, written, chain, payload) VALUES (?, ?, ?, ?, ?)")
        let written = Int64(time(nil))
        var tail = try Self.tail(database, id, path)
        for record in records {
            guard record.sequence == tail.sequence + 1 else {
                throw JournalError(
                    .sequence,
                    "\(path): record \(record.sequence) was to be appended behind record \(tail.sequence); "
                        + "end the other program that writes to this journal, and start again")
            }
            tail.append(record)
            try statement.execute(arguments: [
                Int64(record.sequence), Int64(record.version), written, Blob(tail.chain.bytes),
                Blob(record.payload),
            ])
        }
    }

    /// The last record's number and chain value, or the last snapshot's where no record is behind it.
    static func tail(_ database: Database, _ id: UInt64, _ path: String) throws -> Tail {
        let last = try Row.fetchOne(
            database,
            sql: """
                SELECT sequence, chain FROM (SELECT sequence, chain FROM record ORDER BY sequence DESC LIMIT 1)
                UNION ALL
                SELECT sequence, chain FROM (SELECT sequence, chain FROM snapshot ORDER BY sequence DESC LIMIT 1)
                ORDER BY sequence DESC LIMIT 1
                """)
        guard let last else { return Tail(sequence: 0, chain: JournalChain(journal: id)) }
        guard let sequence = last.number("sequence", as: UInt64.self),
            let chain = last.bytes("chain").flatMap(JournalChain.init)
        else { throw JournalError.damaged(path, "its last record has no number or checksum") }
        return Tail(sequence: sequence, chain: chain)
    }

    /// Makes the journal's directory, and those above it that are missing, so that they outlast a power failure too.
    private static func makeDirectory(of path: String) throws(JournalError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        for count in parts.indices.map({ $0 + 1 }) {
            let directory = parts.prefix(count).joined(separator: "/")
            guard !directory.isEmpty, access(directory, F_OK) != 0 else { continue }
            guard mkdir(directory, count == parts.count ? 0o750 : 0o755) == 0 || errno == EEXIST else {
                throw JournalError(
                    .unreachable,
                    "can't make the directory \(directory): \(String(cString: strerror(errno))); "
                        + "make it, or name another state directory")
            }
            // A name is on the disk once the directory that it stands in is; SQLite sees to that of its own files.
            let parent = open("\(directory)/..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard parent >= 0 else { continue }
            fsync(parent)
            close(parent)
        }
    }
}

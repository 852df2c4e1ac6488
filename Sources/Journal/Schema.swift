import GRDB

/// The tables of the file, and how older files come to have them.
///
/// A version of the software may add steps and never changes one: `Tests/JournalTests/Fixtures` keeps a file made by
/// the first.
enum Schema {
    /// `WLJ1` in the file's header: how a journal is told from another program's SQLite file.
    static let applicationID: Int32 = 0x574c_4a31

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { database in
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(
                sql: """
                    CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID;
                    INSERT INTO meta VALUES ('id', printf('%016x', random() | 1)), ('probe', NULL);
                    CREATE TABLE record (
                        sequence INTEGER PRIMARY KEY NOT NULL,
                        version INTEGER NOT NULL,
                        written INTEGER NOT NULL,   -- seconds since 1970, for the time of keeping alone
                        chain BLOB NOT NULL,
                        payload BLOB NOT NULL
                    );
                    CREATE TABLE snapshot (
                        sequence INTEGER PRIMARY KEY NOT NULL,
                        version INTEGER NOT NULL,
                        byteCount INTEGER NOT NULL,
                        digest BLOB NOT NULL,
                        chain BLOB NOT NULL         -- that of the record with this sequence
                    );
                    CREATE TABLE snapshotChunk (
                        sequence INTEGER NOT NULL,
                        number INTEGER NOT NULL,    -- from 0
                        bytes BLOB NOT NULL,
                        UNIQUE (sequence, number)
                    );
                    CREATE TABLE usage (
                        session INTEGER NOT NULL,
                        leg INTEGER NOT NULL,
                        forwarder TEXT NOT NULL,
                        sequence INTEGER NOT NULL,
                        sessionName TEXT NOT NULL,
                        began INTEGER NOT NULL,     -- nanoseconds since 1970
                        ended INTEGER NOT NULL,
                        upPackets INTEGER NOT NULL,
                        upBytes INTEGER NOT NULL,
                        downPackets INTEGER NOT NULL,
                        downBytes INTEGER NOT NULL,
                        PRIMARY KEY (session, leg, forwarder, sequence)
                    ) WITHOUT ROWID;
                    CREATE INDEX usageByName ON usage (sessionName);
                    """)
        }
        return migrator
    }

    /// Throws if the file has tables and isn't a journal.
    static func refuseForeign(_ database: Database, _ path: String) throws {
        let found = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        // A start that was cut short may have left the migrator's own table alone.
        let tables = try Int.fetchOne(
            database, sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'")
        guard found == applicationID || (found == 0 && tables == 0) else {
            throw JournalError(
                .foreign,
                "\(path) is an SQLite file of another program; move it away, or name another state directory")
        }
    }

    /// Brings the tables up to this version's.
    static func migrate(_ writer: some DatabaseWriter, _ path: String) throws {
        let migrator = migrator
        let applied = try writer.read { try migrator.appliedIdentifiers($0) }
        let unknown = applied.subtracting(migrator.migrations).sorted()
        guard unknown.isEmpty else {
            throw JournalError(
                .newer,
                "\(path) was made by a newer version of Wayleave: its schema has the step "
                    + "\(unknown.joined(separator: ", ")), this version knows \(migrator.migrations.joined(separator: ", "))"
                    + "; install that version, or put back the backup made before it")
        }
        try migrator.migrate(writer)
    }

    /// The journal's random number.
    static func identity(_ database: Database, _ path: String) throws -> UInt64 {
        let text = try String.fetchOne(database, sql: "SELECT value FROM meta WHERE name = 'id'")
        guard let id = text.flatMap({ UInt64($0, radix: 16) }), id != 0 else {
            throw JournalError.damaged(path, "its number is missing from the table meta")
        }
        return id
    }
}

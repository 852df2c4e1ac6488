import GRDB

/// Why the journal can't be opened, written or read, in a sentence for people. Nothing has been half done.
public struct JournalError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public let description: String
    /// What kind of thing it is.
    public let kind: Kind

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// What a caller may want to tell apart.
    public enum Kind: Equatable, Sendable {
        /// The directory or file can't be made, read or written: permissions, a read-only file system.
        case unreachable
        /// Another process has it.
        case locked
        /// There is no space left. Appending works again once there is.
        case full
        /// The disk failed.
        case inputOutput
        /// What it holds isn't what was written.
        case damaged
        /// A newer version made it.
        case newer
        /// It is a file of something else.
        case foreign
        /// The caller's records don't follow those that are there.
        case sequence
    }

    static func damaged(_ path: String, _ place: String) -> JournalError {
        JournalError(
            .damaged,
            "\(path) is damaged: \(place). Keep a copy of it and of \(path)-wal, put the last backup of both in their "
                + "place, and start again; what was journaled since that backup is in the copy alone")
    }

    /// What SQLite says, put into a sentence.
    static func from(_ error: any Error, _ path: String, doing what: String) -> JournalError {
        if let error = error as? JournalError { return error }
        guard let error = error as? DatabaseError else {
            // GRDB's word for a value of another type than was written.
            return damaged(path, "\(what) failed (\(error))")
        }
        let said =
            "SQLite says: \(error.message ?? "nothing more"), code \(error.extendedResultCode.rawValue)"
        // The index of the write-ahead log is a file of fixed size, which is full before it is there.
        let isFull = error.resultCode == .SQLITE_FULL || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
        switch error.resultCode {
        case _ where isFull:
            return JournalError(
                .full,
                "\(path): \(what) failed because no space is left; make room on its file system (\(said))")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return JournalError(
                .locked,
                "\(path): \(what) failed because another process has it locked; end that process (\(said))"
            )
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            return JournalError(
                .unreachable,
                "\(path): \(what) failed because file or directory can't be written; check their owner and "
                    + "permissions, and that the file system is mounted writable (\(said))")
        case .SQLITE_CORRUPT: return damaged(path, "\(what) failed (\(said))")
        case .SQLITE_NOTADB:
            return JournalError(
                .foreign, "\(path) is no journal (\(said)); move it away, or name another state directory")
        default:
            return JournalError(
                .inputOutput, "\(path): \(what) failed; look for disk errors in the kernel's log (\(said))")
        }
    }
}

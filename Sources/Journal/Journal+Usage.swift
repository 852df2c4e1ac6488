import GRDB

extension Journal {
    /// Lines of the usage history, in the order of (session, leg, forwarder, sequence).
    ///
    /// A filter by session costs what that session has; one by time alone goes through the whole history. Doesn't hold
    /// up appends.
    public func usage(_ filter: UsageFilter = UsageFilter()) throws(JournalError) -> [UsageRow] {
        do { return try pool.read { try rows(filter, $0) } } catch {
            throw .from(error, path, doing: "reading the usage history")
        }
    }

    /// The same, without blocking the caller's thread for as long as it takes.
    public func usageHistory(_ filter: UsageFilter) async throws(JournalError) -> [UsageRow] {
        do { return try await pool.read { [self] database in try rows(filter, database) } } catch {
            throw .from(error, path, doing: "reading the usage history")
        }
    }

    private func rows(_ filter: UsageFilter, _ database: Database) throws -> [UsageRow] {
        var conditions: [String] = []
        var arguments = StatementArguments()
        if let name = filter.sessionName {
            conditions.append("sessionName = ?")
            arguments += [name]
        }
        if let session = filter.session {
            conditions.append("session = ?")
            arguments += [Int64(bitPattern: session)]
        }
        if let from = filter.from {
            conditions.append("ended > ?")
            arguments += [Int64(clamping: from)]
        }
        if let to = filter.to {
            conditions.append("began < ?")
            arguments += [Int64(clamping: to)]
        }
        if let after = filter.after {
            conditions.append("(session, leg, forwarder, sequence) > (?, ?, ?, ?)")
            arguments += [
                Int64(bitPattern: after.session), Int64(after.leg), after.forwarder, Int64(after.sequence),
            ]
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        arguments += [max(0, filter.limit)]
        return try Row.fetchAll(
            database,
            sql: """
                SELECT session, leg, sequence, forwarder, sessionName, began, ended,
                    upPackets, upBytes, downPackets, downBytes
                FROM usage \(condition) ORDER BY session, leg, forwarder, sequence LIMIT ?
                """, arguments: arguments
        ).map(usageRow)
    }

    func insert(_ usage: [UsageRow], into database: Database) throws {
        guard !usage.isEmpty else { return }
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO usage (session, leg, forwarder, sequence, sessionName, began, ended,
                    upPackets, upBytes, downPackets, downBytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for row in usage {
            try statement.execute(arguments: [
                Int64(bitPattern: row.session), Int64(row.leg), row.forwarder, Int64(row.sequence),
                row.sessionName,
                Int64(bitPattern: row.from), Int64(bitPattern: row.to),
                Int64(bitPattern: row.upPackets), Int64(bitPattern: row.upBytes),
                Int64(bitPattern: row.downPackets), Int64(bitPattern: row.downBytes),
            ])
        }
    }

    private func usageRow(_ row: Row) throws -> UsageRow {
        guard let session = row.word("session"), let leg = row.number("leg", as: UInt32.self),
            let sequence = row.number("sequence", as: UInt32.self), let forwarder = row.text("forwarder"),
            let name = row.text("sessionName"), let from = row.word("began"), let to = row.word("ended"),
            let upPackets = row.word("upPackets"), let upBytes = row.word("upBytes"),
            let downPackets = row.word("downPackets"), let downBytes = row.word("downBytes")
        else { throw JournalError.damaged(path, "a line of the usage history isn't what was written") }
        return UsageRow(
            session: session, leg: leg, sequence: sequence, forwarder: forwarder, sessionName: name,
            from: from,
            to: to, upPackets: upPackets, upBytes: upBytes, downPackets: downPackets, downBytes: downBytes)
    }
}

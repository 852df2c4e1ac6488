extension Journal {
    /// Which lines of the usage history are wanted. What isn't given doesn't restrict.
    public struct UsageFilter: Equatable, Sendable {
        /// The session's name: several sessions had it, if it was closed and opened again.
        public var sessionName: String?
        /// The session's number.
        public var session: UInt64?
        /// Lines whose time ends after this, in nanoseconds since the Unix epoch.
        public var from: UInt64?
        /// Lines whose time begins before this.
        public var to: UInt64?
        /// Lines behind this one, in the order of (session, leg, forwarder, sequence): where a query before ended.
        public var after: Position?
        /// At most so many lines.
        public var limit: Int

        /// All lines up to `limit`, unless said otherwise.
        public init(
            sessionName: String? = nil, session: UInt64? = nil, from: UInt64? = nil, to: UInt64? = nil,
            after: Position? = nil, limit: Int = 100_000
        ) {
            self.sessionName = sessionName
            self.session = session
            self.from = from
            self.to = to
            self.after = after
            self.limit = limit
        }

        /// A line's key.
        public struct Position: Equatable, Sendable {
            /// The session's number.
            public var session: UInt64
            /// Which of the session's legs.
            public var leg: UInt32
            /// The forwarder that counted.
            public var forwarder: String
            /// Which of the leg's records.
            public var sequence: UInt32

            /// A key.
            public init(session: UInt64, leg: UInt32, forwarder: String, sequence: UInt32) {
                self.session = session
                self.leg = leg
                self.forwarder = forwarder
                self.sequence = sequence
            }
        }
    }
}

extension Journal.UsageRow {
    /// Where the line stands in the order of a query.
    public var position: Journal.UsageFilter.Position {
        Journal.UsageFilter.Position(session: session, leg: leg, forwarder: forwarder, sequence: sequence)
    }
}

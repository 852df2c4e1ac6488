extension Journal {
    /// One line of the usage history: what one leg of a session moved through one forwarder between two readings.
    ///
    /// (`session`, `leg`, `forwarder`, `sequence`) is its key: nothing lands twice.
    public struct UsageRow: Equatable, Sendable {
        /// The session's number, unique for ever within its exchange.
        public var session: UInt64
        /// Which of the session's legs, from 1.
        public var leg: UInt32
        /// Which of the leg's records, from 1.
        public var sequence: UInt32
        /// The name of the forwarder that counted.
        public var forwarder: String
        /// The session's name at that time.
        public var sessionName: String
        /// The beginning of the time in which it was counted, in nanoseconds since the Unix epoch.
        public var from: UInt64
        /// The end of it.
        public var to: UInt64
        /// Packets from the subscriber.
        public var upPackets: UInt64
        /// Bytes of their inner IP packets.
        public var upBytes: UInt64
        /// Packets to the subscriber.
        public var downPackets: UInt64
        /// Bytes of their inner IP packets.
        public var downBytes: UInt64

        /// A line with all its columns.
        public init(
            session: UInt64, leg: UInt32, sequence: UInt32, forwarder: String, sessionName: String,
            from: UInt64, to: UInt64, upPackets: UInt64, upBytes: UInt64, downPackets: UInt64,
            downBytes: UInt64
        ) {
            self.session = session
            self.leg = leg
            self.sequence = sequence
            self.forwarder = forwarder
            self.sessionName = sessionName
            self.from = from
            self.to = to
            self.upPackets = upPackets
            self.upBytes = upBytes
            self.downPackets = downPackets
            self.downBytes = downBytes
        }
    }
}

public import Exchange

/// What has been counted up to now.
public struct CounterSnapshot: Equatable, Sendable {
    /// Each open session, all its legs together, by slot: what is journaled and what the counter files have beyond.
    public var sessions: [SessionTraffic] = []
    /// Each port, by slot.
    public var ports: [PortTraffic] = []
    /// Packets that left for where they were going.
    public var forwarded: UInt64 = 0
    /// Packets that were for the edge itself.
    public var consumed: UInt64 = 0
    /// Packets that the edge sent unasked.
    public var originated: UInt64 = 0
    /// Dropped packets by reason, only reasons that occurred, in the order of `DropReason`.
    public var drops: [DropCount] = []

    /// A session's traffic.
    public struct SessionTraffic: Equatable, Sendable {
        /// The session's name.
        public var name: String
        /// All its legs together.
        public var traffic: Traffic
        /// Of the present leg of each of its paths, where it has several.
        public var legs: [LegTraffic] = []
    }

    /// A leg's traffic.
    public struct LegTraffic: Equatable, Sendable {
        /// Which of the session's legs it is.
        public var leg: UInt32
        /// On this leg alone.
        public var traffic: Traffic
    }

    /// A port's packets.
    public struct PortTraffic: Equatable, Sendable {
        /// The port's name.
        public var name: String
        /// Packets that came in.
        public var `in`: UInt64
        /// Packets that went out.
        public var out: UInt64
    }

    /// Packets dropped for one reason.
    public struct DropCount: Equatable, Sendable {
        /// The reason's name, as in `DropReason`.
        public var reason: String
        /// Packets.
        public var packets: UInt64
    }
}

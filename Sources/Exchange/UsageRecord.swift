/// What one forwarder has counted on a leg since its last record. The records of a leg and a forwarder follow
/// on one another without gap or overlap.
public struct UsageRecord: Equatable, Sendable {
    /// The leg.
    public var leg: LegID
    /// The name of its session.
    public var sessionName: String
    /// The number of this record among those of the leg, from 1.
    public var sequence: UInt32
    /// The end of the leg's last record from this forwarder, or the leg's beginning; in nanoseconds since the
    /// Unix epoch.
    public var from: UInt64
    /// When the counters were read, in nanoseconds since the Unix epoch.
    public var to: UInt64
    /// What was counted in this time; not nothing.
    public var delta: Traffic
    /// Whose counters said so.
    public var forwarder: String

    /// Takes every property as it is.
    public init(
        leg: LegID, sessionName: String, sequence: UInt32, from: UInt64, to: UInt64, delta: Traffic,
        forwarder: String
    ) {
        self.leg = leg
        self.sessionName = sessionName
        self.sequence = sequence
        self.from = from
        self.to = to
        self.delta = delta
        self.forwarder = forwarder
    }
}

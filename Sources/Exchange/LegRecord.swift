/// A leg that is counted: a present one of an open session, or one that is draining, whose last count has
/// not been taken in yet.
public struct LegRecord: Equatable, Sendable {
    /// Whose counters they are.
    public var id: LegID
    /// The name that the session has, or had.
    public var sessionName: String
    /// Whether no packet goes this way any more.
    public var isDraining: Bool
    /// The number of the command that made it drain. Nil while it is the session's present one.
    public var retiredBy: UInt64?
    /// When it began, in nanoseconds since the Unix epoch.
    public var openedAt: UInt64
    /// What has been counted on it. Like every sum of traffic here it wraps at 2⁶⁴.
    public var traffic: Traffic
    /// The number of its last usage record, from 1; 0: there is none yet.
    public var usageSequence: UInt32

    init(id: LegID, sessionName: String, openedAt: UInt64) {
        self.id = id
        self.sessionName = sessionName
        isDraining = false
        retiredBy = nil
        self.openedAt = openedAt
        traffic = Traffic()
        usageSequence = 0
    }
}

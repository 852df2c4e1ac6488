/// What is known of an open session besides its definition.
public struct SessionRecord: Equatable, Sendable {
    /// Unique for ever within its instance, whatever becomes of the journal: see `LegID`. As many microseconds after the
    /// Unix epoch as when it was opened, or one more than the last, if that is more.
    public var number: UInt64
    /// Its present leg, from 1.
    public var leg: UInt32
    /// The slot of its counters.
    public var slot: Int
    /// When it was opened, in nanoseconds since the Unix epoch.
    public var openedAt: UInt64
    /// What has been counted on all its legs.
    public var traffic: Traffic
}

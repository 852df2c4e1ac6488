/// What is known of an open session besides its definition.
public struct SessionRecord: Equatable, Sendable {
    /// Unique for ever within its instance, whatever becomes of the journal: see `LegID`. As many microseconds after the
    /// Unix epoch as when it was opened, or one more than the last, if that is more.
    public var number: UInt64
    /// The number of its youngest leg, from 1.
    public var leg: UInt32
    /// The first path's, which is the only one of nearly all sessions.
    private var firstPath: PresentLeg?
    private var furtherPaths: [PresentLeg] = []
    /// When it was opened, in nanoseconds since the Unix epoch.
    public var openedAt: UInt64
    /// What has been counted on all its legs.
    public var traffic: Traffic

    init(number: UInt64, leg: UInt32, paths: [PresentLeg], openedAt: UInt64, traffic: Traffic) {
        self.number = number
        self.leg = leg
        self.openedAt = openedAt
        self.traffic = traffic
        self.paths = paths
    }

    /// The present leg of each of its paths, in the order of `Session.paths`.
    public internal(set) var paths: [PresentLeg] {
        get { (firstPath.map { [$0] } ?? []) + furtherPaths }
        set {
            firstPath = newValue.first
            furtherPaths = Array(newValue.dropFirst())
        }
    }

    /// The leg of its path, where it has only one.
    public var onlyPath: PresentLeg? { furtherPaths.isEmpty ? firstPath : nil }

    /// Which of its paths is counted in a slot.
    public func place(ofSlot slot: Int) -> Int? {
        firstPath?.slot == slot ? 0 : furtherPaths.firstIndex { $0.slot == slot }.map { $0 + 1 }
    }

    /// A path's leg.
    public struct PresentLeg: Equatable, Sendable {
        /// Which of the session's legs it is.
        public var leg: UInt32
        /// The slot of its counters.
        public var slot: Int

        public init(leg: UInt32, slot: Int) {
            self.leg = leg
            self.slot = slot
        }
    }

    /// Where the forwarder's tables have its paths together: the slot of the first one. Nil where there is only one.
    public var groupSlot: Int? { furtherPaths.isEmpty ? nil : firstPath?.slot }
}

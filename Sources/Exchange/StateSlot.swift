public import Wire

/// A place in the forwarder's tables, by the slot of the object that stands there.
public enum StateSlot: Hashable, Sendable {
    case port(Int)
    case tunnel(Int)
    case subscriber(Int)
    case service(Int)
    /// A leg, by the slot of its counters.
    case leg(Int)
    /// The paths of a session that has several, by the slot of the first one's counters.
    case group(Int)
    case label(Label)
}

/// The legs that are counted, by the slot of their counters.
///
/// A slot is given out when a leg begins, and is free again only when the leg's last count has been taken in:
/// the last freed is given out first.
struct LegTable: Sendable {
    /// Slots that are or have been in use are below.
    private(set) var legs: [LegRecord?] = []
    /// The next to be given out last.
    private(set) var freeSlots: [Int] = []
    private var draining = SlotSet()
    /// How many slots there are.
    var capacity = Limits.counterSlots

    init() {}

    /// Nil if `freeSlots` aren't exactly the slots without a leg.
    init?(legs: [LegRecord?], freeSlots: [Int]) {
        self.legs = legs
        self.freeSlots = freeSlots
        for (slot, leg) in legs.enumerated() where leg?.isDraining == true { draining.insert(slot) }
        guard legs.count <= capacity, Set(freeSlots).count == freeSlots.count,
            legs.count(where: { $0 == nil }) == freeSlots.count,
            freeSlots.allSatisfy({ legs.indices.contains($0) && legs[$0] == nil })
        else { return nil }
    }

    /// How many legs can begin.
    var freeSlotCount: Int { freeSlots.count + capacity - legs.count }

    subscript(_ slot: Int) -> LegRecord? { legs.indices.contains(slot) ? legs[slot] : nil }

    /// Ascending.
    var drainingSlots: [Int] { draining.ascending }

    /// Begins a leg. There must be a free slot.
    mutating func open(_ leg: LegRecord) -> Int {
        if let slot = freeSlots.popLast() {
            legs[slot] = leg
            return slot
        }
        precondition(legs.count < capacity, "counter slots were not counted before")
        legs.append(leg)
        return legs.count - 1
    }

    /// Lets a leg drain.
    mutating func retire(_ slot: Int, by sequence: UInt64) {
        legs[slot]?.isDraining = true
        legs[slot]?.retiredBy = sequence
        draining.insert(slot)
    }

    /// Adds to what has been counted on a leg.
    /// - Returns: the number of the usage record that says so.
    mutating func count(_ delta: Traffic, on slot: Int) -> UInt32 {
        legs[slot]?.traffic.add(delta)
        legs[slot]?.usageSequence &+= 1
        return legs[slot]?.usageSequence ?? 0
    }

    /// Ends a draining leg.
    mutating func close(_ slot: Int) {
        legs[slot] = nil
        draining.remove(slot)
        freeSlots.append(slot)
    }
}

@testable import Exchange
import Testbed

/// What the counters of a forwarder would say, made up; and a book of what should have been taken in.
struct CountingForwarder {
    let name: String
    private(set) var file: UInt64
    /// The file, by slot.
    private var slots: [Int: Slot] = [:]
    /// The last reading of each slot that was taken in.
    private var taken: [Int: UsageReadings.Reading] = [:]
    /// What the last readings before another start of a slot come to.
    private var ended = Traffic()
    /// The sum of all usage records from this file.
    private(set) var recorded = Traffic()

    private struct Slot {
        var owner: LegID
        /// Never set back.
        var words = Traffic()
        /// The words when the owner got the slot.
        var base = Traffic()
        var start: UInt64 { base.upPackets + base.upBytes + base.downPackets + base.downBytes }

        /// Gives the slot to a leg that has not counted there just before.
        mutating func bind(_ leg: LegID) {
            owner = leg
            base = words
        }
    }

    init(name: String, file: UInt64) {
        self.name = name
        self.file = file
    }

    /// Starts anew with an empty file.
    mutating func restart(file: UInt64) { self = CountingForwarder(name: name, file: file) }

    /// Lets packets pass, and reads.
    mutating func readings(_ state: State, _ random: inout SeededGenerator) -> UsageReadings {
        var readings: [UsageReadings.Reading] = []
        for slot in 0..<64 {
            guard let leg = state.leg(inSlot: slot), random.once(in: 3) else { continue }
            var counted = slots[slot] ?? Slot(owner: leg.id)
            if counted.owner != leg.id { counted.bind(leg.id) }
            if random.once(in: 20) {
                // Somebody else had it in between, of whom the state knows nothing.
                count(&counted, &random)
                counted.bind(leg.id)
            }
            if !random.once(in: 5) { count(&counted, &random) }
            slots[slot] = counted
            guard let total = counted.words.since(counted.base) else {
                preconditionFailure("words went back")
            }
            readings.append(.init(slot: slot, leg: leg.id, start: counted.start, total: total))
        }
        let closed = state.drainingSlots.filter { _ in random.once(in: 4) }
        return UsageReadings(forwarder: name, file: file, readings: readings, closed: closed)
    }

    private func count(_ slot: inout Slot, _ random: inout SeededGenerator) {
        slot.words.upPackets += UInt64(random.number(0...3))
        slot.words.upBytes += UInt64(random.number(0...3000))
        slot.words.downPackets += UInt64(random.number(0...3))
        slot.words.downBytes += UInt64(random.number(0...3000))
    }

    mutating func note(_ readings: UsageReadings, _ records: [UsageRecord]) {
        for reading in readings.readings {
            if let last = taken[reading.slot], last.leg != reading.leg || last.start != reading.start {
                ended.add(last.total)
            }
            taken[reading.slot] = reading
        }
        for record in records { recorded.add(record.delta) }
    }

    /// What all last readings come to.
    var sum: Traffic {
        var sum = ended
        for (_, reading) in taken { sum.add(reading.total) }
        return sum
    }
}

/// Readings with one thing wrong.
func spoiled(_ readings: UsageReadings, _ state: State, _ random: inout SeededGenerator) -> UsageReadings? {
    var result = readings
    switch random.number(0...8) {
    case 0: result.file = 0
    case 1: result.forwarder = "no name"
    case 2 where readings.readings.count > 1: result.readings.reverse()
    case 3 where !readings.readings.isEmpty: result.readings[0].leg.leg += 1
    case 4 where !readings.readings.isEmpty: result.readings.append(readings.readings[0])
    case 5:
        guard
            let place = readings.readings.firstIndex(where: {
                state.baseline(
                    forwarder: readings.forwarder, file: readings.file, slot: $0.slot, start: $0.start
                ).upBytes > 0
            })
        else { return nil }
        result.readings[place].total.upBytes = 0
    case 6:
        guard
            let open = state.sessions.all.map(\.entry.key).compactMap({
                state.counterSlots(ofSession: $0).first
            })
            .first
        else { return nil }
        result.closed = [open]
    case 7: result.closed = [Limits.counterSlots]
    case 8:
        guard let present = state.counterFile(of: readings.forwarder), present.file == readings.file,
            let place = readings.readings.firstIndex(where: { (present.baseline($0.slot)?.start ?? 0) > 0 }),
            let start = present.baseline(readings.readings[place].slot)?.start
        else { return nil }
        result.readings[place].start = start - 1
    default: return nil
    }
    return result
}

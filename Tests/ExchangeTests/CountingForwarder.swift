@testable import Exchange
import Testbed

/// What the counters of a forwarder would say, made up; and a book of what should have been taken in.
struct CountingForwarder {
    let name: String
    private(set) var file: UInt64
    /// The words of the file, by slot; never set back.
    private var words: [Int: Traffic] = [:]
    /// The last reading of each slot that was taken in.
    private(set) var taken: [Int: Traffic] = [:]
    /// The sum of all usage records from this file.
    private(set) var recorded = Traffic()

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
            if !random.once(in: 5) { count(slot, &random) }
            readings.append(.init(slot: slot, leg: leg.id, total: words[slot] ?? Traffic()))
        }
        let closed = state.drainingSlots.filter { _ in random.once(in: 4) }
        return UsageReadings(forwarder: name, file: file, readings: readings, closed: closed)
    }

    private mutating func count(_ slot: Int, _ random: inout SeededGenerator) {
        var word = words[slot] ?? Traffic()
        word.upPackets += UInt64(random.number(0...3))
        word.upBytes += UInt64(random.number(0...3000))
        word.downPackets += UInt64(random.number(0...3))
        word.downBytes += UInt64(random.number(0...3000))
        words[slot] = word
    }

    mutating func note(_ readings: UsageReadings, _ records: [UsageRecord]) {
        for reading in readings.readings { taken[reading.slot] = reading.total }
        for record in records { recorded.add(record.delta) }
    }

    /// What all last readings come to.
    var sum: Traffic {
        var sum = Traffic()
        for (_, total) in taken { sum.add(total) }
        return sum
    }
}

/// Readings with one thing wrong.
func spoiled(_ readings: UsageReadings, _ state: State, _ random: inout SeededGenerator) -> UsageReadings? {
    var result = readings
    switch random.number(0...7) {
    case 0: result.file = 0
    case 1: result.forwarder = "no name"
    case 2 where readings.readings.count > 1: result.readings.reverse()
    case 3 where !readings.readings.isEmpty: result.readings[0].leg.leg += 1
    case 4 where !readings.readings.isEmpty: result.readings.append(readings.readings[0])
    case 5:
        guard
            let place = readings.readings.firstIndex(where: {
                state.counterFile(ofForwarder: readings.forwarder) == readings.file
                    && state.baseline(forwarder: readings.forwarder, slot: $0.slot).upBytes > 0
            })
        else { return nil }
        result.readings[place].total.upBytes = 0
    case 6:
        guard
            let open = state.sessions.all.map(\.entry.key).compactMap({ state.counterSlot(ofSession: $0) })
                .first
        else { return nil }
        result.closed = [open]
    case 7: result.closed = [Limits.counterSlots]
    default: return nil
    }
    return result
}

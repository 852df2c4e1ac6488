import Tables
import Testbed
import Testing

/// The two-rate three-colour marker against RFC 2698 as it is written there.
@Suite("Policers") struct PolicerTests {
    /// RFC 2698 §3, colour-blind: two buckets of tokens that fill at their rates, here in units of 10⁻⁹ bit, so that
    /// nothing is rounded, and in numbers that can't overflow.
    struct Marker {
        let policer: Policer
        var committedTokens: UInt128
        var peakTokens: UInt128
        var time: UInt64?

        init(_ policer: Policer) {
            self.policer = policer
            committedTokens = UInt128(policer.committedBurstByteCount) * 8_000_000_000
            peakTokens = UInt128(policer.peakBurstByteCount) * 8_000_000_000
        }

        mutating func mark(_ byteCount: UInt32, at now: UInt64) -> Policer.Colour {
            if let time, now > time {
                let elapsed = UInt128(now - time)
                let committedBurst = UInt128(policer.committedBurstByteCount) * 8_000_000_000
                let peakBurst = UInt128(policer.peakBurstByteCount) * 8_000_000_000
                committedTokens = min(
                    committedBurst, committedTokens + elapsed * UInt128(policer.committedBitsPerSecond))
                peakTokens = min(peakBurst, peakTokens + elapsed * UInt128(policer.peakBitsPerSecond))
            }
            // A clock that is set back by more than a second is believed, but no tokens come of it.
            if let last = time {
                time = now > last || last - now > 1_000_000_000 ? now : last
            } else {
                time = now
            }
            let size = UInt128(byteCount) * 8_000_000_000
            if peakTokens < size { return .red }
            peakTokens -= size
            if committedTokens < size { return .yellow }
            committedTokens -= size
            return .green
        }
    }

    private static func policer(_ generator: inout SeededGenerator) -> Policer {
        func rate() -> UInt64 {
            switch generator.number(0...3) {
            case 0: 1
            case 1: 1_000_000_000_000
            default: UInt64(generator.number(1...100_000_000))
            }
        }
        func burst() -> UInt32 {
            switch generator.number(0...4) {
            case 0: 1
            case 1: UInt32(Int32.max)
            default: UInt32(generator.number(1...20_000))
            }
        }
        let rates = [rate(), rate()].sorted()
        return Policer(
            committedBitsPerSecond: rates[0], peakBitsPerSecond: rates[1], committedBurstByteCount: burst(),
            peakBurstByteCount: burst())
    }

    @Test("RFC 2698 §3: every packet has the colour of the pseudo-code", arguments: SeededGenerator.seeds)
    func marksAsTheRFC(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var seen: [Policer.Colour: Int] = [:]
        for number in 1...400 as ClosedRange<UInt32> {
            let policer = Self.policer(&generator)
            #expect(policer.fault == nil)
            let entry = PolicerEntry(policer, generation: number)
            var state = PolicerState()
            var marker = Marker(policer)
            var now = generator.next() >> UInt64(generator.number(0...40))
            for _ in 0..<300 {
                switch generator.number(0...9) {
                case 0: now &-= min(now, UInt64(generator.number(0...3_000_000_000)))
                case 1: now &-= min(now, UInt64(generator.number(0...1_000_000)))
                case 2: break
                case 3: now = now.addingReportingOverflow(generator.next() >> 4).partialValue
                default: now &+= UInt64(generator.number(0...10_000_000))
                }
                let byteCount = UInt32(generator.number(0...(generator.once(in: 3) ? 65_575 : 1500)))
                let colour = state.meter(byteCount, at: now, by: entry)
                let expected = marker.mark(byteCount, at: now)
                #expect(colour == expected, "\(policer) \(byteCount) bytes at \(now)")
                guard colour == expected else { return }
                seen[colour, default: 0] += 1
            }
        }
        #expect(Policer.Colour.allCases.allSatisfy { seen[$0, default: 0] > 1000 }, "\(seen)")
    }

    @Test("At the highest rate and with the largest buckets nothing overflows, whatever has passed")
    func extremes() {
        let policer = Policer(
            committedBitsPerSecond: 1_000_000_000_000, peakBitsPerSecond: 1_000_000_000_000,
            committedBurstByteCount: UInt32(Int32.max), peakBurstByteCount: UInt32(Int32.max))
        let entry = PolicerEntry(policer, generation: 1)
        var state = PolicerState()
        #expect(state.meter(UInt32(Int32.max), at: 0, by: entry) == .green)
        #expect(state.meter(1, at: 0, by: entry) == .red)
        #expect(state.meter(125, at: 1, by: entry) == .green)
        #expect(state.meter(1, at: 1, by: entry) == .red)
        #expect(state.meter(.max, at: .max, by: entry) == .green)
        #expect(state.meter(.max, at: .max, by: entry) == .red)
    }

    @Test("Over a long time as much is green and not red as the rates say, to the bucket")
    func longRun() {
        let policer = Policer(
            committedBitsPerSecond: 8_000_000, peakBitsPerSecond: 16_000_000, committedBurstByteCount: 3000,
            peakBurstByteCount: 6000)
        let entry = PolicerEntry(policer, generation: 1)
        var state = PolicerState()
        var byteCounts: [Policer.Colour: Int] = [:]
        // 10 s of 1,000 bytes each 250 µs: four times the committed rate.
        for packet in 0..<40_000 as Range<UInt64> {
            byteCounts[state.meter(1000, at: 1 << 60 + packet * 250_000, by: entry), default: 0] += 1000
        }
        let green = byteCounts[.green, default: 0]
        let yellow = byteCounts[.yellow, default: 0]
        #expect((10_000_000 - 4000...10_003_000).contains(green))
        #expect((20_000_000 - 8000...20_006_000).contains(green + yellow))
    }

    @Test("A place that has another policer begins with full buckets")
    func placeIsUsedAgain() {
        let policer = Policer(
            committedBitsPerSecond: 1, peakBitsPerSecond: 1, committedBurstByteCount: 1000,
            peakBurstByteCount: 1000)
        var state = PolicerState()
        let first = PolicerEntry(policer, generation: 1)
        #expect(state.meter(1000, at: 5, by: first) == .green)
        #expect(state.meter(1000, at: 6, by: first) == .red)
        let second = PolicerEntry(policer, generation: 2)
        #expect(state.meter(1000, at: 3, by: second) == .green)
        #expect(state.meter(1, at: 4, by: second) == .red)
    }
}

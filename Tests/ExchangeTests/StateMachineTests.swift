import Testbed
import Testing
import Wire

@testable import Exchange

/// Random commands, good and bad, against what must hold for all.
@Suite struct StateMachineTests {
    @Test(
        "CD-7 PX-4 random commands: refused exactly where the whole is wrong, replayed to the same bytes, counted once",
        arguments: SeededGenerator.seeds)
    func randomCommands(seed: UInt64) throws {
        var run = Run(seed: seed)
        for _ in 0..<5_000 { try run.step() }
        #expect(run.mostSessions >= 6 && run.mostLabels >= 3, "seed \(seed)")
        #expect(run.mostGroups >= 2 && run.keptPathCount > 10, "seed \(seed)")
        #expect(run.accepted.count > 1_000, "seed \(seed)")
        #expect(run.refusedCount > 1_000, "seed \(seed)")
        #expect(run.recordCount > 500, "seed \(seed)")
        for kind in [Rejection.Kind.invalid, .notFound, .conflict] {
            #expect(run.kinds.contains(kind), "seed \(seed): \(kind)")
        }
        var replayed = State()
        replayed.legs.capacity = Run.slotCount
        for bytes in run.accepted {
            let command = try Command(decoding: bytes)
            #expect(command.encoded == bytes)
            _ = replayed.apply(command)
        }
        #expect(replayed.encoded == run.state.encoded, "seed \(seed)")
    }

    /// A state under random commands, and another that was restored from its bytes now and then.
    private struct Run {
        /// Few, so that they run out.
        static let slotCount = 16

        let seed: UInt64
        var state = State()
        var restored = State()
        var accepted: [[UInt8]] = []
        var refusedCount = 0
        var recordCount = 0
        var kinds: Set<Rejection.Kind> = []
        var mostSessions = 0
        var mostLabels = 0
        /// Sessions with several paths at once.
        var mostGroups = 0
        /// Paths that stayed where others of their session came or went.
        var keptPathCount = 0
        private var exchange: RandomExchange
        private var random: SeededGenerator
        private var forwarders = [
            CountingForwarder(name: "main", file: 1), CountingForwarder(name: "backup", file: 2),
        ]
        private var nextFile: UInt64 = 3
        private var time: UInt64 = 1_000
        private var trafficBySession: [UInt64: Traffic] = [:]
        private var lastSequence: [LegID: UInt32] = [:]

        init(seed: UInt64) {
            self.seed = seed
            exchange = RandomExchange(seed: seed)
            random = SeededGenerator(seed: seed ^ 0xffff)
            state.legs.capacity = Self.slotCount
            restored.legs.capacity = Self.slotCount
        }

        mutating func step() throws {
            time += UInt64(random.number(1...2_000_000))
            if random.once(in: 4) { try countSome() } else { try changeSome() }
            if random.once(in: 25) {
                restored = try State(decoding: state.encoded)
                restored.legs.capacity = Self.slotCount
            }
            #expect(restored.encoded == state.encoded, "seed \(seed), command \(state.sequence)")
            if random.once(in: 10) { #expect(state.changes(to: state.description) == [], "seed \(seed)") }
        }

        // MARK: Changes

        private mutating func changeSome() throws {
            let changes = exchange.changes(state)
            let command = Command(time: time, action: .change(changes))
            let rejections = state.validate(command)
            let isWrong = StateModel.isWrong(changes, state)
            #expect(
                rejections.isEmpty != isWrong,
                "seed \(seed), command \(state.sequence + 1): \(changes) \(rejections)")
            try #require(rejections.isEmpty != isWrong)
            guard rejections.isEmpty else { return refuse(rejections) }
            let before = StateModel.views(state)
            let wanted = StateModel.description(state, after: changes)
            let effects = accept(command)
            #expect(state.changes(to: wanted) == [], "seed \(seed), command \(state.sequence)")
            #expect(effects.usage == [])
            let after = StateModel.views(state)
            for slot in Set(before.keys).union(after.keys) where before[slot] != after[slot] {
                #expect(
                    effects.touched.contains(slot),
                    "seed \(seed), command \(state.sequence): \(slot) is not touched by \(changes)")
            }
            #expect(Set(effects.touched).count == effects.touched.count)
            for (slot, _) in state.ports.all {
                #expect(state.tunMTU(port: slot) == StateModel.tunMTU(state, slot), "seed \(seed)")
            }
        }

        // MARK: Counters

        private mutating func countSome() throws {
            let place = random.number(0...forwarders.count - 1)
            if random.once(in: 12) {
                forwarders[place].restart(file: nextFile)
                nextFile += 1
            }
            let readings = forwarders[place].readings(state, &random)
            if random.once(in: 4), let wrong = spoiled(readings, state, &random) {
                let command = Command(time: time, action: .usage(wrong))
                let rejections = state.validate(command)
                #expect(!rejections.isEmpty, "seed \(seed), command \(state.sequence + 1): \(wrong)")
                return refuse(rejections)
            }
            let command = Command(time: time, action: .usage(readings))
            try #require(state.validate(command) == [], "seed \(seed), command \(state.sequence + 1)")
            let effects = accept(command)
            note(effects.usage)
            forwarders[place].note(readings, effects.usage)
            #expect(forwarders[place].recorded == forwarders[place].sum, "seed \(seed), \(state.sequence)")
            // Taken in again, they count nothing; the legs that were closed have nothing to say any more.
            var again = readings
            again.readings.removeAll { state.leg(inSlot: $0.slot) == nil }
            again.closed = []
            let doubled = Command(time: time, action: .usage(again))
            #expect(state.validate(doubled) == [])
            #expect(accept(doubled) == Effects(), "seed \(seed), command \(state.sequence)")
        }

        private mutating func note(_ records: [UsageRecord]) {
            recordCount += records.count
            for record in records {
                #expect(record.sequence == (lastSequence[record.leg] ?? 0) + 1, "seed \(seed)")
                #expect(record.from <= record.to && record.delta != Traffic(), "seed \(seed)")
                lastSequence[record.leg] = record.sequence
                trafficBySession[record.leg.session, default: Traffic()].add(record.delta)
            }
            for (_, entry) in state.sessions.all {
                guard let session = state.sessionRecord(entry.key) else { continue }
                #expect(session.traffic == trafficBySession[session.number] ?? Traffic(), "seed \(seed)")
            }
        }

        // MARK: Both

        private mutating func accept(_ command: Command) -> Effects {
            accepted.append(command.encoded)
            let paths = paths
            let effects = state.apply(command)
            let groups = self.paths.filter { $0.value.count > 1 }
            mostGroups = max(mostGroups, groups.count)
            for (session, slots) in groups where paths[session].map({ $0 != slots }) == true {
                keptPathCount += paths[session]?.count { slots.contains($0) } ?? 0
            }
            mostSessions = max(mostSessions, state.sessions.count)
            mostLabels = max(mostLabels, state.labels.count)
            let again = restored.apply(command)
            #expect(again == effects, "seed \(seed), command \(state.sequence)")
            return effects
        }

        /// The counter slots of each open session, by its number.
        private var paths: [UInt64: [Int]] {
            Dictionary(
                state.sessions.all.compactMap { state.sessionRecord($0.entry.key) }
                    .map { ($0.number, $0.paths.map(\.slot)) }, uniquingKeysWith: { first, _ in first })
        }

        private mutating func refuse(_ rejections: [Rejection]) {
            refusedCount += 1
            kinds.formUnion(rejections.map(\.kind))
            #expect(state.encoded == restored.encoded, "seed \(seed), command \(state.sequence + 1)")
            #expect(rejections.allSatisfy { !$0.message.isEmpty } && rejections.count <= State.rejectionLimit)
        }
    }
}

import Testing

@testable import Bench

/// A device of which it is known at which rate it loses how much.
private struct Device {
    /// Packets a second that it forwards at most.
    var capacity = 100_000.0
    /// Packets a second that can be sent at most.
    var senderLimit = Double.infinity
    /// The share of trials, in percent, in which something else takes packets away.
    var noise = 0
    /// Packets that fit its queue: a trial that is short enough loses nothing at any rate.
    var queue = 0.0
    private(set) var trialCount = 0
    private var random: SeededGenerator

    init(seed: UInt64 = 1) { random = SeededGenerator(seed: seed) }

    mutating func trial(_ rate: Double, _ seconds: Double) -> Trial {
        trialCount += 1
        let offered = min(rate, senderLimit)
        let sent = (offered * seconds).rounded(.up)
        var received = min(sent, (capacity * seconds + queue).rounded(.down))
        if Int(random.next() % 100) < noise { received = max(0, received - 3) }
        return Trial(
            intendedRate: rate, offeredRate: offered, seconds: seconds, sentCount: UInt64(sent),
            receivedCount: UInt64(received))
    }
}

@Suite("The search for the highest loss-free rate") struct RateSearchTests {
    private func search(
        _ device: inout Device, mostRate: Double = 1_000_000,
        _ change: (inout RateSearchGoal) -> Void = { _ in }
    ) -> RateSearchResult {
        var goal = RateSearchGoal(mostRate: mostRate)
        change(&goal)
        var search = RateSearch(goal)
        return search.run { device.trial($0, $1) }
    }

    @Test("A cliff is found from below, as near as was asked", arguments: [150.0, 1234, 99_999, 654_321])
    func cliff(capacity: Double) throws {
        var device = Device()
        device.capacity = capacity
        let result = search(&device)
        let rate = try #require(result.rate)
        let lossy = try #require(result.lossyRate)
        // A trial's packets are a whole number: one more or less than the rate makes.
        #expect(rate <= capacity + 1 && lossy > capacity - 1)
        #expect(lossy <= rate * 1.020_001)
        #expect(result.isConverged && result.isStrict)
        #expect(result.best?.intendedRate == rate && result.best?.isLossFree == true)
        #expect(result.trials.count == device.trialCount && device.trialCount <= 40)
    }

    @Test("A device that loses nothing has the rate that was offered at most")
    func lossless() {
        var device = Device()
        device.capacity = .infinity
        let result = search(&device, mostRate: 5000)
        #expect(result.rate == 5000)
        #expect(result.lossyRate == nil)
        #expect(result.isConverged)
        #expect(result.trials.count == 3)
    }

    @Test("A sender that can't keep up is the limit, and is said to be")
    func senderLimit() throws {
        var device = Device()
        device.capacity = .infinity
        device.senderLimit = 60_000
        let result = search(&device)
        #expect(result.rate == 60_000 * 0.99)
        #expect(result.senderLimit == 60_000 * 0.99)
        #expect(result.lossyRate == nil && result.isConverged)
    }

    @Test("A device that is slower than the sender is the limit, whatever was asked for first")
    func slowerThanSender() throws {
        var device = Device()
        device.senderLimit = 300_000
        let result = search(&device, mostRate: 2_000_000)
        let rate = try #require(result.rate)
        #expect(rate <= 100_001 && rate > 97_000)
        #expect(result.isConverged)
    }

    @Test(
        "A tenth of all trials disturbed: the majority finds the rate",
        arguments: 1...8 as ClosedRange<UInt64>)
    func noise(seed: UInt64) throws {
        var device = Device(seed: seed)
        device.noise = 10
        let result = search(&device) {
            $0.trialLimit = 200
            $0.secondLimit = 2000
            $0.verdictTrialCount = 7
        }
        let rate = try #require(result.rate)
        #expect(rate <= 100_001 && rate > 90_000)
        #expect(result.isConverged)
    }

    @Test("What short trials hide in queues, full ones bring to light")
    func bursts() throws {
        var device = Device()
        device.queue = 60_000
        let result = search(&device)
        let rate = try #require(result.rate)
        // 100,000 a second for ten seconds and what is in the queue then.
        #expect(rate <= 106_001 && rate > 103_000)
        let short = result.trials.filter { $0.seconds == 1 && $0.isLossFree }.map(\.intendedRate).max()
        #expect(try #require(short) > rate * 1.3)
    }

    @Test("A device that always loses has no rate, and the search ends")
    func hopeless() {
        var device = Device()
        device.noise = 100
        device.capacity = 50_000
        let result = search(&device) {
            $0.trialLimit = 500; $0.secondLimit = 5000
        }
        #expect(result.rate == nil && result.best == nil)
        #expect(result.lossyRate == 100)
        #expect(result.trials.count < 60)
    }

    @Test("Trials and time are limited; what is known by then is told, and that it isn't all")
    func limits() {
        for change in [
            { (goal: inout RateSearchGoal) in goal.trialLimit = 9 },
            { (goal: inout RateSearchGoal) in goal.secondLimit = 35 },
        ] {
            var device = Device()
            let result = search(&device, change)
            #expect(!result.isConverged)
            #expect(result.trials.count <= 9 || result.trials.reduce(0) { $0 + $1.seconds } <= 35)
        }
    }

    @Test("The majority decides: strict is only what never lost anything")
    func strict() throws {
        var device = Device()
        device.noise = 30
        let strict = search(&device) {
            $0.verdictTrialCount = 1; $0.trialLimit = 300; $0.secondLimit = 3000
        }
        #expect(strict.isStrict == (strict.rate != nil))
        var found = false
        for seed in 1...20 as ClosedRange<UInt64> where !found {
            var device = Device(seed: seed)
            device.noise = 30
            let result = search(&device) {
                $0.trialLimit = 300; $0.secondLimit = 3000
            }
            found = result.rate != nil && !result.isStrict
        }
        #expect(found)
    }
}

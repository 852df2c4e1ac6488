/// How a search for the highest loss-free rate is done, and where it ends.
public struct RateSearchGoal: Sendable {
    /// Packets a second.
    public var leastRate = 100.0
    public var mostRate: Double
    /// How near the bounds come to each other: the upper one is at most this share above the lower one.
    public var width = 0.02
    /// Seconds of a trial while the rate is being approached.
    public var shortSeconds = 1.0
    /// Seconds of the trials that decide.
    public var fullSeconds = 10.0
    /// Trials of `fullSeconds` that a rate gets at most: it holds when more than half of them are without loss. Odd.
    public var verdictTrialCount = 3
    /// Trials in all, of either kind.
    public var trialLimit = 80
    /// Seconds of sending in all.
    public var secondLimit = 600.0

    public init(mostRate: Double) { self.mostRate = mostRate }
}

/// Where a search has ended.
public struct RateSearchResult: Sendable {
    /// The highest rate that was found to be without loss, in packets a second: the throughput of RFC 2544 §26.1 where
    /// `isStrict`, the conditional throughput of MLRsearch else. Nil: none was.
    public var rate: Double?
    /// The lowest rate above it that lost something; nil where the highest that could be sent lost nothing.
    public var lossyRate: Double?
    /// Whether no trial of full length at `rate` lost anything.
    public var isStrict = false
    /// Whether the bounds have come as near as was asked; else trials or time ran out.
    public var isConverged = false
    /// The rate that the sender couldn't exceed, where that was the limit.
    public var senderLimit: Double?
    public var trials: [Trial] = []
    /// The trial of full length at `rate` that lost nothing.
    public var best: Trial?
}

/// Looks for the highest rate at which a device loses nothing.
///
/// The method is that of RFC 2544 §26.1, hastened and steadied as MLRsearch (draft-ietf-bmwg-mlrsearch) does it: the first
/// rate tried is the highest, the second what came back of that (its forwarding rate); short trials approach the bounds,
/// trials of full length decide. On a machine where other work takes a processor away now and then, single trials of any
/// rate lose packets: so a rate holds when more than half of its trials of full length are without loss (a goal exceed
/// ratio of a half). RFC 2544 is stricter; `RateSearchResult.isStrict` says whether that is met too.
///
/// A trial in which the sender fell behind says nothing, and is made again; when it falls behind each time, it can't
/// send any faster, and that is the highest rate.
///
/// - Note: It ends with any device: bounds only move towards each other, and trials and seconds are limited.
public struct RateSearch {
    private static let mostVoidTrialCount = 3

    public let goal: RateSearchGoal
    private var result = RateSearchResult()
    private var spent = 0.0
    private var most: Double

    public init(_ goal: RateSearchGoal) {
        precondition(goal.verdictTrialCount % 2 == 1 && goal.width > 0 && goal.leastRate > 0)
        self.goal = goal
        most = max(goal.mostRate, goal.leastRate)
    }

    /// - Parameter measure: makes a trial at this rate, in packets a second, for so many seconds.
    public mutating func run<Failure: Error>(
        _ measure: (_ rate: Double, _ seconds: Double) throws(Failure) -> Trial
    ) throws(Failure) -> RateSearchResult {
        guard let first = try trial(most, goal.shortSeconds, measure) else { return result }
        if !first.isOffered { limit(to: first.offeredRate) }
        var bounds = Bounds()
        if !first.isLossFree {
            bounds.high = most
            let forwarded = min(first.forwardingRate, most / (1 + goal.width))
            try narrow(&bounds, from: forwarded, to: 4 * goal.width, isFull: false, measure)
        } else {
            bounds.low = most
        }
        // What short trials have found is where the long ones begin; they decide anew.
        let start = bounds.low ?? goal.leastRate
        bounds = Bounds()
        try narrow(&bounds, from: start, to: goal.width, isFull: true, measure)
        result.rate = bounds.low
        result.lossyRate = bounds.high
        result.isConverged = isNarrow(bounds, goal.width)
        return result
    }

    /// The highest rate known to hold, and the lowest known not to.
    private struct Bounds {
        var low: Double?
        var high: Double?
    }

    private enum Verdict {
        case holds
        case fails
        /// The sender can't keep up.
        case isUnreachable
    }

    private func isNarrow(_ bounds: Bounds, _ width: Double) -> Bool {
        switch (bounds.low, bounds.high) {
        case (let low?, let high?): high <= low * (1 + width) * 1.000_001
        case (let low?, nil): low >= most
        case (nil, let high?): high <= goal.leastRate
        case (nil, nil): false
        }
    }

    /// Moves both bounds towards each other, beginning with this rate: doubling steps until one of them is found, then
    /// halves, by ratio.
    private mutating func narrow<Failure: Error>(
        _ bounds: inout Bounds, from start: Double, to width: Double, isFull: Bool,
        _ measure: (Double, Double) throws(Failure) -> Trial
    ) throws(Failure) {
        var rate = min(max(start, goal.leastRate), most)
        var step = 1 + width
        while let verdict = try verdict(rate, isFull: isFull, measure) {
            switch verdict {
            case .holds: bounds.low = max(bounds.low ?? 0, rate)
            case .fails: bounds.high = min(bounds.high ?? .infinity, rate)
            case .isUnreachable: break
            }
            guard !isNarrow(bounds, width) else { return }
            switch (bounds.low, bounds.high) {
            case (let low?, let high?) where high <= most: rate = (low * high).squareRoot()
            case (let low?, _):
                rate = low * step
                step *= step
            case (nil, let high?):
                rate = max(goal.leastRate, high / step)
                step *= step
            case (nil, nil): rate = most
            }
            rate = min(rate, most)
        }
    }

    /// What trials say of a rate; nil when there may be no more of them.
    private mutating func verdict<Failure: Error>(
        _ rate: Double, isFull: Bool, _ measure: (Double, Double) throws(Failure) -> Trial
    ) throws(Failure) -> Verdict? {
        let needed = isFull ? goal.verdictTrialCount / 2 + 1 : 1
        var (good, bad, void) = (0, 0, [Double]())
        var best: Trial?
        while good < needed, bad < needed {
            let seconds = isFull ? goal.fullSeconds : goal.shortSeconds
            guard let trial = try trial(rate, seconds, measure) else { return nil }
            if !trial.isOffered {
                void.append(trial.offeredRate)
                guard void.count < Self.mostVoidTrialCount || rate <= goal.leastRate else {
                    limit(to: void.reduce(0, max))
                    return .isUnreachable
                }
            } else if trial.isLossFree {
                good += 1
                best = trial
            } else {
                bad += 1
            }
        }
        guard good == needed else { return .fails }
        if isFull, rate >= result.best?.intendedRate ?? 0 {
            result.best = best
            result.isStrict = bad == 0
        }
        return .holds
    }

    /// The sender can't go beyond this rate; a little below it, it keeps up.
    private mutating func limit(to rate: Double) {
        most = max(goal.leastRate, min(most, rate * 0.99))
        result.senderLimit = most
    }

    /// One trial; nil when there may be no more.
    private mutating func trial<Failure: Error>(
        _ rate: Double, _ seconds: Double, _ measure: (Double, Double) throws(Failure) -> Trial
    ) throws(Failure) -> Trial? {
        guard result.trials.count < goal.trialLimit, spent + seconds <= goal.secondLimit else { return nil }
        let trial = try measure(rate, seconds)
        spent += seconds
        result.trials.append(trial)
        return trial
    }
}

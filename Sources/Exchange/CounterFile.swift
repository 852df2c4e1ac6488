/// What has been taken in from the counters of one forwarder.
///
/// Of each leg that has a slot now, what was last read of it: a reading is what the leg alone has counted, so that
/// nothing has to be known of the slot's past. Forgotten when the leg is closed.
struct CounterFile: Equatable, Sendable {
    let forwarder: String
    /// The file's own number.
    private(set) var file: UInt64
    /// By counter slot, as far as there have been readings; the last isn't nil.
    private(set) var baselines: [Baseline?] = []

    /// Where the next count of a leg begins.
    struct Baseline: Equatable, Sendable {
        /// Which start of the leg's count the last reading was of.
        var start: UInt64
        /// The last reading.
        var total: Traffic
        /// When that was, in nanoseconds since the Unix epoch: the end of the last usage record.
        var until: UInt64
    }

    init(forwarder: String, file: UInt64, baselines: [Baseline?] = []) {
        self.forwarder = forwarder
        self.file = file
        self.baselines = baselines
    }

    /// Nil: nothing has been read of the slot's leg.
    func baseline(_ slot: Int) -> Baseline? { baselines.indices.contains(slot) ? baselines[slot] : nil }

    /// What has been taken in since a leg's count started so.
    func taken(_ slot: Int, start: UInt64) -> Traffic {
        guard let baseline = baseline(slot), baseline.start == start else { return Traffic() }
        return baseline.total
    }

    /// Goes on with another file, whose counters have begun at zero.
    mutating func begin(_ file: UInt64) {
        self.file = file
        for slot in baselines.indices {
            baselines[slot]?.start = 0
            baselines[slot]?.total = Traffic()
        }
    }

    /// Takes a reading in.
    mutating func take(_ reading: UsageReadings.Reading, at time: UInt64) {
        while baselines.count <= reading.slot { baselines.append(nil) }
        baselines[reading.slot] = Baseline(start: reading.start, total: reading.total, until: time)
    }

    /// Forgets a leg that is closed.
    mutating func close(_ slot: Int) {
        guard baselines.indices.contains(slot) else { return }
        baselines[slot] = nil
        while case .some(nil) = baselines.last { baselines.removeLast() }
    }
}

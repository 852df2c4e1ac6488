/// What has been taken in from the counters of one forwarder.
///
/// The words of a counter file are never set back, not even where a slot is another leg's now. So the last
/// reading of a slot stays what the next is measured from, whoever counts there.
struct CounterFile: Equatable, Sendable {
    let forwarder: String
    /// The file's own number.
    private(set) var file: UInt64
    /// By counter slot, as far as there have been readings.
    private(set) var baselines: [Baseline] = []

    /// Where the next count of a slot begins.
    struct Baseline: Equatable, Sendable {
        /// The last reading.
        var total = Traffic()
        /// The end of the last usage record, in nanoseconds since the Unix epoch; 0: there was none.
        var until: UInt64 = 0
    }

    init(forwarder: String, file: UInt64) {
        self.forwarder = forwarder
        self.file = file
    }

    init(forwarder: String, file: UInt64, baselines: [Baseline]) {
        self.init(forwarder: forwarder, file: file)
        self.baselines = baselines
    }

    func baseline(_ slot: Int) -> Baseline { baselines.indices.contains(slot) ? baselines[slot] : Baseline() }

    /// Goes on with another file, whose counters have begun at zero.
    mutating func begin(_ file: UInt64) {
        self.file = file
        for slot in baselines.indices { baselines[slot].total = Traffic() }
    }

    /// Takes a reading in.
    mutating func take(_ total: Traffic, slot: Int, at time: UInt64) {
        while baselines.count <= slot { baselines.append(Baseline()) }
        baselines[slot] = Baseline(total: total, until: time)
    }
}

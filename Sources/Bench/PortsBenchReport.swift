/// What `PortsBench` has found on a machine.
public struct PortsBenchReport: Sendable {
    public let machine: Machine
    public let plan: PortsBenchPlan
    public let results: [PortsBenchResult]

    public init(machine: Machine, plan: PortsBenchPlan, results: [PortsBenchResult]) {
        self.machine = machine
        self.plan = plan
        self.results = results
    }

    public static let header = [
        "frame bytes", "loss-free packets/s", "lossy from", "Mbit/s", "p50 µs", "p99 µs", "p99.9 µs",
        "max µs",
        "trials", "remarks",
    ]

    /// A result as a row under `header`.
    public static func row(_ result: PortsBenchResult) -> [String] {
        let latency = result.search.best?.latency
        return [
            "\(result.frameSize)", result.search.rate.map { decimal($0, 0) } ?? "–",
            result.search.lossyRate.map { decimal($0, 0) } ?? "–",
            result.bitsPerSecond.map { decimal($0 / 1e6, 1) } ?? "–",
        ] + [50, 99, 99.9, 100].map { microseconds(latency?.nanoseconds(at: $0)) }
            + ["\(result.search.trials.count)", remarks(result).joined(separator: "; ")]
    }

    /// What has to be known of a result besides its numbers.
    public static func remarks(_ result: PortsBenchResult) -> [String] {
        let search = result.search
        guard result.isForwarded else {
            return ["none came through: the device drops packets of this size, as `wayleave drops` may say"]
        }
        var remarks: [String] = []
        if search.rate == nil { remarks.append("no rate was found to be without loss") }
        if !search.isConverged {
            remarks.append("ended by the limit of trials or time, before the bounds met")
        }
        if search.rate != nil, !search.isStrict {
            remarks.append("a minority of the trials at this rate lost packets (not RFC 2544)")
        }
        if search.lossyRate == nil, let limit = search.senderLimit {
            remarks.append("the sender can't exceed \(decimal(limit, 0)) packets/s")
        }
        let (reordered, duplicated) = search.trials.reduce((UInt64(0), UInt64(0))) {
            ($0.0 + $1.reorderedCount, $0.1 + $1.duplicateCount)
        }
        if reordered > 0 { remarks.append("\(reordered) packets reordered") }
        if duplicated > 0 { remarks.append("\(duplicated) packets came twice") }
        if result.ownDropCount > 0 {
            remarks.append("\(result.ownDropCount) frames dropped on this side, not by the device")
        }
        return remarks
    }

    /// A page of plots.
    public var html: String {
        var page = Page(
            title: "Highest loss-free rate, \(plan.transmit) to \(plan.receive)", machine: machine)
        let full = decimal(plan.goal.fullSeconds, 1)
        let verdict =
            plan.goal.verdictTrialCount == 1
            ? "when a trial of \(full) s loses nothing"
            : "when more than half of up to \(plan.goal.verdictTrialCount) trials of \(full) s lose nothing"
        page.notes = [
            """
            Throughput by RFC 2544 §26.1, searched for as in MLRsearch (draft-ietf-bmwg-mlrsearch): a rate counts \
            \(verdict). Delays are from before the sending system call to the kernel's time stamp at the receiving \
            interface.
            """
        ]
        let found = results.filter { $0.search.rate != nil }
        if found.count > 1 {
            let sizes = found.map { Double($0.frameSize) }
            let rates = found.map { ($0.search.rate ?? 0) / 1e3 }
            let bits = found.map { ($0.bitsPerSecond ?? 0) / 1e6 }
            let x = PlotAxis("bytes of a frame", .linear, over: sizes)
            page.add([
                Plot(
                    title: "Rate against frame size", x: x,
                    y: PlotAxis("thousand packets a second", .linear, over: rates),
                    series: [
                        Plot.Series(name: "loss-free", points: zip(sizes, rates).map { ($0, $1) }, style: 0)
                    ]),
                Plot(
                    title: "Throughput against frame size", x: x,
                    y: PlotAxis("Mbit/s", .linear, over: bits),
                    series: [
                        Plot.Series(name: "loss-free", points: zip(sizes, bits).map { ($0, $1) }, style: 0)
                    ]),
            ])
        }
        page.addTable("Results", Self.header, results.map(Self.row))
        if !found.isEmpty { page.addHeading("Delay") }
        page.add(found.compactMap(latencyPlot))
        page.addTable(
            "Delays in microseconds", ["frame bytes", "load"] + Latency.shares.map(Self.shareName),
            found.flatMap { result in
                result.latencies.map { load, trial in
                    ["\(result.frameSize)", "\(decimal(load, 0)) %"]
                        + Latency.shares.map { Self.microseconds(trial.latency.nanoseconds(at: $0)) }
                }
            })
        page.addTable(
            "All trials",
            [
                "frame bytes", "asked for", "offered", "seconds", "sent", "lost", "twice", "reordered",
                "dropped by us",
            ],
            results.flatMap { result in result.search.trials.map { Self.row($0, result.frameSize) } },
            isFolded: true)
        return page.html
    }

    private func latencyPlot(_ result: PortsBenchResult) -> Plot? {
        let series = result.latencies.enumerated().compactMap { style, measured -> Plot.Series? in
            let (load, trial) = measured
            let points = trial.latency.curve.map { (x: $0.share, y: max(0.1, Double($0.nanoseconds) / 1e3)) }
            guard !points.isEmpty else { return nil }
            return Plot.Series(name: "\(decimal(load, 0)) % of the rate", points: points, style: style)
        }
        let points = series.flatMap(\.points)
        guard !points.isEmpty else { return nil }
        return Plot(
            title: "Delay, frames of \(result.frameSize) bytes",
            x: PlotAxis("share of packets", .missingShare, over: points.map(\.x)),
            y: PlotAxis("microseconds, at most", .logarithmic, over: points.map(\.y)), series: series,
            hasMarkers: false)
    }

    private static func row(_ trial: Trial, _ size: Int) -> [String] {
        [
            "\(size)", decimal(trial.intendedRate, 0), decimal(trial.offeredRate, 0),
            decimal(trial.seconds, 2),
            "\(trial.sentCount)", "\(trial.lostCount)", "\(trial.duplicateCount)", "\(trial.reorderedCount)",
            "\(trial.receiverDropCount + trial.interfaceDropCount)",
        ]
    }

    /// As in "p99.9", or "max" for all.
    public static func shareName(_ share: Double) -> String {
        share >= 100 ? "max" : "p\(share == share.rounded() ? "\(Int(share))" : "\(share)")"
    }

    private static func microseconds(_ nanoseconds: UInt64?) -> String {
        nanoseconds.map { decimal(Double($0) / 1e3, 1) } ?? "–"
    }
}

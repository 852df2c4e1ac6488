/// What `MemoryBench` has found on a machine.
public struct MemoryBenchReport: Sendable {
    public let machine: Machine
    public let results: [MemoryBenchResult]

    public init(machine: Machine, results: [MemoryBenchResult]) {
        self.machine = machine
        self.results = results
    }

    public static let header = [
        "case", "sessions", "rules", "frame bytes", "Mpps", "ns/packet", "clocks/packet", "Gbit/s",
    ]

    /// A result as a row under `header`.
    public static func row(_ result: MemoryBenchResult) -> [String] {
        [
            result.case.rawValue, "\(result.sessionCount)", "\(result.ruleCount)", "\(result.frameByteCount)",
            decimal(result.packetsPerSecond / 1e6, 2), decimal(result.nanosecondsPerPacket, 1),
            decimal(result.clocksPerPacket, 1), decimal(result.bitsPerSecond / 1e9, 1),
        ]
    }

    /// A page of plots: each of what is more than one in the results has its own, where the others stand still.
    public var html: String {
        var page = Page(title: "Wayleave in memory, port to port", machine: machine)
        page.notes = [
            """
            One core. Each packet is parsed, its checksums checked, its subscriber, service and session looked up, its \
            TTL lowered, its headers rewritten, and it is counted to its session; no system call is part of that. \
            Sessions come in random order. With swap, a session is a transit label.
            """
        ]
        let sessions = Set(results.map(\.sessionCount)).sorted()
        let sizes = Set(results.map(\.frameSize)).sorted()
        // Transit labels have none.
        let rules = Set(results.filter(\.case.hasSessions).map(\.ruleCount)).sorted()
        let size = sizes.first ?? 64
        let hasFewestRules = { (result: MemoryBenchResult) in
            !result.case.hasSessions || result.ruleCount == rules.first
        }
        var plots: [Plot] = []
        if sessions.count > 1 {
            let x = Axis("sessions", .logarithmic) { Double($0.sessionCount) }
            let words =
                "frames of \(size) bytes" + (rules.first.map { $0 > 0 ? ", \($0) rules" : "" } ?? "")
            let isShown = { (result: MemoryBenchResult) in
                result.frameSize == size && hasFewestRules(result)
            }
            plots.append(plot("Rate against sessions, \(words)", x, .rate, where: isShown))
            plots.append(plot("Clocks against sessions, \(words)", x, .clocks, where: isShown))
        }
        for count in Set([sessions.first, sessions.last].compactMap(\.self)).sorted() {
            let words = "\(PlotAxis.short(Double(count))) session\(count == 1 ? "" : "s")"
            if sizes.count > 1 {
                let x = Axis("bytes of a frame", .linear) { Double($0.frameByteCount) }
                plots.append(
                    plot("Rate against frame size, \(words)", x, .rate) {
                        $0.sessionCount == count && hasFewestRules($0)
                    })
            }
            if rules.count > 1 {
                let x = Axis("rules a session, of which the last admits", .linear) { Double($0.ruleCount) }
                plots.append(
                    plot("Clocks against rules, \(words)", x, .clocks) {
                        $0.sessionCount == count && $0.frameSize == size && $0.case.hasSessions
                    })
            }
        }
        page.add(plots)
        page.addTable("All results", Self.header, results.map(Self.row))
        return page.html
    }

    /// What a result is drawn by.
    private struct Axis {
        let title: String
        let scale: PlotAxis.Scale
        let value: (MemoryBenchResult) -> Double

        init(_ title: String, _ scale: PlotAxis.Scale, value: @escaping (MemoryBenchResult) -> Double) {
            self.title = title
            self.scale = scale
            self.value = value
        }

        static var rate: Axis { Axis("million packets a second", .linear) { $0.packetsPerSecond / 1e6 } }
        static var clocks: Axis { Axis("TSC clocks a packet", .linear, value: \.clocksPerPacket) }
    }

    /// A line for each case.
    private func plot(
        _ title: String, _ x: Axis, _ y: Axis, where isShown: (MemoryBenchResult) -> Bool
    ) -> Plot {
        let shown = results.filter(isShown)
        let series = BenchCase.allCases.enumerated().compactMap { style, `case` -> Plot.Series? in
            let points = shown.filter { $0.case == `case` }.map { (x: x.value($0), y: y.value($0)) }
            guard !points.isEmpty else { return nil }
            return Plot.Series(name: `case`.title, points: points.sorted { $0.x < $1.x }, style: style)
        }
        return Plot(
            title: title, x: PlotAxis(x.title, x.scale, over: shown.map(x.value)),
            y: PlotAxis(y.title, y.scale, over: shown.map(y.value)), series: series)
    }
}

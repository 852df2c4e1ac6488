import Testing

@testable import Bench

@Suite("Pages of plots") struct ReportTests {
    /// Why a page isn't well-formed XML: elements that don't close in order, attributes without quotes, bare ampersands. Nil: it is.
    private func fault(in page: String) -> String? {
        var open: [Substring] = []
        var rest = page[...]
        guard rest.hasPrefix("<!DOCTYPE html>") else { return "no document type" }
        rest.removeFirst("<!DOCTYPE html>".count)
        while let start = rest.firstIndex(of: "<") {
            for part in rest[..<start].split(separator: "&", omittingEmptySubsequences: false).dropFirst()
            where !["amp;", "lt;", "gt;", "quot;"].contains(where: part.hasPrefix) {
                return "a bare & before \(part.prefix(20))"
            }
            guard let end = rest[start...].firstIndex(of: ">") else { return "an element without end" }
            var tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return "</\(tag.dropFirst())> closes nothing" }
                continue
            }
            let isEmpty = tag.hasSuffix("/")
            if isEmpty { tag.removeLast() }
            let name = tag.prefix { !$0.isWhitespace }
            guard name.allSatisfy({ $0.isLetter || $0.isNumber }) else { return "<\(name)> is no name" }
            guard
                tag.count(where: { $0 == "\"" }) == 2 * tag.count(where: { $0 == "=" })
                    || tag.contains("viewport")
            else { return "attributes of <\(tag)>" }
            if !isEmpty { open.append(name) }
        }
        return open.isEmpty ? nil : "not closed: \(open)"
    }

    private let machine = Machine()

    private var memory: MemoryBenchReport {
        get throws {
            let plan = MemoryBenchPlan(
                cases: [.push, .swap], sessionCounts: [1, 10, 100], frameSizes: [64, 512],
                ruleCounts: [0, 8],
                seconds: 0.001)
            return MemoryBenchReport(machine: machine, results: try MemoryBench(plan).run())
        }
    }

    private var ports: PortsBenchReport {
        get throws {
            let format = try #require(
                TestPacketFormat(
                    mac: "02:00:00:00:00:01", source: "10.0.0.1", destination: "10.0.0.2", labels: nil))
            let plan = PortsBenchPlan(
                transmit: "a<b>&\"", receive: "b", format: format, frameSizes: [64, 128],
                goal: RateSearchGoal(mostRate: 1000))
            let results = [64, 128].map { size in
                var search = RateSearch(plan.goal)
                let found = search.run { rate, seconds in
                    var trial = Trial(
                        intendedRate: rate, offeredRate: rate, seconds: seconds,
                        sentCount: UInt64(rate * seconds),
                        receivedCount: UInt64(min(500, rate) * seconds))
                    trial.latency = Latency((1...2000).map { UInt32($0 * 100) })
                    return trial
                }
                return PortsBenchResult(
                    frameSize: size, search: found,
                    latencies: found.best.map { [(100, $0), (50, $0)] } ?? [],
                    isForwarded: true)
            }
            return PortsBenchReport(machine: machine, plan: plan, results: results)
        }
    }

    @Test("Pages are well-formed, ask for nothing from elsewhere, and say in words what plots show")
    func pages() throws {
        for page in [try memory.html, try ports.html] {
            let fault = fault(in: page)
            #expect(fault == nil)
            let withoutNames = page.split(separator: "xmlns=\"http://www.w3.org/1999/xhtml\"").joined()
            for word in ["http:", "https:", "src=", "url(", "@import", "<script", "NaN", "inf\"", "nan"] {
                #expect(!withoutNames.contains(word), "\(word)")
            }
            #expect(page.contains("prefers-color-scheme: dark"))
            let plots = page.components(of: "role=\"img\"")
            #expect(plots >= 4 && page.components(of: "<desc ") == plots)
            #expect(page.components(of: "<table>") >= 1 && page.components(of: "<caption>") >= 1)
        }
    }

    @Test("The check of pages finds faults")
    func faults() {
        for page in ["<p></p>", "<!DOCTYPE html><p>", "<!DOCTYPE html><a></b>", "<!DOCTYPE html><a>&</a>"] {
            #expect(fault(in: page) != nil)
        }
        #expect(fault(in: "<!DOCTYPE html><a b=\"c\">&amp;<d/></a>") == nil)
    }

    @Test("Every result has its row in the page's table")
    func rows() throws {
        let report = try memory
        let page = report.html
        for result in report.results {
            let row = MemoryBenchReport.row(result).dropFirst()
            #expect(page.contains(row.map { ">\($0)</td>" }.joined(separator: "<td class=\"number\"")))
        }
        #expect(try ports.html.contains("a&lt;b&gt;&amp;&quot;"))
    }

    @Test("Delays are told at shares, to three digits")
    func latency() {
        let latency = Latency((1...10_000).map { UInt32($0) * 1000 })
        for (share, expected) in [(50.0, 5_000_000.0), (99, 9_900_000), (99.9, 9_990_000), (100, 10_000_000)]
        {
            let found = Double(latency.nanoseconds(at: share) ?? 0)
            #expect(abs(found - expected) <= expected / 500, "\(share)")
        }
        #expect(latency.count == 10_000)
        #expect(Latency([UInt32]()).nanoseconds(at: 50) == nil)
        let curve = latency.curve
        #expect(
            zip(curve, curve.dropFirst()).allSatisfy {
                $0.share < $1.share && $0.nanoseconds <= $1.nanoseconds
            })
        #expect((curve.last?.share ?? 0) > 99.98)
    }

    @Test(
        "Numbers are rounded, not cut",
        arguments: [
            (0.0, 0, "0"), (1.5, 0, "2"), (1.25, 1, "1.3"), (0.049, 1, "0.0"), (-0.04, 1, "0.0"),
            (-2.25, 1, "-2.3"),
            (1234.5678, 2, "1234.57"), (1e30, 1, "1e+30"), (.infinity, 1, "–"),
        ])
    func decimals(number: Double, places: Int, text: String) {
        #expect(decimal(number, places) == text)
    }

    @Test(
        "Axes have from two to a dozen marks, in order, within themselves",
        arguments: [
            [0.001], [1, 1000], [1, 1_000_000], [3, 4], [0.2, 900], [5, 5], [1e-7, 1e7], [12, 13, 14],
        ] as [[Double]])
    func axes(_ values: [Double]) {
        for scale in [PlotAxis.Scale.linear, .logarithmic] {
            let axis = PlotAxis("", scale, over: values)
            let places = axis.marks.map { axis.position($0.value) }
            #expect((2...20).contains(places.count), "\(scale) \(axis.marks)")
            #expect(places.allSatisfy { $0 >= -0.01 && $0 <= 1.01 }, "\(scale) \(places)")
            #expect(places == places.sorted())
            #expect(values.allSatisfy { (-0.001...1.001).contains(axis.position($0)) })
            #expect(Set(axis.marks.map(\.text)).count == places.count)
        }
    }
}

extension String {
    /// How often a text stands in this.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}

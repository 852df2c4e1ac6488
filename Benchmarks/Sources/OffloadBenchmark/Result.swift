/// What has come of a case.
struct Result {
    let measured: Case
    /// Gbit/s of TCP payload, by rounds.
    let rates: [Double]
    /// The reference's, each right before.
    let references: [Double]

    /// Runs the case. The loops take turns, since the clock of a shared machine drifts.
    init(_ measured: Case, _ site: any Site, _ options: Options) {
        var (rates, references): ([Double], [Double]) = ([], [])
        // TCP comes up to speed.
        _ = site.pass(byReference: false, seconds: 0.5)
        for _ in 0..<options.rounds {
            if options.hasReference {
                references.append(site.pass(byReference: true, seconds: options.seconds) * 8 / 1e9)
            }
            rates.append(site.pass(byReference: false, seconds: options.seconds) * 8 / 1e9)
        }
        (self.measured, self.rates, self.references) = (measured, rates, references)
    }

    var rate: Double { Self.median(rates) }
    var reference: Double { Self.median(references) }
    /// Of each round by itself.
    var ratio: Double { Self.median(zip(rates, references).map { $0 / max($1, 0.001) }) }

    static let heading = "case          Gbit/s       C   ratio     goal"

    var line: String {
        let name = measured.name + String(repeating: " ", count: 12 - measured.name.count)
        let ofReference =
            references.isEmpty ? "       –       –" : Self.number(reference, 8) + Self.number(ratio, 8)
        return name + Self.number(rate, 8) + ofReference + Self.number(measured.goal, 9)
    }

    var json: String {
        func list(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: ",") }
        return "{\"case\":\"\(measured.name)\",\"gigabitsPerSecond\":\(rate),\"goal\":\(measured.goal),"
            + (references.isEmpty ? "" : "\"reference\":\(reference),\"ratio\":\(ratio),")
            + "\"rounds\":[\(list(rates))],\"referenceRounds\":[\(list(references))]}"
    }

    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    /// With two digits behind the point.
    private static func number(_ value: Double, _ width: Int) -> String {
        let hundredths = Int((value * 100).rounded())
        let fraction = String(hundredths % 100)
        let text = "\(hundredths / 100)." + (fraction.count < 2 ? "0" : "") + fraction
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

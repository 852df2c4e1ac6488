/// Measurements for people or for programs.
struct Report {
    let nanosecondsPerTick: Double
    let isJSON: Bool

    static let heading = """
                               forward, ns/packet           clocks/packet     account, ns/packet
        case         sessions   Swift       C   ratio       Swift       C     Swift       C   ratio
        """

    func line(_ measurement: Measurement) -> String {
        let m = measurement
        let forward = nanoseconds(m.forward)
        let account = nanoseconds(m.account)
        guard !isJSON else {
            let fields = [
                "\"case\":\"\(m.operation.rawValue)\"", "\"sessions\":\(m.sessionCount)",
                "\"forward\":{\(json(forward))}", "\"clocks\":{\(json(m.forward))}",
                "\"account\":{\(json(account))}",
                "\"digest\":\"\(String(m.digest, radix: 16))\"",
            ]
            return "{" + fields.joined(separator: ",") + "}"
        }
        return [
            m.operation.rawValue.padded(-12), "\(m.sessionCount)".padded(9), number(forward.swift, 8),
            number(forward.c, 8), number(forward.ratio, 8, 2), number(m.forward.swift, 12),
            number(m.forward.c, 8),
            number(account.swift, 10), number(account.c, 8), number(account.ratio, 8, 2),
        ].joined()
    }

    private func nanoseconds(_ ticks: Measurement.Ticks) -> Measurement.Ticks {
        Measurement.Ticks(swift: ticks.swift * nanosecondsPerTick, c: ticks.c * nanosecondsPerTick)
    }

    private func json(_ times: Measurement.Ticks) -> String {
        "\"swift\":\(number(times.swift, 0, 2)),\"c\":\(number(times.c, 0, 2)),\"ratio\":\(number(times.ratio, 0, 3))"
    }

    private func number(_ value: Double, _ width: Int, _ places: Int = 1) -> String {
        let unit = [1, 10, 100, 1000][places]
        let scaled = Int((value * Double(unit)).rounded())
        let fraction = String(unit + scaled % unit).dropFirst()
        return "\(scaled / unit).\(fraction)".padded(width)
    }
}

extension String {
    /// Filled up with spaces on the left; on the right where `width` is negative.
    fileprivate func padded(_ width: Int) -> String {
        let spaces = String(repeating: " ", count: max(0, abs(width) - count))
        return width < 0 ? self + spaces : spaces + self
    }
}

/// Measurements for people or for programs.
struct Report {
    let nanosecondsPerTick: Double
    let isJSON: Bool

    static let heading = """
                                           clocks/packet              ns/packet  forward, clocks  account, clocks
        case         sessions   Swift       C   ratio     Swift       C     Swift       C    Swift       C
        """

    /// Both calls together, and each by itself.
    func line(_ measurement: Measurement) -> String {
        let m = measurement
        let both = m.forward + m.account
        let nanoseconds = both * nanosecondsPerTick
        guard !isJSON else {
            let fields = [
                "\"case\":\"\(m.operation.rawValue)\"", "\"sessions\":\(m.sessionCount)",
                "\"clocks\":{\(json(both))}", "\"nanoseconds\":{\(json(nanoseconds))}",
                "\"forward\":{\(json(m.forward))}", "\"account\":{\(json(m.account))}",
                "\"digest\":\"\(String(m.digest, radix: 16))\"",
            ]
            return "{" + fields.joined(separator: ",") + "}"
        }
        return [
            m.operation.rawValue.padded(-12), "\(m.sessionCount)".padded(9), number(both.swift, 8),
            number(both.c, 8), number(both.ratio, 8, 2), number(nanoseconds.swift, 10),
            number(nanoseconds.c, 8), number(m.forward.swift, 10), number(m.forward.c, 8),
            number(m.account.swift, 9), number(m.account.c, 8),
        ].joined()
    }

    private func json(_ times: Measurement.Ticks) -> String {
        let fields = [("swift", times.swift, 2), ("c", times.c, 2), ("ratio", times.ratio, 3)]
        return fields.compactMap { name, value, places in
            value.map { "\"\(name)\":\(number($0, 0, places))" }
        }.joined(separator: ",")
    }

    private func number(_ value: Double?, _ width: Int, _ places: Int = 1) -> String {
        guard let value else { return "–".padded(width) }
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

import Glibc

/// One axis of a plot: from values to places, and where its marks stand.
struct PlotAxis {
    enum Scale {
        /// From zero.
        case linear
        case logarithmic
        /// Of shares in percent, by what is missing to 100: 90, 99 and 99.9 are equally far apart.
        case missingShare
    }

    let title: String
    let scale: Scale
    let low: Double
    let high: Double

    /// An axis that holds all values. Those of a logarithmic one must be above zero.
    init(_ title: String, _ scale: Scale, over values: [Double]) {
        self.title = title
        self.scale = scale
        let most = values.max() ?? 1
        switch scale {
        case .linear:
            low = 0
            high = max(most, .leastNormalMagnitude)
        case .logarithmic:
            let least = values.min() ?? 1
            low = least
            // One value alone stands in the middle.
            high = most > least ? most : least * 1.000_1
        case .missingShare:
            low = 0
            high = max(most, 90)
        }
    }

    /// From 0 at the lower end to 1 at the upper one.
    func position(_ value: Double) -> Double {
        switch scale {
        case .linear: value / (top - 0)
        case .logarithmic: (log10(value) - log10(bottom)) / (log10(top) - log10(bottom))
        case .missingShare: nines(value) / nines(high)
        }
    }

    /// Values with a mark, and what stands beside it.
    var marks: [(value: Double, text: String)] {
        switch scale {
        case .linear:
            let count = Int((top / step).rounded())
            return (0...max(1, count)).map { (Double($0) * step, Self.short(Double($0) * step)) }
        case .logarithmic:
            let decades = Int(log10(bottom).rounded(.down))...Int(log10(top).rounded(.up))
            let multiples: [Double] = decades.count <= 2 ? [1, 2, 5] : decades.count <= 4 ? [1, 3] : [1]
            return decades.flatMap { decade in multiples.map { $0 * pow10(decade) } }
                .filter { $0 >= bottom * 0.999 && $0 <= top * 1.001 }.map { ($0, Self.short($0)) }
        case .missingShare:
            return [0, 90, 99, 99.9, 99.99, 99.999].filter { $0 <= high + 0.000_1 }
                .map { ($0, "\($0 == $0.rounded() ? "\(Int($0))" : "\($0)") %") }
        }
    }

    /// The lower end of what is drawn.
    private var bottom: Double { scale == .logarithmic ? Self.floorToMark(low) : low }
    /// The upper one.
    private var top: Double {
        switch scale {
        case .linear: (high / step).rounded(.up) * step
        case .logarithmic: Self.ceilingToMark(high)
        case .missingShare: high
        }
    }

    /// Between marks of a linear axis: 1, 2 or 5 times a power of ten, so that four to nine fit.
    private var step: Double {
        let power = pow10(Int(log10(high / 4).rounded(.down)))
        return [5, 2, 1].map { $0 * power }.first { high / $0 >= 4 } ?? power
    }

    /// 0 for 0 %, 1 for 90 %, 2 for 99 %.
    private func nines(_ share: Double) -> Double { -log10(max(1e-9, 1 - share / 100)) }

    private static func floorToMark(_ value: Double) -> Double {
        let power = pow10(Int(log10(value * 1.000_001).rounded(.down)))
        return [5, 2, 1].map { $0 * power }.first { $0 <= value * 1.000_001 } ?? power
    }

    private static func ceilingToMark(_ value: Double) -> Double {
        let power = pow10(Int((log10(value) - 0.000_001).rounded(.down)))
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= value * 0.999_999 } ?? 10 * power
    }

    /// As few characters as a mark needs.
    static func short(_ value: Double) -> String {
        for (unit, suffix) in [(1e6, "M"), (1e3, "k")] where abs(value) >= unit {
            return number(value / unit) + suffix
        }
        return number(value)
    }

    private static func number(_ value: Double) -> String {
        // Two digits that count, of what is small.
        let text = decimal(
            value, value == 0 || abs(value) >= 1 ? 1 : 1 - Int(log10(abs(value)).rounded(.down)))
        guard text.contains(".") else { return text }
        return String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
    }
}

private func pow10(_ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<abs(exponent) { result *= 10 }
    return exponent < 0 ? 1 / result : result
}

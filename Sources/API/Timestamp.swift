/// A time as programs and people write it: RFC 3339, to the nanosecond, from 1970 until July 2554.
struct Timestamp: CustomStringConvertible {
    /// Since the Unix epoch.
    let nanoseconds: UInt64

    init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    private static let secondsPerDay = 86_400
    private static let nanosecondsPerSecond: UInt64 = 1_000_000_000

    // MARK: Reading

    /// Reads `2026-01-31T23:59:59.5Z`, or with an offset as in `+01:00`. Nil for anything else.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int, _ range: ClosedRange<Int>) -> Int? {
            guard rest.count >= digits,
                let number = Parameter.decimal(String(decoding: rest.prefix(digits), as: UTF8.self))
            else { return nil }
            rest.removeFirst(digits)
            return range.contains(number) ? number : nil
        }
        func take(_ signs: String) -> Bool {
            guard let first = rest.first, signs.utf8.contains(first) else { return false }
            rest.removeFirst()
            return true
        }
        guard let year = number(4, 1970...2554), take("-"), let month = number(2, 1...12), take("-"),
            let day = number(2, 1...Self.dayCount(year, month)), take("Tt "), let hour = number(2, 0...23),
            take(":"),
            let minute = number(2, 0...59), take(":"), let second = number(2, 0...60)
        else { return nil }
        var fraction: UInt64 = 0
        if take(".") {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty else { return nil }
            rest.removeFirst(digits.count)
            for place in 0..<9 {
                fraction =
                    fraction * 10
                    + (place < digits.count ? UInt64(digits[digits.startIndex + place] - 0x30) : 0)
            }
        }
        var offset = 0
        if !take("Zz") {
            let isWest = rest.first == UInt8(ascii: "-")
            guard take("+-"), let hours = number(2, 0...23), take(":"), let minutes = number(2, 0...59) else {
                return nil
            }
            offset = (hours * 60 + minutes) * (isWest ? -60 : 60)
        }
        let days = Self.days(year, month, day)
        let seconds = days * Self.secondsPerDay + hour * 3600 + minute * 60 + second - offset
        guard rest.isEmpty, seconds >= 0 else { return nil }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: Self.nanosecondsPerSecond)
        let (sum, carry) = whole.addingReportingOverflow(fraction)
        guard !overflow, !carry else { return nil }
        nanoseconds = sum
    }

    // MARK: Writing

    /// In UTC, with as many decimals as are needed.
    var description: String {
        let seconds = Int(nanoseconds / Self.nanosecondsPerSecond)
        let (year, month, day) = Self.date(seconds / Self.secondsPerDay)
        let time = seconds % Self.secondsPerDay
        var text =
            "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T\(Self.padded(time / 3600, 2))"
            + ":\(Self.padded(time / 60 % 60, 2)):\(Self.padded(time % 60, 2))"
        let fraction = nanoseconds % Self.nanosecondsPerSecond
        if fraction > 0 {
            var digits = Self.padded(Int(fraction), 9)
            while digits.hasSuffix("0") { digits.removeLast() }
            text += ".\(digits)"
        }
        return text + "Z"
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    // MARK: The Gregorian calendar

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func dayCount(_ year: Int, _ month: Int) -> Int {
        [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Days before the first of January, since the epoch.
    private static func daysBefore(_ year: Int) -> Int {
        let years = year - 1
        return years * 365 + years / 4 - years / 100 + years / 400 - 719_162
    }

    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        daysBefore(year) + (1..<month).reduce(0) { $0 + dayCount(year, $1) } + day - 1
    }

    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        // At most one too late, since no year is longer than 366 days.
        var year = 1970 + days / 365
        while daysBefore(year) > days { year -= 1 }
        var day = days - daysBefore(year)
        var month = 1
        while day >= dayCount(year, month) {
            day -= dayCount(year, month)
            month += 1
        }
        return (year, month, day + 1)
    }
}

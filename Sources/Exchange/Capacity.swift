/// The text form of a capacity: a number of bits a second, alone or with a decimal unit, as in `100Mbit` or
/// `1.5Gbit`.
public enum Capacity {
    private static let units: [(name: String, digits: Int)] = [
        ("kbit", 3), ("Mbit", 6), ("Gbit", 9), ("Tbit", 12),
    ]

    /// Reads a capacity in bits a second. Nil for zero, for a fraction of a bit, for what 64 bits can't hold,
    /// and for anything that isn't a capacity.
    public static func bitsPerSecond(_ text: String) -> UInt64? {
        let unit = units.first { text.hasSuffix($0.name) }
        let number = text.dropLast(unit?.name.count ?? 0).split(
            separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(number.count),
            number.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        let fraction = number.count == 2 ? number[1] : ""
        let scale = unit?.digits ?? 0
        guard fraction.count <= scale, let value = UInt64(number[0] + fraction) else { return nil }
        var bits = value
        for _ in fraction.count..<scale {
            let (product, overflow) = bits.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            bits = product
        }
        return bits > 0 ? bits : nil
    }

    /// Writes a capacity with the largest unit that it fills, exactly: the result reads back as the same
    /// number.
    public static func text(_ bitsPerSecond: UInt64) -> String {
        var digits = String(bitsPerSecond)
        guard let unit = units.last(where: { digits.count > $0.digits }) else { return digits }
        let whole = digits.dropLast(unit.digits)
        digits.removeFirst(whole.count)
        while digits.last == "0" { digits.removeLast() }
        return digits.isEmpty ? "\(whole)\(unit.name)" : "\(whole).\(digits)\(unit.name)"
    }
}

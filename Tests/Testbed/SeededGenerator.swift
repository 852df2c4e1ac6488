/// Random numbers that a failed test can be run with again: SplitMix64 (Steele, Lea and Flood, 2014).
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }

    /// One seed that is the same in every run, and one that isn't. As a test's argument, a seed is printed
    /// with its failures.
    public static let seeds: [UInt64] = [20_150_817, .random(in: .min ... .max)]

    public mutating func octet() -> UInt8 { UInt8(truncatingIfNeeded: next()) }

    public mutating func octets(_ count: Int) -> [UInt8] { (0..<count).map { _ in octet() } }

    public mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    public mutating func element<Element>(_ elements: [Element]) -> Element {
        elements[number(0...elements.count - 1)]
    }

    /// Whether an event happens that happens once in `times`.
    public mutating func once(in times: Int) -> Bool { number(1...times) == 1 }
}

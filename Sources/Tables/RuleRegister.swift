/// The rules of sessions: lists that are equal stand once, each in consecutive places.
///
/// Lists never change where they stand, so one table serves both sides: the places of a list that nobody uses any more
/// are free once the publication without it has settled. They are given out in powers of two, so that what one list
/// leaves another finds room in.
struct RuleRegister: ~Copyable {
    private struct Entry {
        var rules: [Rule]
        var uses: UInt32
    }

    let table: Table<Rule>
    private let capacity: Int
    /// Where each list begins.
    private var starts: [[Rule]: Int] = [:]
    private var entries: [Int: Entry] = [:]
    /// By the binary logarithm of the places.
    private var free: [[Int]] = Array(repeating: [], count: 9)
    private var end = 0
    private var idle: [Int] = []
    private var retired: [(start: Int, order: Int)] = []

    init(capacity: Int) {
        self.capacity = capacity
        table = Table(capacity: capacity)
    }

    /// Lists in use.
    var count: Int { starts.count }
    /// Places that are or have been in use.
    var placeCount: Int { end }
    /// The memory of these, in bytes.
    var byteCount: Int { end * MemoryLayout<Rule>.stride }

    private static func order(_ count: Int) -> Int { Int.bitWidth - (count - 1).leadingZeroBitCount }

    /// Whether a list of rules, up to 255, can be had.
    func hasRoom(for rules: [Rule]) -> Bool {
        guard !rules.isEmpty else { return true }
        let order = Self.order(rules.count)
        return !free[order].isEmpty || end + 1 << order <= capacity || starts[rules] != nil
    }

    /// The places of a list, which is written if it isn't there. To be released as often as it is acquired.
    mutating func acquire(_ rules: [Rule]) -> Range<Int> {
        guard !rules.isEmpty else { return 0..<0 }
        if let start = starts[rules] {
            entries[start]!.uses += 1
            return start..<start + rules.count
        }
        let order = Self.order(rules.count)
        var start = end
        if let reused = free[order].popLast() { start = reused } else { end += 1 << order }
        for (place, rule) in rules.enumerated() { table[start + place] = rule }
        starts[rules] = start
        entries[start] = Entry(rules: rules, uses: 1)
        return start..<start + rules.count
    }

    /// - Parameter start: where an acquired, non-empty list begins.
    mutating func release(_ start: Int) {
        entries[start]!.uses -= 1
        if entries[start]!.uses == 0 { idle.append(start) }
    }

    mutating func publish() {
        for start in idle {
            guard let entry = entries[start], entry.uses == 0 else { continue }
            starts[entry.rules] = nil
            entries[start] = nil
            retired.append((start, Self.order(entry.rules.count)))
        }
        idle = []
    }

    mutating func settle() {
        for (start, order) in retired { free[order].append(start) }
        retired = []
    }
}

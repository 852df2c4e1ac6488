/// What to measure, from the command line.
struct Options {
    static let usage = """
        usage: Benchmarks/run [--case push,push6,pop,swap,encapsulate,decapsulate]
                              [--sessions 1,1000,10000,100000,1000000]
                              [--rules N] [--policer] [--rounds N] [--json]
          --case      what is done to the packets; all six unless told
          --sessions  open sessions, each with a subscriber of its own, up to 1000000; those five unless told
          --rules     rules a session has; its packets match the last one; 0 unless told
          --policer   gives each direction of each session a policer, which lets everything pass
          --rounds    rounds of each loop, whose median counts; 31 unless told
          --json      one JSON object a line instead of a table
        """

    var operations = Operation.allCases
    var sessionCounts = [1, 1000, 10_000, 100_000, 1_000_000]
    var ruleCount = 0
    var isPoliced = false
    var rounds = 31
    var isJSON = false

    /// - Parameter arguments: without the program's name.
    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            if option == "--json" {
                isJSON = true
                continue
            }
            if option == "--policer" {
                isPoliced = true
                continue
            }
            guard ["--case", "--sessions", "--rules", "--rounds"].contains(option),
                let value = rest.popFirst()
            else {
                throw UsageError(description: Self.usage)
            }
            switch option {
            case "--case": operations = try Self.list(value) { Operation(rawValue: $0) }
            case "--sessions": sessionCounts = try Self.list(value) { Self.number($0, in: 1...1_000_000) }
            case "--rules": ruleCount = try Self.list(value) { Self.number($0, in: 0...255) }[0]
            default: rounds = try Self.list(value) { Self.number($0, in: 1...10_000) }[0]
            }
        }
    }

    private static func number(_ text: String, in range: ClosedRange<Int>) -> Int? {
        Int(text).flatMap { range.contains($0) ? $0 : nil }
    }

    private static func list<T>(_ text: String, _ element: (String) -> T?) throws(UsageError) -> [T] {
        let elements = text.split(separator: ",").map(String.init)
        let values = elements.compactMap(element)
        guard !values.isEmpty, values.count == elements.count else {
            throw UsageError(description: "'\(text)' isn't understood\n\(usage)")
        }
        return values
    }
}

/// Arguments that can't be understood, with what can.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// What to measure, from the command line.
struct Options {
    static let usage = """
        usage: Benchmarks/ports [--case tun,push,receive,transmit,captures] [--sizes 64,512,1400] [--rounds N]
                                [--seconds S] [--folder PATH] [--json FILE]
          --case     tun: TUN to TUN; push: TUN, two labels, TAP; receive, transmit: AF_PACKET on a veth; captures: from
                     a pcap file, two labels, into another; all five unless told
          --sizes    bytes of IP of a packet; of a frame for captures
          --rounds   rounds of each contender, whose median counts; 5 unless told
          --seconds  that a round lasts; 0.4 unless told
          --folder   where captures are written; /tmp unless told
          --json     writes the results to a file besides, one JSON object a line
        """

    enum Case: String, CaseIterable {
        case tun, push, receive, transmit, captures
    }

    var cases = Case.allCases
    var sizes = [64, 512, 1400]
    var rounds = 5
    var seconds = 0.4
    var folder = "/tmp"
    var jsonPath: String?

    /// - Parameter arguments: without the program's name.
    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            guard option.hasPrefix("--"), let value = rest.popFirst() else { throw UsageError() }
            switch option {
            case "--case": cases = try Self.list(value) { Case(rawValue: $0) }
            case "--sizes": sizes = try Self.list(value) { Self.number($0, in: 64...1400) }
            case "--rounds": rounds = try Self.list(value) { Self.number($0, in: 1...1000) }[0]
            case "--seconds":
                guard let number = Double(value), number > 0, number < 1000 else { throw UsageError() }
                seconds = number
            case "--folder": folder = value
            case "--json": jsonPath = value
            default: throw UsageError()
            }
        }
    }

    private static func number(_ text: String, in range: ClosedRange<Int>) -> Int? {
        Int(text).flatMap { range.contains($0) ? $0 : nil }
    }

    private static func list<T>(_ text: String, _ element: (String) -> T?) throws(UsageError) -> [T] {
        let elements = text.split(separator: ",").map(String.init)
        let values = elements.compactMap(element)
        guard !values.isEmpty, values.count == elements.count else { throw UsageError() }
        return values
    }
}

/// Arguments that can't be understood, with what can.
struct UsageError: Error, CustomStringConvertible {
    var description: String { Options.usage }
}

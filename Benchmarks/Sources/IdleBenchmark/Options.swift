/// What the command line says.
struct Options {
    static let help = """
        idle [--seconds S] [--json FILE]

          --seconds  of each of the six measurements; 4 if not said
          --json     writes the results to a file besides

        What a worker costs that has nothing to do, or one packet in a millisecond, and how much later that packet leaves:
        in both idle modes, beside a C loop that does no more than pass frames on. As root; two processors.
        """

    var seconds = 4.0
    var jsonPath: String?

    /// - Returns: nil where help is wanted, or what was said can't be understood.
    init?(_ arguments: some Sequence<String>) {
        var rest = Array(arguments)
        while !rest.isEmpty {
            let option = rest.removeFirst()
            guard !rest.isEmpty else { return nil }
            let value = rest.removeFirst()
            switch option {
            case "--seconds":
                guard let seconds = Double(value), seconds > 0 else { return nil }
                self.seconds = seconds
            case "--json": jsonPath = value
            default: return nil
            }
        }
    }
}

/// What the command line asks for.
struct Options {
    var names: [String] = []
    var seconds = 1.0
    var rounds = 5
    var flows = 1
    var jsonPath: String?
    var hasReference = true

    static let usage = """
        Usage: Benchmarks/offload [--case NAME,…] [--seconds N] [--rounds N] [--flows N] [--no-reference] [--json FILE]

        Cases: \(Case.all.map(\.name).joined(separator: ", ")); by default all. As root.
        """

    /// Nil: something in it isn't understood.
    init?(_ arguments: ArraySlice<String>) {
        var rest = arguments
        while let option = rest.popFirst() {
            if option == "--no-reference" {
                hasReference = false
                continue
            }
            guard let value = rest.popFirst() else { return nil }
            switch option {
            case "--case":
                names = value.split(separator: ",").map { String($0) }
                guard names.allSatisfy({ name in Case.all.contains { $0.name == name } }) else { return nil }
            case "--seconds":
                guard let seconds = Double(value), seconds > 0 else { return nil }
                self.seconds = seconds
            case "--rounds":
                guard let rounds = Int(value), rounds > 0 else { return nil }
                self.rounds = rounds
            case "--flows":
                guard let flows = Int(value), (1...256).contains(flows) else { return nil }
                self.flows = flows
            case "--json": jsonPath = value
            default: return nil
            }
        }
    }

    var cases: [Case] { names.isEmpty ? Case.all : Case.all.filter { names.contains($0.name) } }
}

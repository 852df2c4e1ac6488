import ArgumentParser

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures what this machine does.",
        discussion: """
            `bench memory`, which is meant where nothing else is said, runs the forwarding loop by itself: no root, no \
            interfaces. `bench ports` finds the highest rate that a device between two interfaces forwards without loss.

            Examples:
              wayleave bench
              wayleave bench --case push,pop --sessions 1000,1000000 --html memory.html
              wayleave bench ports --tx veth0 --rx veth1 --mac 02:00:00:00:00:01 --from 10.1.0.9 --to 198.51.100.10
            """,
        subcommands: [BenchMemoryCommand.self, BenchPortsCommand.self],
        defaultSubcommand: BenchMemoryCommand.self)
}

/// Values divided by commas.
struct CommaList<Element> {
    let elements: [Element]

    /// Nil unless each is understood.
    init?(_ text: String, _ element: (String) -> Element?) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        elements = parts.compactMap(element)
        guard elements.count == parts.count else { return nil }
    }
}

/// Whole numbers within a range, as `1,1000,100000`.
func numbers(_ text: String, _ option: String, in range: ClosedRange<Int>) throws -> [Int] {
    guard let list = CommaList(text, { Int($0).flatMap { range.contains($0) ? $0 : nil } }) else {
        throw ValidationError(
            "--\(option) \(text): numbers from \(range.lowerBound) to \(range.upperBound) are wanted, with commas "
                + "between them")
    }
    return list.elements
}

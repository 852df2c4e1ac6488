import APIClient
import ArgumentParser
import ExchangeFile

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Makes the edge what a file says, by the least change.",
        discussion: """
            What the file doesn't have is removed; what is the same is left alone, and its packets see nothing. A faulty \
            file changes nothing. Waits until the forwarder has applied it.

            Examples:
              wayleave apply -f edge.yaml
              wayleave apply -f edge.yaml --dry-run

            Exit codes: 0 applied; 1 refused; 3 applied, but a port is absent or no forwarder runs.
            """)

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The exchange file (YAML or JSON); - is standard input.", valueName: "FILE"))
    var file: String

    @Flag(help: "Only say what would change.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Wait so long for the forwarder: 10s, 500ms, 2m; 0 not at all.", valueName: "TIME"))
    var wait = WaitTime(seconds: 10)

    func run() async throws {
        let input = try InputFile(file)
        let answer = try await instance.daemon.put(input, dryRun: dryRun, wait: dryRun ? 0 : wait.seconds)
        let receipt = try answer.document
        if output.json { try printText(answer.text) } else { printChanges(receipt, limit: 20) }
        try instance.daemon.report(receipt, output: output)
    }
}

struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Says what `apply` of a file would change.",
        discussion: """
            Prints + for what would be added, ~ for what would be changed, - for what would be removed.

            Example:
              wayleave diff -f edge.yaml

            Exit codes: 0 nothing would change; 1 something would, or the file is refused.
            """)

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The exchange file (YAML or JSON); - is standard input.", valueName: "FILE"))
    var file: String

    func run() async throws {
        let answer = try await instance.daemon.put(InputFile(file), dryRun: true, wait: 0)
        let receipt = try answer.document
        if output.json { try printText(answer.text) } else { printChanges(receipt, limit: .max) }
        if receipt["changeCount"]?.scalar != "0" { throw Daemon.Exit.refused }
    }
}

extension WaitTime {
    init(seconds: Int) { self.seconds = seconds }
}

extension WaitTime: CustomStringConvertible {
    var description: String { "\(seconds)s" }
}

extension Daemon {
    fileprivate func put(_ input: InputFile, dryRun: Bool, wait: Int) async throws -> APIResponse {
        let query = dryRun ? "?dryRun=true" : wait > 0 ? "?wait=\(wait)" : ""
        return try await ask(
            APIRequest(
                "PUT", "/v1/exchange\(query)", headers: [("Content-Type", input.contentType)],
                body: input.bytes),
            fileName: input.name, wait: wait)
    }
}

/// Prints the keys of what changes, a line each, `limit` at most; and how many they are.
private func printChanges(_ receipt: DocumentValue, limit: Int) {
    let changes = [("+", "added"), ("~", "changed"), ("-", "removed")].flatMap { sign, key in
        (receipt[key]?.items ?? []).map { "\(sign) \($0.scalar ?? "")" }
    }
    for change in changes.prefix(limit) { print(change) }
    if changes.count > limit { print("… and \(changes.count - limit) more") }
    let counts = ["added", "changed", "removed"].map { "\(receipt[$0]?.items.count ?? 0) \($0)" }
    print(changes.isEmpty ? "nothing changes" : counts.joined(separator: ", "))
}

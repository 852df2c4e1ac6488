import APIClient
import ArgumentParser
@preconcurrency import Glibc

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes what the edge is told to be as an exchange file.",
        discussion: """
            Applied again, it changes nothing.

            Examples:
              wayleave export -o edge.yaml
              wayleave export --json
            """)

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var format: OutputOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to this file, not to standard output.", valueName: "FILE"))
    var output: String?

    func run() async throws {
        let type = format.json ? "application/json" : "application/yaml"
        let answer = try await instance.daemon.ask(
            APIRequest("GET", "/v1/exchange", headers: [("Accept", type)]))
        guard let output else { return try printText(answer.text) }
        if let error = OutputFile(output).write(answer.body) {
            printError("\(output): \(String(cString: strerror(error)))")
            throw Daemon.Exit.refused
        }
    }
}

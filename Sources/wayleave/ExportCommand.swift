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
        guard let output else { return printText(answer.text) }
        // Written beside it first, so that a full disk leaves the old file whole.
        let draft = output + ".new"
        guard let stream = fopen(draft, "w") else { throw Self.fail(draft) }
        let isWritten = fwrite(answer.body, 1, answer.body.count, stream) == answer.body.count
        guard fclose(stream) == 0, isWritten, rename(draft, output) == 0 else {
            let failure = Self.fail(output)
            unlink(draft)
            throw failure
        }
    }

    private static func fail(_ path: String) -> ExitCode {
        printError("\(path): \(String(cString: strerror(errno)))")
        return Daemon.Exit.refused
    }
}

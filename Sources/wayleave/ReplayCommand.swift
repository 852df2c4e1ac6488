import ArgumentParser
import Exchange
import ExchangeFile
import Forwarder
import Offline
import Ports

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Plays captures through the forwarder: pcap in, pcap out.",
        discussion: """
            Runs the code of the live forwarder over files: no root, no interfaces, no daemon. Packets of several ports \
            are taken in the order of their time stamps, and leave with the time stamp they came with. TUN ports read \
            and write raw IP captures, all others Ethernet.

            Examples:
              wayleave replay --exchange edge.yaml --in access0=up.pcap --out core0=core.pcap --counters counters.json
              wayleave replay --exchange edge.yaml --in core0=core.pcap --trace trace.jsonl

            Exit codes: 0 done; 1 a capture could not be read or written; 64 wrong options; 65 the exchange file was \
            refused.
            """)

    @Option(help: ArgumentHelp("The exchange file (YAML) that describes the edge.", valueName: "FILE"))
    var exchange: String

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("A port and the capture that arrives there.", valueName: "PORT=FILE"))
    var inputs: [PortFile] = []

    @Option(
        name: .customLong("out"),
        help: ArgumentHelp("A port and the capture to write of what leaves there.", valueName: "PORT=FILE"))
    var outputs: [PortFile] = []

    @Option(help: ArgumentHelp("Write all counters to this file (JSON).", valueName: "FILE"))
    var counters: String?

    @Option(
        help: ArgumentHelp(
            "Write to this file what became of each packet: a line of JSON each, as `trace --json` prints.",
            valueName: "FILE"))
    var trace: String?

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("name at least one capture: --in PORT=FILE") }
        for files in [inputs, outputs] {
            for (index, file) in files.enumerated()
            where files[..<index].contains(where: { $0.port == file.port }) {
                throw ValidationError("port '\(file.port)' is given twice; join the captures with mergecap")
            }
        }
        try refuseSharedFiles()
    }

    /// A file that is written must be no other's: opening it for writing would empty it.
    private func refuseSharedFiles() throws {
        let read = Set(([exchange] + inputs.map(\.path)).compactMap(FileIdentity.init))
        var written: Set<FileIdentity> = []
        for path in outputs.map(\.path) + [counters, trace].compactMap(\.self) {
            guard let file = FileIdentity(path: path) else { continue }
            if read.contains(file) { throw ValidationError("\(path) can't be read and written at once") }
            guard written.insert(file).inserted else {
                throw ValidationError("\(path) can't be written twice")
            }
        }
    }

    func run() throws {
        let description = try loadExchange(exchange)
        do throws(Rejection) {
            for file in inputs + outputs { _ = try description.portIndex(file.port) }
        } catch {
            throw ValidationError(error.message)
        }
        var files: [String: Replay.Files] = [:]
        for input in inputs { files[input.port, default: Replay.Files()].input = input.path }
        for output in outputs { files[output.port, default: Replay.Files()].output = output.path }
        let report =
            try trace.map { try replay(description, files, tracing: $0) }
            ?? Replay(description, files: files).run()
        if let counters { try CountersFile(path: counters).write(report) }
        print(CountersText(report))
    }

    private func replay(
        _ exchange: ExchangeDescription, _ files: [String: Replay.Files], tracing path: String
    ) throws -> CountersReport {
        let replay = try Replay(exchange, files: files, isFollowed: true)
        let file = try TraceFile(
            path: path, narrator: TraceNarrator(replaying: exchange), portNames: exchange.ports.map(\.name))
        let report = try replay.run { try file.write($0) }
        try file.close()
        return report
    }
}

/// `PORT=FILE`, as the options name captures.
struct PortFile: ExpressibleByArgument {
    let port: String
    let path: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        port = String(parts[0])
        path = String(parts[1])
    }
}

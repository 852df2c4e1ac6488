import APIClient
import ArgumentParser
import ExchangeFile

struct LabelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label",
        abstract: "One entry of the label table of a transit node.",
        subcommands: [
            AddCommand<LabelFields>.self, SetCommand<LabelFields>.self, RemoveCommand<LabelName>.self,
            ListCommand<LabelName>.self, ShowCommand<LabelName>.self, LoadCommand.self,
        ])
}

struct LabelName: ObjectName {
    static let kind = ExchangeKind.labels
    static let example = "20001"

    @Argument(help: ArgumentHelp("The incoming label.", valueName: "in")) var label: UInt32

    var parts: [String] { ["\(label)"] }
}

struct LabelFields: ObjectFields {
    typealias Name = LabelName
    static let example = "--swap 30001 --line north"

    @Option(
        help: ArgumentHelp("What replaces it: one to eight labels, the top one first.", valueName: "LABELS"))
    var swap: [String] = []
    @Flag(help: "Take it off.") var pop = false
    @Option(help: ArgumentHelp("Out over this line.", valueName: "LINE")) var line: String?
    @Option(help: ArgumentHelp("Into this MPLS tunnel.", valueName: "TUNNEL")) var tunnel: String?

    func edits() throws -> FieldEdits {
        if line != nil, tunnel != nil { throw ValidationError("name --line or --tunnel, not both") }
        if pop, !swap.isEmpty { throw ValidationError("say --swap or --pop, not both") }
        var edits = FieldEdits()
        // One takes the other's place.
        if pop {
            edits.text("swap", "")
            edits.value("pop", true)
        } else if !swap.isEmpty {
            edits.list("swap", swap)
            edits.text("pop", "")
        }
        edits.text("via", line)
        edits.value("via", tunnel.map { ["tunnel": .text($0)] })
        return edits
    }
}

/// `load`: a whole table.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Puts in all labels of a CSV file, or none.",
        discussion: """
            Labels that the file doesn't have stay. It looks like this: swap to up to eight labels (the top one first) or \
            pop, then out over a line or into a tunnel:

              in,out,line,tunnel
              20001,30001,north,
              20002,30001/30002,,acme-north
              20003,pop,north,

            Example:
              wayleave label load labels.csv --wait 10s
            """)

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var wait: WaitOption

    @Argument(help: ArgumentHelp("The table; - is standard input.", valueName: "file.csv"))
    var file: String

    func run() async throws {
        let input = try InputFile(file)
        let seconds = wait.wait?.seconds ?? 0
        let answer = try await instance.daemon.ask(
            APIRequest(
                "POST", "/v1/labels" + (seconds > 0 ? "?wait=\(seconds)" : ""),
                headers: [("Content-Type", "text/csv")], body: input.bytes),
            fileName: input.name, wait: seconds)
        let receipt = try answer.document
        if output.json {
            try printText(answer.text)
        } else {
            print("\(receipt["changeCount"]?.scalar ?? "0") labels changed")
        }
        try instance.daemon.report(receipt, output: output)
    }
}

import ArgumentParser
import ExchangeFile

struct LineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "line",
        abstract: "A physical way to another node.",
        subcommands: [
            ListCommand<LineName>.self, ShowCommand<LineName>.self, AddCommand<LineFields>.self,
            SetCommand<LineFields>.self, RemoveCommand<LineName>.self,
        ])
}

struct LineName: ObjectName {
    static let kind = ExchangeKind.lines
    static let example = "north"

    @Argument(help: "The line's name.") var name: String

    var parts: [String] { [name] }
}

struct LineFields: ObjectFields {
    typealias Name = LineName
    static let example = "--port core0 --next-hop 10.0.0.2"

    @Option(help: ArgumentHelp("Where it leaves.", valueName: "PORT")) var port: String?
    @Option(help: ArgumentHelp("The other node.", valueName: "ADDRESS")) var nextHop: String?
    @Option(help: ArgumentHelp("The VLAN tag of its frames, or two, the outer one first.", valueName: "IDS"))
    var vlan: [String] = []
    @Option(help: ArgumentHelp("The longest packet with our labels or outer header.", valueName: "BYTES"))
    var mtu: String?
    @Option(help: ArgumentHelp("What the line carries, as in 1Gbit.", valueName: "CAPACITY")) var capacity:
        String?

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        edits.text("port", port)
        edits.text("nextHop", nextHop)
        edits.list("vlan", vlan)
        edits.text("mtu", mtu)
        edits.text("capacity", capacity)
        return edits
    }
}

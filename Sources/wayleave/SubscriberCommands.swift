import ArgumentParser
import ExchangeFile

struct SubscriberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscriber",
        abstract: "Somebody who is served.",
        subcommands: [
            ListCommand<SubscriberName>.self, ShowCommand<SubscriberName>.self,
            AddCommand<SubscriberFields>.self, SetCommand<SubscriberFields>.self,
            RemoveCommand<SubscriberName>.self,
        ])
}

struct SubscriberName: ObjectName {
    static let kind = ExchangeKind.subscribers
    static let example = "alice"

    @Argument(help: "The subscriber's name.") var name: String

    var parts: [String] { [name] }
}

struct SubscriberFields: ObjectFields {
    typealias Name = SubscriberName
    static let example = "--port access0 --addresses 10.1.0.5"

    @Option(help: ArgumentHelp("Where they are.", valueName: "PORT")) var port: String?
    @Option(help: ArgumentHelp("What is theirs alone.", valueName: "PREFIX")) var addresses: [String] = []
    @Option(help: ArgumentHelp("The tags of their frames, the outer one first.", valueName: "ID")) var vlan:
        [String] = []
    @Option(help: ArgumentHelp("Their router.", valueName: "ADDRESS")) var nextHop: String?

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        edits.text("port", port)
        edits.list("addresses", addresses)
        edits.list("vlan", vlan)
        edits.text("nextHop", nextHop)
        return edits
    }
}

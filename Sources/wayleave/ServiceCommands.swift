import ArgumentParser
import ExchangeFile

struct ServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "What a provider offers.",
        subcommands: [
            ListCommand<ServiceName>.self, ShowCommand<ServiceName>.self, AddCommand<ServiceFields>.self,
            SetCommand<ServiceFields>.self, RemoveCommand<ServiceName>.self,
        ])
}

struct ServiceName: ObjectName {
    static let kind = ExchangeKind.services
    static let example = "acme-video"

    @Argument(help: "The service's name.") var name: String

    var parts: [String] { [name] }
}

struct ServiceFields: ObjectFields {
    typealias Name = ServiceName
    static let example = "--provider acme --prefixes 198.51.100.0/24"

    @Option(help: ArgumentHelp("Who offers it.", valueName: "PROVIDER")) var provider: String?
    @Option(help: ArgumentHelp("Where it is reached.", valueName: "PREFIX")) var prefixes: [String] = []

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        edits.text("provider", provider)
        edits.list("prefixes", prefixes)
        return edits
    }
}

import ArgumentParser
import ExchangeFile

struct ProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider",
        abstract: "Somebody who offers services.",
        subcommands: [
            ListCommand<ProviderName>.self, ShowCommand<ProviderName>.self, AddCommand<ProviderFields>.self,
            SetCommand<ProviderFields>.self, RemoveCommand<ProviderName>.self,
        ])
}

struct ProviderName: ObjectName {
    static let kind = ExchangeKind.providers
    static let example = "acme"

    @Argument(help: "The provider's name.") var name: String

    var parts: [String] { [name] }
}

struct ProviderFields: ObjectFields {
    typealias Name = ProviderName
    static let example = """
        --title "Acme Media"
        """

    @Option(help: ArgumentHelp("The name on bills (`name` in an exchange file).", valueName: "TEXT"))
    var title: String?

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        edits.text("title", title)
        return edits
    }
}

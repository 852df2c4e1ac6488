import ArgumentParser
import ExchangeFile

struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "A subscriber's use of a service: packets pass, and are counted.",
        subcommands: [
            AddCommand<SessionFields>.self, RemoveCommand<SessionName>.self, ListCommand<SessionName>.self,
            ShowCommand<SessionName>.self,
        ])
}

struct SessionName: ObjectName {
    static let kind = ExchangeKind.sessions
    static let example = "alice-video"

    @Argument(help: "The session's name.") var name: String

    var parts: [String] { [name] }
}

struct SessionFields: ObjectFields {
    typealias Name = SessionName
    static let example =
        "--subscriber alice --service acme-video --access-port access0 --network-tunnel acme-north --network-send 100042 --network-receive 200042"

    @Option(help: ArgumentHelp("Who.", valueName: "SUBSCRIBER")) var subscriber: String?
    @Option(help: ArgumentHelp("What.", valueName: "SERVICE")) var service: String?
    @Option(help: ArgumentHelp("Towards the subscriber: bare IP on this port.", valueName: "PORT"))
    var accessPort: String?
    @Option(help: ArgumentHelp("Towards the subscriber: who takes the packets.", valueName: "ADDRESS"))
    var accessNextHop: String?
    @Option(help: ArgumentHelp("Towards the subscriber: inside this tunnel.", valueName: "TUNNEL"))
    var accessTunnel: String?
    @Option(help: ArgumentHelp("Towards the subscriber: the user label to send with.", valueName: "LABEL"))
    var accessSend: String?
    @Option(help: ArgumentHelp("Towards the subscriber: the user label to receive by.", valueName: "LABEL"))
    var accessReceive: String?
    @Option(help: ArgumentHelp("Towards the provider: bare IP on this port.", valueName: "PORT"))
    var networkPort: String?
    @Option(help: ArgumentHelp("Towards the provider: who takes the packets.", valueName: "ADDRESS"))
    var networkNextHop: String?
    @Option(help: ArgumentHelp("Towards the provider: inside this tunnel.", valueName: "TUNNEL"))
    var networkTunnel: String?
    @Option(help: ArgumentHelp("Towards the provider: the user label to send with.", valueName: "LABEL"))
    var networkSend: String?
    @Option(help: ArgumentHelp("Towards the provider: the user label to receive by.", valueName: "LABEL"))
    var networkReceive: String?
    @OptionGroup var policer: SessionPolicerFields

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        edits.text("subscriber", subscriber)
        edits.text("service", service)
        edits.text("access.port", accessPort)
        edits.text("access.nextHop", accessNextHop)
        edits.text("access.tunnel", accessTunnel)
        edits.text("access.send", accessSend)
        edits.text("access.receive", accessReceive)
        edits.text("network.port", networkPort)
        edits.text("network.nextHop", networkNextHop)
        edits.text("network.tunnel", networkTunnel)
        edits.text("network.send", networkSend)
        edits.text("network.receive", networkReceive)
        policer.add(to: &edits)
        return edits
    }
}

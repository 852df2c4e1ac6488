import ArgumentParser
import ExchangeFile

struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "A subscriber's use of a service: packets pass, and are counted.",
        subcommands: [
            AddCommand<SessionFields>.self, SetCommand<SessionFields>.self, RemoveCommand<SessionName>.self,
            ListCommand<SessionName>.self, ShowCommand<SessionName>.self,
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
    @Option(
        help: ArgumentHelp(
            "Towards the subscriber: one of several tunnels used side by side, with its user labels if it is MPLS.",
            valueName: "TUNNEL:SEND:RECEIVE")) var accessPath: [String] = []
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
    @Option(
        help: ArgumentHelp(
            "Towards the provider: one of several tunnels used side by side, with its user labels if it is MPLS.",
            valueName: "TUNNEL:SEND:RECEIVE")) var networkPath: [String] = []
    @OptionGroup var policer: SessionPolicerFields

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        edits.text("subscriber", subscriber)
        edits.text("service", service)
        try edits.legs(
            "access", paths: accessPath,
            [
                ("port", accessPort), ("nextHop", accessNextHop), ("tunnel", accessTunnel),
                ("send", accessSend), ("receive", accessReceive),
            ])
        try edits.legs(
            "network", paths: networkPath,
            [
                ("port", networkPort), ("nextHop", networkNextHop), ("tunnel", networkTunnel),
                ("send", networkSend), ("receive", networkReceive),
            ])
        policer.add(to: &edits)
        return edits
    }
}

extension FieldEdits {
    /// One side of a session: the keys of its only leg, or its paths, each `TUNNEL:SEND:RECEIVE` or `TUNNEL`.
    fileprivate mutating func legs(
        _ side: String, paths: [String], _ keys: [(name: String, value: String?)]
    ) throws {
        guard !paths.isEmpty else {
            for (name, value) in keys { text("\(side).\(name)", value) }
            return
        }
        guard keys.allSatisfy({ $0.value == nil }) else {
            throw ValidationError(
                "--\(side)-path says all of a leg; leave the other options that begin with --\(side) out")
        }
        let legs = try paths.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map {
            path in
            let parts = path.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 1 || parts.count == 3, !parts.contains("") else {
                throw ValidationError(
                    "--\(side)-path: `\(path)` is not TUNNEL:SEND:RECEIVE, as in acme-north:100042:200042, nor the "
                        + "name of an IP-in-IP tunnel")
            }
            return DocumentValue.map(
                zip(["tunnel", "send", "receive"], parts).map { .init($0, .text($1)) })
        }
        value(side, legs.count == 1 ? legs[0] : .list(legs))
    }
}

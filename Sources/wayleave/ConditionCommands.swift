import ArgumentParser
import ExchangeFile

struct ConditionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "condition",
        abstract: "What of a service a subscriber may use.",
        subcommands: [
            ListCommand<ConditionName>.self, ShowCommand<ConditionName>.self,
            AddCommand<ConditionFields>.self, SetCommand<ConditionFields>.self,
            RemoveCommand<ConditionName>.self,
        ])
}

struct ConditionName: ObjectName {
    static let kind = ExchangeKind.conditions
    static let example = "alice acme-video"

    @Argument(help: "The subscriber's name.") var subscriber: String
    @Argument(help: "The service's name.") var service: String

    var parts: [String] { [subscriber, service] }
}

struct ConditionFields: ObjectFields {
    typealias Name = ConditionName
    static let example = "--allow tcp:80,8000-8099 --allow icmp"

    @Option(
        help: ArgumentHelp(
            "A rule, as in `udp`, `47`, `icmp:echo` or `tcp:80,8000-8099`; several make several rules. None: the whole service.",
            valueName: "RULE")) var allow: [String] = []

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        if !allow.isEmpty { edits.value("allow", .list(allow.map(Self.rule))) }
        return edits
    }

    /// A protocol, and its ports or ICMP types behind a colon.
    private static func rule(_ text: String) -> DocumentValue {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        var rule: DocumentValue = ["protocol": .text(parts.first ?? "")]
        if parts.count > 1 {
            let key = ["icmp", "1", "58"].contains(parts[0]) ? "types" : "ports"
            rule.set(key, .list(parts[1].split(separator: ",").map { .text(String($0)) }))
        }
        return rule
    }
}

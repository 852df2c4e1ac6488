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
            "A rule, as in `udp`, `47`, `icmp:echo`, `tcp:80,8000-8099` or `udp:dscp=ef`; several make several rules. None, or '': the whole service.",
            valueName: "RULE")) var allow: [String] = []

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        if allow == [""] {
            edits.text("allow", "")
        } else if !allow.isEmpty {
            edits.value("allow", .list(try allow.map(Self.rule)))
        }
        return edits
    }

    /// A protocol, and behind colons its ports or ICMP types, and DSCPs.
    private static func rule(_ text: String) throws -> DocumentValue {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let ruleProtocol = parts[0]
        var rule: DocumentValue = ["protocol": .text(ruleProtocol)]
        for part in parts.dropFirst() {
            let isDSCP = part.hasPrefix("dscp=")
            let key = isDSCP ? "dscp" : ["icmp", "1", "58"].contains(ruleProtocol) ? "types" : "ports"
            let items = part.dropFirst(isDSCP ? "dscp=".count : 0).split(separator: ",")
            guard !ruleProtocol.isEmpty, !items.isEmpty, rule[key] == nil else {
                throw ValidationError(
                    "--allow: `\(text)` is not PROTOCOL[:PORTS or ICMP TYPES][:dscp=DSCPS], as in tcp:80,443:dscp=af11"
                )
            }
            rule.set(key, .list(items.map { .text(String($0)) }))
        }
        return rule
    }
}

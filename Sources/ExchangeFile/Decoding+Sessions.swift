import Exchange
import Wire

extension Decoding {
    // MARK: Conditions

    mutating func decodeConditions(_ file: Fields) {
        exchange.conditions = decodeListed(file["conditions"], "condition", as: .condition) {
            $0.decodeCondition($1)
        }
    }

    mutating func decodeCondition(_ fields: Fields) -> Condition? {
        let subscriber = require("subscriber", in: fields).flatMap { readText($0, "a subscriber's name") }
        let service = require("service", in: fields).flatMap { readText($0, "a service's name") }
        let allow = fields["allow"].map { decodeRules($0, fields) }
        guard let subscriber, let service else { return nil }
        return Condition(subscriber: subscriber, service: service, allow: allow, location: fields.location)
    }

    /// The rules of the condition whose fields these are.
    mutating func decodeRules(_ field: Field, _ condition: Fields) -> [Rule] {
        decodeListed(field, "\(condition.name): rule", as: .rule) { $0.decodeRule($1) }
    }

    private mutating func decodeRule(_ fields: Fields) -> Rule {
        let ruleProtocol = fields["protocol"].flatMap { field in
            readValue(
                field, "`any`, `icmp`, `tcp`, `udp`, `sctp` or a protocol number from 0 to 255",
                Self.ruleProtocol)
        }
        let ports = list(fields["ports"]) { decoding, field in
            decoding.readValue(field, "a port, or a range as in `8000-8099`,", Self.portRange)
        }
        let types = list(fields["types"]) { decoding, field in
            decoding.readValue(
                field,
                ICMPType.named.map { "`\($0.name)`" }.joined(separator: ", ") + " or an ICMP type's number",
                Self.icmpType)
        }
        let dscps = list(fields["dscp"]) { $0.readDSCP($1) }
        return Rule(
            protocol: ruleProtocol ?? .any, ports: ports, types: types, dscps: dscps,
            location: fields.location)
    }

    private static func icmpType(_ text: String) -> ICMPType? {
        ICMPType.named.first { $0.name == text }?.type ?? decimal(text, in: 0...255).map { .number($0) }
    }

    /// A protocol by name or number. The numbers of protocols with ports mean the same as their names.
    private static func ruleProtocol(_ text: String) -> RuleProtocol? {
        switch text {
        case "any": return .any
        case "icmp": return .icmp
        case "tcp": return .tcp
        case "udp": return .udp
        case "sctp": return .sctp
        default: break
        }
        guard let number = decimal(text, in: UInt8(0)...255) else { return nil }
        switch IPProtocol(rawValue: number) {
        case .tcp: return .tcp
        case .udp: return .udp
        case .sctp: return .sctp
        default: return .number(number)
        }
    }

    private static func portRange(_ text: String) -> ClosedRange<UInt16>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map {
            decimal(String($0), in: UInt16(0)...65_535)
        }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
            first <= last
        else {
            return nil
        }
        return first...last
    }

    // MARK: Sessions

    mutating func decodeSessions(_ file: Fields) {
        decodeNamed(file["sessions"], "session", as: .session, into: \.sessions) {
            $0.decodeSession(name: $1, $2)
        }
    }

    mutating func decodeSession(name: String, _ fields: Fields) -> Session? {
        let subscriber = require("subscriber", in: fields).flatMap { readText($0, "a subscriber's name") }
        let service = require("service", in: fields).flatMap { readText($0, "a service's name") }
        let access = require("access", in: fields).flatMap { decodeLegs($0) }
        let network = require("network", in: fields).flatMap { decodeLegs($0) }
        let policers = fields["policer"].flatMap { self.fields($0, as: .policers) }
        let up = policers?["up"].flatMap { decodePolicer($0) }
        let down = policers?["down"].flatMap { decodePolicer($0) }
        guard let subscriber, let service, let access, let network else { return nil }
        return Session(
            name: name, subscriber: subscriber, service: service, access: access, network: network,
            upPolicer: up, downPolicer: down, location: fields.location)
    }

    /// A leg, or a list of two and more.
    private mutating func decodeLegs(_ field: Field) -> Legs? {
        guard case .sequence(let items, _) = field.node else { return decodeLeg(field).map { Legs([$0]) } }
        if !(2...Limits.paths).contains(items.count) {
            reject(
                field,
                "a list of \(items.count) where 2 to \(Limits.paths) tunnels are used side by side; write a single leg "
                    + "without a list")
            return nil
        }
        let legs = items.map { decodeLeg(field.item($0)) }
        return legs.contains(nil) ? nil : Legs(legs.compactMap { $0 })
    }

    /// `{ port: NAME, nextHop: ADDRESS }`, or `{ tunnel: NAME, send: LABEL, receive: LABEL }`.
    private mutating func decodeLeg(_ field: Field) -> Leg? {
        guard let fields = fields(field, as: .leg),
            let (key, name) = requireOne(of: ["port", "tunnel"], in: fields)
        else { return nil }
        let nextHop = fields["nextHop"].flatMap { readAddress($0) }
        let send = fields["send"].flatMap { readLabel($0) }
        let receive = fields["receive"].flatMap { readLabel($0) }
        let foreign = key == "port" ? ["send", "receive"] : ["nextHop"]
        for other in foreign.compactMap({ fields[$0] }) {
            reject(other, "it says nothing beside `\(key)`; leave it out")
        }
        guard let name = readText(name, "a \(key)'s name") else { return nil }
        return key == "port"
            ? .plain(port: name, nextHop: nextHop) : .tunnel(name: name, send: send, receive: receive)
    }
}

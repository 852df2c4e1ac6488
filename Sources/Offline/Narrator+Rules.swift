import Exchange
import TableCompiler
import Tables
import Wire

/// Rules, and what they look at, as an exchange file has them.
extension Narrator {
    /// The compiled rules of a session: one for each protocol, range of ports and ICMP type.
    func rules(_ index: ConversionIndex?) -> [Tables.Rule] {
        index.map { names.sessionObjects[Int($0.session.rawValue)].rules } ?? []
    }

    /// `tcp 80`, `udp 5000–5009`, `icmp echo`, `udp with DSCP 46`, `anything`.
    func spelling(_ rule: Tables.Rule) -> String {
        var text = "anything"
        if !rule.anyProtocol {
            text = Words.protocol(isIPv6 ? rule.ipv6Protocol : rule.ipv4Protocol)
            switch rule.match {
            case .nothing: break
            case .ports where rule.lowestPort == rule.highestPort: text += " \(rule.lowestPort)"
            case .ports: text += " \(rule.lowestPort)–\(rule.highestPort)"
            case .icmp:
                let type = isIPv6 ? rule.icmpTypes.v6Up : rule.icmpTypes.v4Up
                text += type == 255 ? " of the other IP version" : " \(typeName(type) ?? "type \(type)")"
            }
        }
        guard rule.dscps != .max else { return text }
        let numbers = (0..<64).filter { rule.dscps >> UInt64($0) & 1 == 1 }
        return text + " with DSCP " + Words.list(numbers.map { "\($0)" }, "or")
    }

    /// What the rules saw of the packet, in words, and the rule that would admit it.
    func seen(_ direction: Direction) -> (packet: String, rule: String) {
        guard let transport = trail.transport else { return ("unreadable", "protocol: any") }
        var packet = Words.protocol(transport.protocol)
        var rule = "protocol: \(ruleSpelling(transport.protocol))"
        if let port = trail.servicePort {
            packet += direction == .up ? " to port \(port)" : " from port \(port)"
            rule += ", ports: [\(port)]"
        }
        if let type = trail.messageType {
            packet += " type \(type)"
            if let name = typeName(request(type, direction)) {
                rule += ", types: [\(name)]"
            } else {
                rule = "protocol: \(transport.protocol.rawValue), types: [\(request(type, direction))]"
            }
        }
        if let number = trail.codePoint {
            packet += " with DSCP \(number)"
            rule += ", dscp: [\(number)]"
        }
        return (packet, rule)
    }

    private var isIPv6: Bool { trail.headers.last?.source.version == .v6 }

    /// The protocol as an exchange file has it. There `icmp` is that of the packet's own IP version.
    func ruleSpelling(_ number: IPProtocol) -> String {
        let icmp: IPProtocol = isIPv6 ? .icmpv6 : .icmp
        return switch number {
        case icmp: "icmp"
        case .tcp, .udp, .sctp: Words.protocol(number)
        default: "\(number.rawValue)"
        }
    }

    /// The ICMP type that stands in a rule for this one, which on the way down may be its reply.
    private func request(_ type: UInt8, _ direction: Direction) -> UInt8 {
        switch (direction, isIPv6, type) {
        case (.down, false, 0): 8
        case (.down, false, 14): 13
        case (.down, true, 129): 128
        default: type
        }
    }

    /// As the exchange file calls the type; nil if it has no name.
    private func typeName(_ type: UInt8) -> String? {
        switch (isIPv6, type) {
        case (false, 8), (true, 128): "echo"
        case (false, 13): "timestamp"
        case (false, 3), (true, 1): "unreachable"
        case (false, 11), (true, 3): "time-exceeded"
        case (false, 12), (true, 4): "parameter-problem"
        case (true, 2): "too-big"
        default: nil
        }
    }
}

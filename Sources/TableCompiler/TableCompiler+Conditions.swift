import Exchange
import Tables
import Wire

extension TableCompiler {
    /// Several conditions of one (subscriber, service) are joined; one without rules admits everything.
    mutating func compileConditions() {
        var order: [Admission] = []
        var rules: [Admission: [Tables.Rule]] = [:]
        var unlimited: Set<Admission> = []
        for condition in exchange.conditions {
            let admission = Admission(
                subscriber: place(condition.subscriber, subscriberIndices),
                service: place(condition.service, serviceIndices))
            if rules[admission] == nil { order.append(admission) }
            rules[admission, default: []] += (condition.allow ?? []).flatMap { Self.rules($0) }
            if condition.allow == nil { unlimited.insert(admission) }
        }
        for admission in order {
            let first = result.contents.rules.count
            if !unlimited.contains(admission) { result.contents.rules += rules[admission]! }
            ruleRanges[admission] = first..<result.contents.rules.count
        }
    }

    static func rules(_ rule: Exchange.Rule) -> [Tables.Rule] {
        let protocols: (IPProtocol, IPProtocol)
        switch rule.protocol {
        case .any: return [.any]
        case .icmp: protocols = (.icmp, .icmpv6)
        case .tcp: protocols = (.tcp, .tcp)
        case .udp: protocols = (.udp, .udp)
        case .sctp: protocols = (.sctp, .sctp)
        case .number(let number): protocols = (IPProtocol(rawValue: number), IPProtocol(rawValue: number))
        }
        guard !rule.ports.isEmpty else {
            return [Tables.Rule(ipv4Protocol: protocols.0, ipv6Protocol: protocols.1)]
        }
        return rule.ports.map { Tables.Rule(ipv4Protocol: protocols.0, ipv6Protocol: protocols.1, ports: $0) }
    }
}

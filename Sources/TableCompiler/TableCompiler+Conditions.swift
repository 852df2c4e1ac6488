import Exchange
import Tables
import Wire

extension TableCompiler {
    /// What a condition's rule comes to: one for each range of ports.
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

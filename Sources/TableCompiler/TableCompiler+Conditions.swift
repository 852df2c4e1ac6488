import Exchange
import Tables
import Wire

extension TableCompiler {
    /// What a condition's rule comes to: one for each range of ports, or each ICMP type.
    static func rules(_ rule: Exchange.Rule) -> [Tables.Rule] {
        let dscps = rule.dscps.isEmpty ? UInt64.max : rule.dscps.reduce(0) { $0 | 1 << UInt64($1) }
        if !rule.types.isEmpty {
            return rule.types.map { type in
                Tables.Rule(icmpTypes: numbers(type, rule.protocol.icmpVersions), dscps: dscps)
            }
        }
        let protocols: (IPProtocol, IPProtocol)
        switch rule.protocol {
        case .any:
            var any = Tables.Rule.any
            any.dscps = dscps
            return [any]
        case .icmp: protocols = (.icmp, .icmpv6)
        case .tcp: protocols = (.tcp, .tcp)
        case .udp: protocols = (.udp, .udp)
        case .sctp: protocols = (.sctp, .sctp)
        case .number(let number): protocols = (IPProtocol(rawValue: number), IPProtocol(rawValue: number))
        }
        let ranges: [ClosedRange<UInt16>?] = rule.ports.isEmpty ? [nil] : rule.ports.map { $0 }
        return ranges.map {
            Tables.Rule(ipv4Protocol: protocols.0, ipv6Protocol: protocols.1, ports: $0, dscps: dscps)
        }
    }

    /// A type's numbers both ways, under the versions that the rule is about.
    private static func numbers(_ type: ICMPType, _ versions: [IPVersion]) -> Tables.Rule.ICMPTypes {
        func pair(_ version: IPVersion) -> (up: UInt8, down: UInt8) {
            // No message has type 255.
            guard versions.contains(version), let up = type.number(version) else { return (.max, .max) }
            return (up, ICMPType.counterpart(of: up, version))
        }
        let (v4, v6) = (pair(.v4), pair(.v6))
        return .init(v4Up: v4.up, v4Down: v4.down, v6Up: v6.up, v6Down: v6.down)
    }
}

import Exchange
import Wire

extension Subscriber {
    var document: DocumentValue {
        .map(given: [
            ("port", port.map { .text($0) }), ("addresses", .texts(addresses)),
            ("vlan", vlan.isEmpty ? nil : .list(vlan.map { DocumentValue($0) })),
            ("nextHop", .address(nextHop)),
        ])
    }
}

extension Condition {
    var document: DocumentValue {
        .map(given: [
            ("subscriber", .text(subscriber)), ("service", .text(service)),
            ("allow", allow.map { .list($0.map(\.document)) }),
        ])
    }
}

extension Rule {
    fileprivate var document: DocumentValue {
        let name: DocumentValue? =
            switch `protocol` {
            case .any: nil
            case .icmp: "icmp"
            case .tcp: "tcp"
            case .udp: "udp"
            case .sctp: "sctp"
            case .number(let number): DocumentValue(number)
            }
        let ports = ports.map { range in
            range.count == 1
                ? DocumentValue(range.lowerBound) : .text("\(range.lowerBound)-\(range.upperBound)")
        }
        let types = types.map { type -> DocumentValue in
            if case .number(let number) = type { return DocumentValue(number) }
            return .text(ICMPType.named.first { $0.type == type }?.name ?? "")
        }
        return .map(given: [
            ("protocol", name), ("ports", ports.isEmpty ? nil : .list(ports)),
            ("types", types.isEmpty ? nil : .list(types)),
            ("dscp", dscps.isEmpty ? nil : .list(dscps.map { .dscp($0) })),
        ])
    }
}

extension Session {
    var document: DocumentValue {
        let policers = DocumentValue.map(given: [
            ("up", upPolicer?.document), ("down", downPolicer?.document),
        ])
        return .map(given: [
            ("subscriber", .text(subscriber)), ("service", .text(service)), ("access", access.document),
            ("network", network.document), ("policer", policers.members.isEmpty ? nil : policers),
        ])
    }
}

extension Legs {
    fileprivate var document: DocumentValue {
        each.count == 1 ? each[0].document : .list(each.map(\.document))
    }
}

extension Leg {
    fileprivate var document: DocumentValue {
        switch self {
        case .plain(let port, let nextHop):
            .map(given: [("port", .text(port)), ("nextHop", .address(nextHop))])
        case .tunnel(let name, let send, let receive):
            .map(given: [("tunnel", .text(name)), ("send", .label(send)), ("receive", .label(receive))])
        }
    }
}

extension LabelBinding {
    var document: DocumentValue {
        let way: DocumentValue =
            switch via {
            case .line(let name): .text(name)
            case .tunnel(let name): ["tunnel": .text(name)]
            }
        return switch operation {
        case .swap(let labels):
            [
                "in": DocumentValue(`in`.rawValue), "swap": .list(labels.map { DocumentValue($0.rawValue) }),
                "via": way,
            ]
        case .pop: ["in": DocumentValue(`in`.rawValue), "pop": true, "via": way]
        }
    }
}

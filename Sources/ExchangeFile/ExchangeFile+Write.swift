public import Exchange

extension ExchangeFile {
    /// The text of a file that describes this exchange: read back, it gives an equal one. Objects stand in their order,
    /// kinds without objects are left out.
    public static func text(of exchange: ExchangeDescription, as format: ExchangeFormat = .yaml) -> String {
        let document = document(of: exchange)
        return switch format {
        // An empty YAML text would be refused as a file that somebody forgot to write.
        case .yaml: document.members.isEmpty ? "ports: {}\n" : document.yaml(indentedDepth: 2)
        case .json: document.json + "\n"
        }
    }

    /// What a file that describes this exchange holds.
    public static func document(of exchange: ExchangeDescription) -> DocumentValue {
        func named<Object>(
            _ objects: [Object], _ name: (Object) -> String, _ object: (Object) -> ExchangeObject
        ) -> DocumentValue {
            .map(objects.map { DocumentValue.Member(name($0), object($0).document) })
        }
        let sections: [(ExchangeKind, DocumentValue)] = [
            (.ports, named(exchange.ports, \.name, ExchangeObject.port)),
            (.lines, named(exchange.lines, \.name, ExchangeObject.line)),
            (.providers, named(exchange.providers, \.name, ExchangeObject.provider)),
            (.services, named(exchange.services, \.name, ExchangeObject.service)),
            (.tunnels, named(exchange.tunnels, \.name, ExchangeObject.tunnel)),
            (.subscribers, named(exchange.subscribers, \.name, ExchangeObject.subscriber)),
            (.conditions, .list(exchange.conditions.map { ExchangeObject.condition($0).document })),
            (.sessions, named(exchange.sessions, \.name, ExchangeObject.session)),
            (.labels, .list(exchange.labels.map { ExchangeObject.label($0).document })),
        ]
        return .map(
            sections.filter { !$0.1.members.isEmpty || !$0.1.items.isEmpty }
                .map { DocumentValue.Member($0.0.rawValue, $0.1) })
    }
}

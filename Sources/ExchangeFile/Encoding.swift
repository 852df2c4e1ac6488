public import Exchange
import Wire

extension ExchangeObject {
    /// What stands in an exchange file for it: behind its name, or as an item of the list of its kind. Keys with their
    /// default value are left out.
    public var document: DocumentValue {
        switch self {
        case .port(let port): port.document
        case .line(let line): line.document
        case .provider(let provider):
            .map(provider.title == provider.name ? [] : [.init("name", .text(provider.title))])
        case .service(let service):
            ["provider": .text(service.provider), "prefixes": .texts(service.prefixes)]
        case .tunnel(let tunnel): tunnel.document
        case .subscriber(let subscriber): subscriber.document
        case .condition(let condition): condition.document
        case .session(let session): session.document
        case .label(let binding): binding.document
        }
    }
}

extension DocumentValue {
    /// A mapping of the members that have a value.
    static func map(given members: [(String, DocumentValue?)]) -> DocumentValue {
        .map(members.compactMap { key, value in value.map { Member(key, $0) } })
    }

    /// Each as its own description.
    static func texts(_ values: [some CustomStringConvertible]) -> DocumentValue {
        .list(values.map { .text($0.description) })
    }

    static func address(_ address: IPAddress?) -> DocumentValue? { address.map { .text($0.description) } }

    static func capacity(_ bitsPerSecond: UInt64?) -> DocumentValue? {
        guard let text = bitsPerSecond.map(Capacity.text) else { return nil }
        return text.last == "t" ? .text(text) : .number(text)
    }

    /// By name where it has one.
    static func dscp(_ number: UInt8) -> DocumentValue {
        DSCP.name(number).map { .text($0) } ?? DocumentValue(number)
    }

    /// A single one alone; none is nil.
    static func labels(_ labels: [Label]) -> DocumentValue? {
        switch labels.count {
        case 0: nil
        case 1: label(labels[0])
        default: .list(labels.map { DocumentValue($0.rawValue) })
        }
    }

    static func label(_ label: Label?) -> DocumentValue? { label.map { DocumentValue($0.rawValue) } }
}

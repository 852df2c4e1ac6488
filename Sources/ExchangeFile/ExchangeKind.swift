public import Exchange
import Wire

/// The kinds of objects, by the keys of an exchange file that hold them.
public enum ExchangeKind: String, CaseIterable, Sendable {
    case ports, lines, providers, services, tunnels, subscribers, conditions, sessions, labels

    /// What one of them is called.
    public var noun: String { String(rawValue.dropLast()) }
}

extension ExchangeKey {
    /// The kind of the object with this key.
    public var kind: ExchangeKind {
        switch self {
        case .port: .ports
        case .line: .lines
        case .provider: .providers
        case .service: .services
        case .tunnel: .tunnels
        case .subscriber: .subscribers
        case .condition: .conditions
        case .session: .sessions
        case .label: .labels
        }
    }

    /// What tells it from others of its kind: `north`, `alice/acme-video`, `16001`.
    public var name: String {
        switch self {
        case .port(let name), .line(let name), .provider(let name), .service(let name), .tunnel(let name),
            .subscriber(let name), .session(let name):
            name
        case .condition(let use): "\(use.subscriber)/\(use.service)"
        case .label(let label): "\(label)"
        }
    }

    /// The key of an object by its kind and name. Nil for what can't be one.
    public init?(_ kind: ExchangeKind, name: String) {
        switch kind {
        case .ports: self = .port(name)
        case .lines: self = .line(name)
        case .providers: self = .provider(name)
        case .services: self = .service(name)
        case .tunnels: self = .tunnel(name)
        case .subscribers: self = .subscriber(name)
        case .sessions: self = .session(name)
        case .conditions:
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            self = .condition(UseOfService(subscriber: String(parts[0]), service: String(parts[1])))
        case .labels:
            guard let label = Decoding.decimal(name, in: 0...UInt32.max).flatMap(Label.init(rawValue:)) else {
                return nil
            }
            self = .label(label)
        }
    }
}

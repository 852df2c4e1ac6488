public import Wire

/// An object of any kind that an exchange is made of, by reference: a change of a million of them stays small.
public indirect enum ExchangeObject: Equatable, Sendable {
    case port(Port)
    case line(Line)
    case provider(Provider)
    case service(Service)
    case tunnel(Tunnel)
    case subscriber(Subscriber)
    case condition(Condition)
    case session(Session)
    case label(LabelBinding)

    /// What it is found by.
    public var key: ExchangeKey {
        switch self {
        case .port(let port): .port(port.name)
        case .line(let line): .line(line.name)
        case .provider(let provider): .provider(provider.name)
        case .service(let service): .service(service.name)
        case .tunnel(let tunnel): .tunnel(tunnel.name)
        case .subscriber(let subscriber): .subscriber(subscriber.name)
        case .condition(let condition): .condition(condition.use)
        case .session(let session): .session(session.name)
        case .label(let binding): .label(binding.in)
        }
    }
}

/// What an object is found by: its kind, and its name, its use of a service, or its incoming label.
public enum ExchangeKey: Hashable, Sendable {
    case port(String)
    case line(String)
    case provider(String)
    case service(String)
    case tunnel(String)
    case subscriber(String)
    case condition(UseOfService)
    case session(String)
    case label(Label)
}

/// A subscriber and a service, by name.
public struct UseOfService: Hashable, Sendable {
    /// The name of the subscriber.
    public var subscriber: String
    /// The name of the service.
    public var service: String

    /// This subscriber's use of this service.
    public init(subscriber: String, service: String) {
        self.subscriber = subscriber
        self.service = service
    }
}

extension Condition {
    /// The use that it allows.
    public var use: UseOfService { UseOfService(subscriber: subscriber, service: service) }
}

extension ExchangeObject {
    /// Whether an object can have this name: 1 to 64 of the characters A-Z a-z 0-9 . _ -.
    public static func isName(_ text: String) -> Bool {
        (1...Limits.nameCharacters).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

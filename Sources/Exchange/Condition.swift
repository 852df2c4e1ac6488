/// An access condition: this subscriber may use this service. What no condition allows is refused.
public struct Condition: Equatable, Sendable {
    /// The name of the subscriber.
    public var subscriber: String
    /// The name of the service.
    public var service: String
    /// What of the service; a packet needs one rule that admits it. Nil: all of it.
    public var allow: [Rule]?
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(subscriber: String, service: String, allow: [Rule]? = nil, location: SourceLocation? = nil) {
        self.subscriber = subscriber
        self.service = service
        self.allow = allow
        self.location = location
    }
}

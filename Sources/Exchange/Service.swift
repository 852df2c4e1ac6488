public import Wire

/// What a provider offers, known by the addresses it is reached at.
public struct Service: Equatable, Sendable {
    /// Unique among the services: 1 to 64 of the characters A-Z a-z 0-9 . _ -.
    public var name: String
    /// The name of the provider.
    public var provider: String
    /// The service's addresses. Prefixes of different services may lie inside one another: the longest one
    /// counts.
    public var prefixes: [IPPrefix]
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(name: String, provider: String, prefixes: [IPPrefix], location: SourceLocation? = nil) {
        self.name = name
        self.provider = provider
        self.prefixes = prefixes
        self.location = location
    }
}

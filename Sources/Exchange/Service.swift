public import Wire

/// What a provider offers, known by the addresses it is reached at.
public struct Service: Equatable, Sendable {
    public var name: String
    /// The name of the provider.
    public var provider: String
    /// The service's addresses. Prefixes of different services may lie inside one another: the longest one
    /// counts.
    public var prefixes: [IPPrefix]
    @NotCompared public var location: SourceLocation?

    public init(name: String, provider: String, prefixes: [IPPrefix], location: SourceLocation? = nil) {
        self.name = name
        self.provider = provider
        self.prefixes = prefixes
        self.location = location
    }
}

/// Somebody who offers services.
public struct Provider: Equatable, Sendable {
    public var name: String
    /// The name for people to read, as it stands on a bill.
    public var title: String
    @NotCompared public var location: SourceLocation?

    public init(name: String, title: String, location: SourceLocation? = nil) {
        self.name = name
        self.title = title
        self.location = location
    }
}

/// Somebody who offers services.
public struct Provider: Equatable, Sendable {
    /// Unique among the providers: 1 to 64 of the characters A-Z a-z 0-9 . _ -.
    public var name: String
    /// The name for people to read, as it stands on a bill.
    public var title: String
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(name: String, title: String, location: SourceLocation? = nil) {
        self.name = name
        self.title = title
        self.location = location
    }
}

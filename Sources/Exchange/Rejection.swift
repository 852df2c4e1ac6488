/// What a person asked for that can't be, and what to do about it. Nothing has been changed.
public struct Rejection: Error, Hashable, Sendable {
    /// One sentence or two: what is wrong, and what to do.
    public var message: String
    /// Where it was asked for, if that was in a file.
    public var location: SourceLocation?

    /// A rejection with its sentence, and its place if there is one.
    public init(_ message: String, at location: SourceLocation? = nil) {
        self.message = message
        self.location = location
    }
}

extension Rejection: CustomStringConvertible {
    /// `line:column: message`, or the message alone.
    public var description: String { location.map { "\($0): \(message)" } ?? message }
}

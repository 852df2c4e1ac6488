/// What a person asked for that can't be, and what to do about it. Nothing has been changed.
public struct Rejection: Error, Hashable, Sendable {
    /// One sentence or two: what is wrong, and what to do.
    public var message: String
    /// Where it was asked for, if that was in a file.
    public var location: SourceLocation?
    /// What sort of fault it is, for programs.
    public var kind: Kind

    /// A rejection with its sentence, and its place if there is one.
    public init(_ message: String, at location: SourceLocation? = nil, kind: Kind = .invalid) {
        self.message = message
        self.location = location
        self.kind = kind
    }

    /// The sorts of faults.
    public enum Kind: Hashable, Sendable {
        /// It makes no sense, by itself or beside what there is.
        case invalid
        /// It is about something that doesn't exist.
        case notFound
        /// The object was changed by somebody else in between.
        case conflict
        /// There would be more than `Limits` allows.
        case limit
    }
}

extension Rejection: CustomStringConvertible {
    /// `line:column: message`, or the message alone.
    public var description: String { location.map { "\($0): \(message)" } ?? message }
}

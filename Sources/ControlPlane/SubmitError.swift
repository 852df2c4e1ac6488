public import Exchange

/// Why changes were not made. Nothing has been changed.
public enum SubmitError: Error, Equatable, Sendable {
    /// They can't be: what is wrong, and what to do about it.
    case rejected([Rejection])
    /// The control plane can't keep them at the moment: a sentence for people.
    case unavailable(String)
}

extension SubmitError: CustomStringConvertible {
    /// One sentence a line.
    public var description: String {
        switch self {
        case .rejected(let rejections): rejections.map(\.description).joined(separator: "\n")
        case .unavailable(let sentence): sentence
        }
    }
}

/// Why the control plane gave no answer, in a sentence.
public struct APIClientError: Error, CustomStringConvertible, Sendable {
    public let description: String
    init(_ description: String) { self.description = description }
}

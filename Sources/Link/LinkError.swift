/// What went wrong between forwarder and control plane, in a sentence. The connection it happened on is of no more use.
public struct LinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, where, and where it helps, what to do.
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// What went wrong between forwarder and control plane, in a sentence. The connection it happened on is of no more use.
public struct LinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, where, and where it helps, what to do.
    public let description: String
    /// Whether it is that nobody listens where somebody should.
    package let isNobodyThere: Bool

    public init(_ description: String) { self.init(description, isNobodyThere: false) }

    package init(_ description: String, isNobodyThere: Bool) {
        self.description = description
        self.isNobodyThere = isNobodyThere
    }
}

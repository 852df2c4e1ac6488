public import Wire

/// An entry of a transit node's incoming label map (ILM, RFC 3031 §3.11): what is done with an incoming top
/// label.
public struct LabelBinding: Equatable, Sendable {
    /// The incoming top label.
    public var `in`: Label
    /// What becomes of the incoming label.
    public var operation: Operation
    /// Where the packet goes then.
    public var via: Via
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(in label: Label, operation: Operation, via: Via, location: SourceLocation? = nil) {
        `in` = label
        self.operation = operation
        self.via = via
        self.location = location
    }

    /// What can become of an incoming label.
    public enum Operation: Equatable, Sendable {
        /// Replace it by one to eight labels; the first is the top of the new stack.
        case swap([Label])
        /// Take it off, and send on what is exposed (penultimate-hop popping).
        case pop
    }

    /// Where the packet goes then.
    public enum Via: Equatable, Sendable {
        /// Out over a line.
        case line(String)
        /// Into an MPLS tunnel: its path labels are pushed on top.
        case tunnel(String)
    }
}

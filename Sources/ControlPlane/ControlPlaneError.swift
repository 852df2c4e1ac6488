/// Why a control plane can't run, in a sentence for people.
public struct ControlPlaneError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public let description: String
    /// What kind of thing it is.
    public let kind: Kind

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// What a program that starts a control plane tells apart.
    public enum Kind: Equatable, Sendable {
        /// Another daemon has the instance.
        case instanceTaken
        /// A directory, socket or file can't be made or read.
        case unreachable
        /// The journal can't be understood: damaged, or made by a newer version.
        case journal
        /// What was asked for makes no sense.
        case configuration
    }
}

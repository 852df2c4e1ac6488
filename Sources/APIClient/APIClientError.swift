import Glibc

/// Why the control plane gave no answer, in a sentence.
public struct APIClientError: Error, CustomStringConvertible, Sendable {
    /// What sort of failure it is.
    public let kind: Kind
    /// What is wrong, and where.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// Why a socket can't be connected to.
    init(errnoCode: Int32, socketPath: String) {
        switch errnoCode {
        case ENOENT, ECONNREFUSED: self.init(.noDaemon, "nobody listens on \(socketPath)")
        case EACCES, EPERM:
            self.init(.forbidden, "no permission to use \(socketPath); be its owner, or in its group")
        case ENAMETOOLONG: self.init(.failed, "\(socketPath): the path is too long for a socket")
        default: self.init(.failed, "\(socketPath): \(String(cString: strerror(errnoCode)))")
        }
    }

    /// The sorts of failures.
    public enum Kind: Sendable {
        /// No control plane runs.
        case noDaemon
        /// The socket is not for us.
        case forbidden
        /// Anything else.
        case failed
    }
}

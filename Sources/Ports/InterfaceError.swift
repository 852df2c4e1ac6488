import Glibc

/// Something that could not be done with an interface: which, what, and why.
public struct InterfaceError: Error, Hashable, Sendable {
    /// The interface's name in the kernel.
    public let interface: String
    /// What was tried, as in "add address 10.1.0.1/24".
    public let action: String
    public let reason: String
    /// Whether it is of no use to try again later: a right is missing, or what was asked for can't be.
    public let isPermanent: Bool

    init(interface: String, action: String, reason: String, isPermanent: Bool = false) {
        self.interface = interface
        self.action = action
        self.reason = reason
        self.isPermanent = isPermanent
    }

    /// What an operator can do about a missing right; stands behind the kernel's reason.
    static let whatItTakes = " (it takes root, or CAP_NET_ADMIN and CAP_NET_RAW)"

    /// - Parameter errorNumber: an `errno`.
    init(interface: String, action: String, errorNumber: Int32) {
        let isPermission = errorNumber == EPERM || errorNumber == EACCES
        self.init(
            interface: interface, action: action,
            reason: String(errorNumber: errorNumber) + (isPermission ? Self.whatItTakes : ""),
            isPermanent: isPermission || errorNumber == ENAMETOOLONG)
    }
}

extension InterfaceError: CustomStringConvertible {
    public var description: String { "interface \(interface): can't \(action): \(reason)" }
}

/// An address of either IP version.
public enum IPAddress: Hashable, Comparable, Sendable, BitwiseCopyable {
    case v4(IPv4Address)
    case v6(IPv6Address)

    /// Reads either text form. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// Which case this is.
    public var version: IPVersion {
        switch self {
        case .v4: .v4
        case .v6: .v6
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical form of its version.
    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }
}

/// The two versions of IP.
public enum IPVersion: UInt8, Hashable, Sendable, BitwiseCopyable {
    case v4 = 4
    case v6 = 6

    /// The bits of an address: 32 or 128.
    @inlinable public var addressBitCount: Int { self == .v4 ? 32 : 128 }
}

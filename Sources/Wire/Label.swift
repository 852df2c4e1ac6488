/// A 20-bit MPLS label (RFC 3032 §2.1).
public struct Label: RawRepresentable, Hashable, Comparable, Sendable, BitwiseCopyable {
    /// 0…1,048,575.
    public let rawValue: UInt32

    /// Nil above 1,048,575.
    @inlinable public init?(rawValue: UInt32) {
        guard rawValue <= 0xf_ffff else { return nil }
        self.rawValue = rawValue
    }

    /// The label in the low 20 bits; higher ones are cut off.
    @inlinable public init(unchecked rawValue: UInt32) { self.rawValue = rawValue & 0xf_ffff }

    /// IPv4 explicit null (RFC 3032 §2.1).
    @inlinable public static var ipv4ExplicitNull: Self { Self(unchecked: 0) }
    /// IPv6 explicit null (RFC 3032 §2.1).
    @inlinable public static var ipv6ExplicitNull: Self { Self(unchecked: 2) }
    /// GAL: what follows is no packet, but the associated channel of what stands above (RFC 5586 §4).
    @inlinable public static var associatedChannel: Self { Self(unchecked: 13) }

    /// One that stands for nothing: the packet below it goes by what it is itself.
    @inlinable @inline(always) public var isExplicitNull: Bool {
        self == .ipv4ExplicitNull || self == .ipv6ExplicitNull
    }

    /// The labels that may be bound: 16…1,048,575. 0–15 have special purposes (RFC 7274).
    public static var bindable: ClosedRange<Label> { Label(unchecked: 16)...Label(unchecked: 0xf_ffff) }

    /// In the order of the numbers.
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

extension Label: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { String(rawValue) }
}

/// What an Ethernet frame carries (IEEE 802 numbers). `rawValue` is in host byte order.
public struct EtherType: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// The number in the frame, 0x0800 for IPv4.
    public var rawValue: UInt16

    /// The ethertype with this number.
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// RFC 894.
    @inlinable public static var ipv4: Self { Self(rawValue: 0x0800) }
    /// RFC 826.
    @inlinable public static var arp: Self { Self(rawValue: 0x0806) }
    /// IEEE 802.1Q customer tag.
    @inlinable public static var vlan: Self { Self(rawValue: 0x8100) }
    /// IEEE 802.1ad service tag.
    @inlinable public static var serviceVLAN: Self { Self(rawValue: 0x88a8) }
    /// RFC 2464.
    @inlinable public static var ipv6: Self { Self(rawValue: 0x86dd) }
    /// Unicast MPLS (RFC 3032 §5.1, RFC 5332).
    @inlinable public static var mpls: Self { Self(rawValue: 0x8847) }
}

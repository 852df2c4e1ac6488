/// The protocol that an IP header announces behind it (IANA protocol numbers).
public struct IPProtocol: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// The number in the header.
    public var rawValue: UInt8

    /// The protocol with this number.
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// IPv6 hop-by-hop options (RFC 8200 §4.3).
    @inlinable public static var hopByHop: Self { Self(rawValue: 0) }
    /// RFC 792.
    @inlinable public static var icmp: Self { Self(rawValue: 1) }
    /// IPv4 inside IP (RFC 2003).
    @inlinable public static var ipv4: Self { Self(rawValue: 4) }
    /// RFC 9293.
    @inlinable public static var tcp: Self { Self(rawValue: 6) }
    /// RFC 768.
    @inlinable public static var udp: Self { Self(rawValue: 17) }
    /// IPv6 inside IP (RFC 2473, RFC 4213).
    @inlinable public static var ipv6: Self { Self(rawValue: 41) }
    /// IPv6 routing header (RFC 8200 §4.4).
    @inlinable public static var ipv6Routing: Self { Self(rawValue: 43) }
    /// IPv6 fragment header (RFC 8200 §4.5).
    @inlinable public static var ipv6Fragment: Self { Self(rawValue: 44) }
    /// RFC 4443.
    @inlinable public static var icmpv6: Self { Self(rawValue: 58) }
    /// IPv6 destination options (RFC 8200 §4.6).
    @inlinable public static var ipv6DestinationOptions: Self { Self(rawValue: 60) }
    /// RFC 9260.
    @inlinable public static var sctp: Self { Self(rawValue: 132) }
}

/// Where the fields of an ICMP or ICMPv6 message stand, in bytes from its first (RFC 792, RFC 4443 §2.1).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+---------------+-------------------------------+
/// |     type      |     code      |           checksum            |
/// +---------------+---------------+-------------------------------+
/// |                   by type, as below                           |
/// +-------------------------------+-------------------------------+
/// |          identifier           |        sequence number        |   echo
/// +-------------------------------+-------------------------------+
/// |               0               |         next-hop MTU          |   fragmentation needed (RFC 1191 §4)
/// +-------------------------------+-------------------------------+
/// |                              MTU                              |   packet too big (RFC 4443 §3.2)
/// +---------------------------------------------------------------+
/// ```
public enum ICMPField {
    /// One octet: an `ICMPv4Type` or `ICMPv6Type`.
    @inlinable public static var type: Int { 0 }
    /// One octet.
    @inlinable public static var code: Int { 1 }
    /// 16 bits.
    @inlinable public static var checksum: Int { 2 }
    /// 32 bits whose meaning the type gives.
    @inlinable public static var rest: Int { 4 }
    /// 16 bits, in an echo.
    @inlinable public static var identifier: Int { 4 }
    /// 16 bits, in an echo.
    @inlinable public static var sequence: Int { 6 }

    /// The header: every message that is read or written here has these eight bytes.
    @inlinable public static var byteCount: Int { 8 }
}

/// An ICMP or ICMPv6 message in bytes whose length has been checked.
public struct ICMPView: ~Escapable {
    /// The whole message.
    public let bytes: RawSpan

    /// Truncated below 8 bytes.
    /// - Parameter bytes: the payload of an IP packet that is no fragment.
    /// - Parameter version: of that packet; it names the header in the error.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan, over version: IPVersion) throws(WireError) {
        guard bytes.byteCount >= ICMPField.byteCount else {
            throw WireError(version == .v4 ? .icmpv4 : .icmpv6, .truncated)
        }
        self.bytes = bytes
    }

    /// What the message is.
    public var type: UInt8 { bytes.octet(at: ICMPField.type) }
    /// What it is more exactly.
    public var code: UInt8 { bytes.octet(at: ICMPField.code) }
    /// The checksum field, in host byte order.
    public var checksum: UInt16 { bytes.uint16(at: ICMPField.checksum) }
    /// The second 32 bits, in host byte order.
    public var rest: UInt32 { bytes.uint32(at: ICMPField.rest) }

    /// What follows the header: an echo's data, or the packet that an error is about.
    public var payload: RawSpan {
        @_lifetime(copy self) get { bytes.extracting(ICMPField.byteCount..<bytes.byteCount) }
    }

    /// Whether the checksum matches.
    /// - Parameter sum: that of the pseudo-header for ICMPv6 (RFC 4443 §2.3), zero for ICMP.
    public func hasValidChecksum(pseudoHeader sum: UInt64 = 0) -> Bool {
        TransportChecksum.isValid(bytes, pseudoHeader: sum)
    }
}

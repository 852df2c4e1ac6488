/// Where the fields of an IPv6 header stand, in bytes from its first (RFC 8200 §3).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+-----------+---+---------------------------------------+
/// |   6   |   DSCP    |ECN|              flow label               |
/// +-------+-----------+---+-------+---------------+---------------+
/// |        payload length         |  next header  |   hop limit   |
/// +-------------------------------+---------------+---------------+
/// |                  source address, 16 bytes                     |
/// +---------------------------------------------------------------+
/// |                destination address, 16 bytes                  |
/// +---------------------------------------------------------------+
/// ```
public enum IPv6Field {
    /// Version, traffic class and flow label: 32 bits.
    @inlinable public static var versionClassAndFlow: Int { 0 }
    /// 16 bits: bytes behind the fixed header.
    @inlinable public static var payloadLength: Int { 4 }
    /// One octet: an `IPProtocol`.
    @inlinable public static var nextHeader: Int { 6 }
    /// One octet.
    @inlinable public static var hopLimit: Int { 7 }
    /// 16 octets.
    @inlinable public static var source: Int { 8 }
    /// 16 octets.
    @inlinable public static var destination: Int { 24 }

    /// The fixed header, and where the payload begins.
    @inlinable public static var byteCount: Int { 40 }
}

/// An IPv6 packet in bytes whose lengths have been checked, so that every property is safe to read.
public struct IPv6View: ~Escapable {
    /// The packet: 40 + payload length bytes, without what padding followed it.
    public let bytes: RawSpan

    /// Checks version and payload length. Jumbograms (RFC 2675) are not understood.
    /// - Parameter bytes: begins with the header; may go on behind the packet, as a padded frame does.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount >= IPv6Field.byteCount else { throw WireError(.ipv6, .truncated) }
        guard bytes.octet(at: 0) >> 4 == IPVersion.v6.rawValue else { throw WireError(.ipv6, .version) }
        let totalByteCount = IPv6Field.byteCount + Int(bytes.uint16(at: IPv6Field.payloadLength))
        guard totalByteCount <= bytes.byteCount else { throw WireError(.ipv6, .length) }
        self.bytes = bytes.extracting(first: totalByteCount)
    }

    /// Differentiated services code point: 0…63.
    public var dscp: UInt8 { trafficClassOctet >> 2 }
    /// Explicit congestion notification.
    public var ecn: ECN { ECN(trafficClassOctet: trafficClassOctet) }
    /// 20 bits.
    public var flowLabel: UInt32 { bytes.uint32(at: IPv6Field.versionClassAndFlow) & 0xf_ffff }
    /// Bytes behind the fixed header, extension headers included.
    public var payloadLength: Int { bytes.byteCount - IPv6Field.byteCount }
    /// The first extension header, or what the payload is.
    public var nextHeader: IPProtocol { IPProtocol(rawValue: bytes.octet(at: IPv6Field.nextHeader)) }
    /// Hops that are left.
    public var hopLimit: UInt8 { bytes.octet(at: IPv6Field.hopLimit) }
    /// Who sent the packet.
    public var source: IPv6Address { bytes.ipv6Address(at: IPv6Field.source) }
    /// Who the packet is for.
    public var destination: IPv6Address { bytes.ipv6Address(at: IPv6Field.destination) }

    /// What follows the fixed header, extension headers included.
    public var payload: RawSpan {
        @_lifetime(copy self) get { bytes.extracting(IPv6Field.byteCount..<bytes.byteCount) }
    }

    /// What stands behind the extension headers.
    public func upper() throws(WireError) -> IPv6Upper {
        guard let upper = IPv6Upper(in: bytes) else { throw WireError(.ipv6Extension, .chain) }
        return upper
    }

    private var trafficClassOctet: UInt8 {
        UInt8(bytes.uint16(at: IPv6Field.versionClassAndFlow) >> 4 & 0xff)
    }
}

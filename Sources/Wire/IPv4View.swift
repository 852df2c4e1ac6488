/// Where the fields of an IPv4 header stand, in bytes from its first (RFC 791 §3.1, RFC 2474, RFC 3168).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+-------+-----------+---+-------------------------------+
/// |   4   |  IHL  |   DSCP    |ECN|         total length          |
/// +-------+-------+-----------+---+-+-+-+-------------------------+
/// |        identification         |0|D|M|     fragment offset     |
/// +---------------+---------------+-+-+-+-------------------------+
/// |      TTL      |   protocol    |        header checksum        |
/// +---------------+---------------+-------------------------------+
/// |                        source address                         |
/// +---------------------------------------------------------------+
/// |                      destination address                      |
/// +---------------------------------------------------------------+
/// |             options, (IHL − 5) × 4 bytes: 0…40                |
/// +---------------------------------------------------------------+
/// ```
public enum IPv4Field {
    /// One octet: the version, 4, and the header length in units of four bytes.
    @inlinable public static var versionAndHeaderLength: Int { 0 }
    /// One octet: DSCP in the upper six bits, ECN in the lower two.
    @inlinable public static var trafficClass: Int { 1 }
    /// 16 bits: header and payload, in bytes.
    @inlinable public static var totalLength: Int { 2 }
    /// 16 bits.
    @inlinable public static var identification: Int { 4 }
    /// Three flag bits, then the fragment offset in units of eight bytes.
    @inlinable public static var flagsAndFragmentOffset: Int { 6 }
    /// One octet.
    @inlinable public static var ttl: Int { 8 }
    /// One octet: an `IPProtocol`.
    @inlinable public static var `protocol`: Int { 9 }
    /// 16 bits, over the header.
    @inlinable public static var checksum: Int { 10 }
    /// Four octets.
    @inlinable public static var source: Int { 12 }
    /// Four octets.
    @inlinable public static var destination: Int { 16 }
    /// Where options begin, or the payload if there are none.
    @inlinable public static var options: Int { 20 }

    /// The header without options.
    @inlinable public static var minimumByteCount: Int { 20 }
    /// The header with all the options it can have.
    @inlinable public static var maximumByteCount: Int { 60 }

    /// DF in `flagsAndFragmentOffset`.
    @inlinable public static var dontFragmentMask: UInt16 { 0x4000 }
    /// MF in `flagsAndFragmentOffset`.
    @inlinable public static var moreFragmentsMask: UInt16 { 0x2000 }
    /// The offset's bits in `flagsAndFragmentOffset`.
    @inlinable public static var fragmentOffsetMask: UInt16 { 0x1fff }
}

/// An IPv4 packet in bytes whose lengths have been checked, so that every property is safe to read.
public struct IPv4View: ~Escapable {
    /// The packet: total length bytes, without what padding followed it.
    public let bytes: RawSpan

    /// Checks version, header length and total length. The checksum isn't checked: see `hasValidChecksum`.
    /// - Parameter bytes: begins with the header; may go on behind the packet, as a padded frame does.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount >= IPv4Field.minimumByteCount else { throw WireError(.ipv4, .truncated) }
        let first = bytes.octet(at: IPv4Field.versionAndHeaderLength)
        guard first >> 4 == IPVersion.v4.rawValue else { throw WireError(.ipv4, .version) }
        let headerByteCount = Int(first & 0xf) * 4
        guard headerByteCount >= IPv4Field.minimumByteCount else { throw WireError(.ipv4, .headerLength) }
        guard headerByteCount <= bytes.byteCount else { throw WireError(.ipv4, .truncated) }
        let totalLength = Int(bytes.uint16(at: IPv4Field.totalLength))
        guard totalLength >= headerByteCount, totalLength <= bytes.byteCount else {
            throw WireError(.ipv4, .length)
        }
        self.bytes = bytes.extracting(first: totalLength)
    }

    /// Header with options: 20…60 bytes.
    public var headerByteCount: Int { Int(bytes.octet(at: IPv4Field.versionAndHeaderLength) & 0xf) * 4 }
    /// Header and payload, in bytes.
    public var totalLength: Int { bytes.byteCount }
    /// Differentiated services code point: 0…63.
    public var dscp: UInt8 { bytes.octet(at: IPv4Field.trafficClass) >> 2 }
    /// Explicit congestion notification.
    public var ecn: ECN { ECN(trafficClassOctet: bytes.octet(at: IPv4Field.trafficClass)) }
    /// What the fragments of one packet have in common.
    public var identification: UInt16 { bytes.uint16(at: IPv4Field.identification) }
    /// DF: routers may not fragment the packet.
    public var dontFragment: Bool { flagsAndOffset & IPv4Field.dontFragmentMask != 0 }
    /// MF: this is not the last fragment.
    public var moreFragments: Bool { flagsAndOffset & IPv4Field.moreFragmentsMask != 0 }
    /// Where this fragment's payload stood in the original, in units of eight bytes.
    public var fragmentOffset: UInt16 { flagsAndOffset & IPv4Field.fragmentOffsetMask }
    /// Hops that are left.
    public var ttl: UInt8 { bytes.octet(at: IPv4Field.ttl) }
    /// What the payload is.
    public var `protocol`: IPProtocol { IPProtocol(rawValue: bytes.octet(at: IPv4Field.protocol)) }
    /// The checksum field, in host byte order.
    public var checksum: UInt16 { bytes.uint16(at: IPv4Field.checksum) }
    /// Who sent the packet.
    public var source: IPv4Address { bytes.ipv4Address(at: IPv4Field.source) }
    /// Who the packet is for.
    public var destination: IPv4Address { bytes.ipv4Address(at: IPv4Field.destination) }

    /// First or later part of a fragmented packet.
    public var isFragment: Bool { moreFragments || isLaterFragment }
    /// A fragment that doesn't begin with the transport header.
    public var isLaterFragment: Bool { fragmentOffset != 0 }
    /// Whether the header checksum matches (RFC 1071).
    public var hasValidChecksum: Bool {
        InternetChecksum.isValid(InternetChecksum.sum(bytes.extracting(first: headerByteCount)))
    }

    /// 0…40 bytes.
    public var options: RawSpan {
        @_lifetime(copy self) get { bytes.extracting(IPv4Field.options..<headerByteCount) }
    }
    /// What the header carries.
    public var payload: RawSpan {
        @_lifetime(copy self) get { bytes.extracting(headerByteCount..<bytes.byteCount) }
    }

    private var flagsAndOffset: UInt16 { bytes.uint16(at: IPv4Field.flagsAndFragmentOffset) }
}

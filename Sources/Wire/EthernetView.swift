/// Where the fields of an Ethernet II header stand, in bytes from its first (RFC 894, IEEE 802.3).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------------------------------------------------------+
/// |                   destination, first 4 octets                 |
/// +-------------------------------+-------------------------------+
/// |   destination, last 2 octets  |     source, first 2 octets    |
/// +-------------------------------+-------------------------------+
/// |                     source, last 4 octets                     |
/// +-------------------------------+-------------------------------+
/// |           ethertype           |
/// +-------------------------------+
/// ```
public enum EthernetField {
    /// Six octets.
    @inlinable public static var destination: Int { 0 }
    /// Six octets.
    @inlinable public static var source: Int { 6 }
    /// 16 bits.
    @inlinable public static var etherType: Int { 12 }

    /// The header, and where the payload or the first tag's contents begin.
    @inlinable public static var byteCount: Int { 14 }
    /// The shortest frame that a link carries, without its check sequence (IEEE 802.3 §3.2.8). Shorter ones
    /// are padded by who sends them.
    @inlinable public static var minimumFrameByteCount: Int { 60 }
}

/// An Ethernet frame in bytes whose length has been checked.
public struct EthernetView: ~Escapable {
    /// The whole frame, without its check sequence.
    public let bytes: RawSpan

    /// Truncated below 14 bytes.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount >= EthernetField.byteCount else { throw WireError(.ethernet, .truncated) }
        self.bytes = bytes
    }

    /// The station or group that the frame is for.
    public var destination: MACAddress { bytes.macAddress(at: EthernetField.destination) }
    /// The station that sent the frame.
    public var source: MACAddress { bytes.macAddress(at: EthernetField.source) }
    /// What follows the header, which may be a VLAN tag.
    public var etherType: EtherType { EtherType(rawValue: bytes.uint16(at: EthernetField.etherType)) }

    /// What follows the header, padding included. Behind a tag's ethertype, `VLANView` reads it.
    public var payload: RawSpan {
        @_lifetime(copy self) get { bytes.extracting(EthernetField.byteCount..<bytes.byteCount) }
    }
}

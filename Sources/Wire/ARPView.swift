/// Where the fields of an ARP packet for Ethernet and IPv4 stand, in bytes from its first (RFC 826).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------------------------------+-------------------------------+
/// |       hardware type = 1       |      protocol type = 0800     |
/// +---------------+---------------+-------------------------------+
/// |hw length = 6  |proto length= 4|           operation           |
/// +---------------+---------------+-------------------------------+
/// |             sender hardware address, first 4 octets           |
/// +-------------------------------+-------------------------------+
/// |         …, last 2 octets      | sender protocol address, 1–2  |
/// +-------------------------------+-------------------------------+
/// | sender protocol address, 3–4  |target hardware address, first |
/// +-------------------------------+-------------------------------+
/// |             target hardware address, last 4 octets            |
/// +---------------------------------------------------------------+
/// |                    target protocol address                    |
/// +---------------------------------------------------------------+
/// ```
public enum ARPField {
    /// 16 bits.
    @inlinable public static var hardwareType: Int { 0 }
    /// 16 bits: an ethertype.
    @inlinable public static var protocolType: Int { 2 }
    /// One octet.
    @inlinable public static var hardwareLength: Int { 4 }
    /// One octet.
    @inlinable public static var protocolLength: Int { 5 }
    /// 16 bits: an `ARPPacket.Operation`.
    @inlinable public static var operation: Int { 6 }
    /// Six octets.
    @inlinable public static var senderHardware: Int { 8 }
    /// Four octets.
    @inlinable public static var senderProtocol: Int { 14 }
    /// Six octets.
    @inlinable public static var targetHardware: Int { 18 }
    /// Four octets.
    @inlinable public static var targetProtocol: Int { 24 }

    /// The whole packet, without padding.
    @inlinable public static var byteCount: Int { 28 }
    /// Ethernet's number (IANA ARP hardware types).
    @inlinable public static var ethernetHardwareType: UInt16 { 1 }
}

/// An ARP packet for Ethernet and IPv4 in bytes, whose types and lengths have been checked.
public struct ARPView: ~Escapable {
    /// The packet's 28 bytes, without padding.
    public let bytes: RawSpan

    /// Checks that the packet is about Ethernet and IPv4 addresses and asks or answers (RFC 826, packet
    /// reception).
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount >= ARPField.byteCount else { throw WireError(.arp, .truncated) }
        guard bytes.uint16(at: ARPField.hardwareType) == ARPField.ethernetHardwareType,
            bytes.uint16(at: ARPField.protocolType) == EtherType.ipv4.rawValue,
            ARPPacket.Operation(rawValue: bytes.uint16(at: ARPField.operation)) != nil
        else { throw WireError(.arp, .version) }
        guard bytes.octet(at: ARPField.hardwareLength) == 6, bytes.octet(at: ARPField.protocolLength) == 4
        else {
            throw WireError(.arp, .length)
        }
        self.bytes = bytes.extracting(first: ARPField.byteCount)
    }

    /// Whether the packet asks or answers.
    public var operation: ARPPacket.Operation {
        guard let operation = ARPPacket.Operation(rawValue: bytes.uint16(at: ARPField.operation)) else {
            preconditionFailure("checked by init")
        }
        return operation
    }
    /// Where `senderProtocol` is found.
    public var senderHardware: MACAddress { bytes.macAddress(at: ARPField.senderHardware) }
    /// The address of who sent this; 0.0.0.0 in a probe (RFC 5227 §1.1).
    public var senderProtocol: IPv4Address { bytes.ipv4Address(at: ARPField.senderProtocol) }
    /// Meaningless in a request.
    public var targetHardware: MACAddress { bytes.macAddress(at: ARPField.targetHardware) }
    /// The address asked for, or of who asked.
    public var targetProtocol: IPv4Address { bytes.ipv4Address(at: ARPField.targetProtocol) }
}

/// Where TCP and UDP have the same two fields, in bytes from the transport header's first (RFC 9293, RFC 768;
/// SCTP, RFC 9260, has them too).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------------------------------+-------------------------------+
/// |          source port          |       destination port        |
/// +-------------------------------+-------------------------------+
/// ```
public enum TransportField {
    /// 16 bits.
    @inlinable public static var sourcePort: Int { 0 }
    /// 16 bits.
    @inlinable public static var destinationPort: Int { 2 }
    /// Both ports.
    @inlinable public static var portsByteCount: Int { 4 }
}

/// Where the fields of a UDP header stand, in bytes from its first, behind the ports (RFC 768).
public enum UDPField {
    /// 16 bits: header and payload, in bytes.
    @inlinable public static var length: Int { 4 }
    /// 16 bits; zero over IPv4 when the sender made none.
    @inlinable public static var checksum: Int { 6 }
    /// The header.
    @inlinable public static var byteCount: Int { 8 }
}

/// Where the fields of a TCP header stand, in bytes from its first, behind the ports (RFC 9293 §3.1).
public enum TCPField {
    /// 32 bits.
    @inlinable public static var sequence: Int { 4 }
    /// 32 bits.
    @inlinable public static var acknowledgement: Int { 8 }
    /// Header length in units of four bytes, in the upper four bits.
    @inlinable public static var dataOffset: Int { 12 }
    /// CWR ECE URG ACK PSH RST SYN FIN.
    @inlinable public static var flags: Int { 13 }
    /// 16 bits.
    @inlinable public static var window: Int { 14 }
    /// 16 bits.
    @inlinable public static var checksum: Int { 16 }
    /// The header without options.
    @inlinable public static var minimumByteCount: Int { 20 }
}

/// The two ports of a TCP, UDP or SCTP header.
public struct TransportPorts: Hashable, Sendable, BitwiseCopyable {
    /// Who sent it, on its host.
    public var source: UInt16
    /// Who it is for, on its host.
    public var destination: UInt16

    /// A pair of ports.
    @inlinable public init(source: UInt16, destination: UInt16) {
        self.source = source
        self.destination = destination
    }

    /// Reads the ports at the beginning of `header`. Truncated below 4 bytes.
    public init(_ header: RawSpan) throws(WireError) {
        guard header.byteCount >= TransportField.portsByteCount else {
            throw WireError(.transport, .truncated)
        }
        self.init(
            source: header.uint16(at: TransportField.sourcePort),
            destination: header.uint16(at: TransportField.destinationPort))
    }

    /// Writes the ports.
    /// - Returns: 4, the bytes written.
    @discardableResult
    public func emit(into bytes: inout MutableRawSpan, at start: Int = 0) -> Int {
        bytes.store(source, at: start + TransportField.sourcePort)
        bytes.store(destination, at: start + TransportField.destinationPort)
        return TransportField.portsByteCount
    }
}

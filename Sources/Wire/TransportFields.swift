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

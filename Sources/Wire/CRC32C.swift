/// The cyclic redundancy check with Castagnoli's polynomial, as SCTP uses it (RFC 9260, appendix A) and our own link
/// between forwarder and control plane. A byte at a time, some nanoseconds each: neither is ever fast.
public enum CRC32C {
    /// The check of these bytes: `0xe3069283` for the nine digits `123456789`.
    public static func of(_ bytes: RawSpan) -> UInt32 {
        let table = table
        var crc: UInt32 = ~0
        for offset in bytes.byteOffsets {
            crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes.octet(at: offset))] ^ crc >> 8
        }
        return ~crc
    }

    /// The check of each single byte.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82f6_3b78 }
    }
}

/// The cyclic redundancy check with Castagnoli's polynomial, as SCTP uses it (RFC 9260, appendix A). A byte
/// at a time: SCTP between local containers is rare, and never fast.
enum CRC32C {
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        ~(unsafe bytes.reduce(~0) { crc, byte in table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8
        })
    }

    /// The check of each single byte.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82f6_3b78 }
    }
}

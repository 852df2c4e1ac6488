import Wire

extension TableObject {
    /// A number that differs where objects differ: both sides of the link keep it for each object instead of comparing
    /// the objects, and compare the sum of all of them, mod 2⁶⁴, instead of the tables.
    ///
    /// Taken over the encoding, key included: each 8 bytes (the last padded with zeros) as a little-endian number are
    /// xored in, multiplied by 2⁶⁴ over the golden ratio and folded; the byte count and SplitMix64's finaliser come
    /// last. Not a defence against forgery: whoever writes objects owns the tables.
    public var hash: UInt64 {
        var writer = ByteWriter()
        // Nearly every object takes less: growing bit by bit would cost more than the hash.
        writer.reserve(256)
        encode(&writer)
        let byteCount = writer.bytes.count
        while writer.bytes.count % 8 != 0 { writer.write(UInt8(0)) }
        var hash: UInt64 = 0x5741_594c_4541_5645
        unsafe writer.bytes.withUnsafeBytes { bytes in
            for offset in stride(from: 0, to: bytes.count, by: 8) {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                hash = (hash ^ word.littleEndian) &* 0x9e37_79b9_7f4a_7c15
                hash ^= hash >> 32
            }
        }
        hash ^= UInt64(byteCount)
        hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
        return hash ^ hash >> 31
    }
}

package import Wire

extension TableObject {
    /// A number that differs where objects differ: both sides of the link keep it for each object instead of comparing
    /// the objects, and compare the sum of all of them, mod 2⁶⁴, instead of the tables.
    ///
    /// Taken over the encoding, key included: each 8 bytes (the last padded with zeros) as a little-endian number are
    /// xored in, multiplied by 2⁶⁴ over the golden ratio and folded; the byte count and SplitMix64's finaliser come
    /// last. Not a defence against forgery: whoever writes objects owns the tables.
    ///
    /// Who has the encoding anyway, has it by `hash(ofEncoded:)`.
    public var hash: UInt64 {
        var writer = ByteWriter()
        // Nearly every object takes less: growing bit by bit would cost more than the hash.
        writer.reserve(256)
        return hash(by: &writer)
    }

    /// The same, with a writer whose room serves for many; it is left with the encoding.
    package func hash(by writer: inout ByteWriter) -> UInt64 {
        writer.removeAll()
        encode(&writer)
        return unsafe writer.withBytes { unsafe Self.hash(ofEncoded: $0) }
    }

    /// The same of an object's encoding.
    static func hash(ofEncoded bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0x5741_594c_4541_5645
        var offset = 0
        while offset &+ 8 <= bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            hash = folded(hash ^ word.littleEndian)
            offset &+= 8
        }
        if offset < bytes.count {
            var word: UInt64 = 0
            for place in offset..<bytes.count {
                word |= unsafe UInt64(bytes[place]) << UInt64(8 * (place - offset))
            }
            hash = folded(hash ^ word)
        }
        hash ^= UInt64(bytes.count)
        hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
        return hash ^ hash >> 31
    }

    private static func folded(_ word: UInt64) -> UInt64 {
        let product = word &* 0x9e37_79b9_7f4a_7c15
        return product ^ product >> 32
    }
}

/// A classic capture file as plain values: written and read here, apart from libpcap.
///
/// ```
/// | magic 4 | version 2+2 | 0 4 | 0 4 | snapshot length 4 | link type 4 |   then for each packet
/// | seconds 4 | micro- or nanoseconds 4 | captured 4 | on the link 4 | bytes |
/// ```
/// Little-endian. Link type 1 is Ethernet, 101 bare IP.
struct Capture: Equatable {
    struct Record: Equatable {
        /// Nanoseconds since the Unix epoch.
        var timestamp: UInt64
        var frame: [UInt8]
    }

    var link: UInt32
    var inNanoseconds = false
    var records: [Record] = []

    init(link: UInt32, inNanoseconds: Bool = false, _ records: [(timestamp: UInt64, frame: [UInt8])] = []) {
        self.link = link
        self.inNanoseconds = inNanoseconds
        self.records = records.map { Record(timestamp: $0.timestamp, frame: $0.frame) }
    }

    private static let microsecondMagic: UInt32 = 0xa1b2_c3d4
    private static let nanosecondMagic: UInt32 = 0xa1b2_3c4d

    var bytes: [UInt8] {
        func octets(_ words: [UInt32]) -> [UInt8] {
            words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        }
        let magic = inNanoseconds ? Self.nanosecondMagic : Self.microsecondMagic
        let head = octets([magic, 2 | 4 << 16, 0, 0, 65_535, link])
        return records.reduce(into: head) { bytes, record in
            let fraction = record.timestamp % 1_000_000_000 / (inNanoseconds ? 1 : 1000)
            let count = UInt32(record.frame.count)
            bytes += octets([UInt32(record.timestamp / 1_000_000_000), UInt32(fraction), count, count])
            bytes += record.frame
        }
    }

    /// Nil unless the bytes are one whole capture.
    init?(_ bytes: [UInt8]) {
        func word(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
        }
        guard bytes.count >= 24, [Self.microsecondMagic, Self.nanosecondMagic].contains(word(0)) else {
            return nil
        }
        inNanoseconds = word(0) == Self.nanosecondMagic
        link = word(20)
        var offset = 24
        while offset < bytes.count {
            guard offset + 16 <= bytes.count else { return nil }
            let end = offset + 16 + Int(word(offset + 8))
            guard end <= bytes.count, word(offset + 8) == word(offset + 12) else { return nil }
            let fraction = UInt64(word(offset + 4)) * (inNanoseconds ? 1 : 1000)
            let timestamp = UInt64(word(offset)) * 1_000_000_000 + fraction
            records.append(Record(timestamp: timestamp, frame: Array(bytes[offset + 16..<end])))
            offset = end
        }
    }
}

import Crypto

/// The checksum of a record and of everything before it: what ties a record to its place in its journal.
///
/// It is the first 16 bytes of SHA-256 over the chain value before (16 bytes), the sequence number (8), the version (2)
/// and the payload, numbers in network byte order. The value before the first record is SHA-256 over the text `wayleave
/// journal ` and the journal's id (8 bytes), cut likewise, so that records of different journals can't be mixed.
struct JournalChain: Equatable, Sendable {
    static let byteCount = 16
    let bytes: [UInt8]

    /// The value before the first record of a journal.
    init(journal id: UInt64) {
        var hash = SHA256()
        hash.update(Array("wayleave journal ".utf8) + Self.octets(id))
        bytes = hash.prefix(Self.byteCount)
    }

    /// A value read back; nil if it has another length.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// The value with a record behind it.
    func appending(_ record: JournalRecord) -> JournalChain {
        var hash = SHA256()
        hash.update(bytes + Self.octets(record.sequence) + Self.octets(record.version))
        hash.update(record.payload)
        return JournalChain(bytes: hash.prefix(Self.byteCount))
    }

    private static func octets<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}

extension SHA256 {
    mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update(bufferPointer: $0) }
    }

    func prefix(_ byteCount: Int) -> [UInt8] { Array(finalize().prefix(byteCount)) }
}

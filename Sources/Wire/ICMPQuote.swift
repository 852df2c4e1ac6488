/// How much of a packet an ICMP error quotes, and what stands behind the quote (RFC 4884).
///
/// ```
/// +-------------+------------------------------+---------+----------------------------------------+
/// | ICMP header | the packet's first bytes     | zeros   | extension structure                    |
/// +-------------+------------------------------+---------+----------------------------------------+
///  8 bytes       quotedByteCount                to 128 at  4 bytes, then one object (RFC 4950):
///                                               least      4 bytes and the label stack as it came
/// ```
/// An error without labels ends with the quote.
struct ICMPQuote: Equatable {
    /// Where an extension structure begins at the earliest: receivers that don't know of it take so much for the quote
    /// (RFC 4884 §5.1).
    private static let minimumByteCount = 128
    private static let version: UInt8 = 2
    /// Bytes of the structure's header; an object's header has as many.
    private static let headerByteCount = 4
    private static let labelStackClass: UInt8 = 1
    private static let incomingStackType: UInt8 = 1

    /// Bytes of the packet.
    let quotedByteCount: Int
    /// The same with the zeros behind them; the extension structure follows.
    let paddedByteCount: Int
    private let extensionByteCount: Int

    /// - Parameter packetByteCount: the bytes of the packet that are there to be quoted.
    /// - Parameter room: what there is for the quote and all behind it. Where labels don't fit beside 128 bytes, they
    ///   are left out.
    /// - Parameter labelByteCount: of the stack; zero: no extension structure.
    /// - Parameter unit: what the length field counts: 4 bytes in ICMP, 8 in ICMPv6.
    init(packetByteCount: Int, room: Int, labelByteCount: Int, unit: Int) {
        let structure = 2 * Self.headerByteCount + labelByteCount
        guard labelByteCount > 0, room >= Self.minimumByteCount + structure else {
            quotedByteCount = max(0, min(packetByteCount, room))
            paddedByteCount = quotedByteCount
            extensionByteCount = 0
            return
        }
        quotedByteCount = min(packetByteCount, (room - structure) / unit * unit)
        paddedByteCount = max(Self.minimumByteCount, (quotedByteCount + unit - 1) / unit * unit)
        extensionByteCount = structure
    }

    /// All that follows the ICMP header.
    var byteCount: Int { paddedByteCount + extensionByteCount }

    /// The length field: zero where no extension structure follows (RFC 4884 §4).
    func lengthField(unit: Int) -> UInt32 { extensionByteCount == 0 ? 0 : UInt32(paddedByteCount / unit) }

    /// Writes the quote and what stands behind it.
    /// - Parameter start: where in `bytes` the ICMP header ends.
    func emit(_ packet: RawSpan, labels: RawSpan, into bytes: inout MutableRawSpan, at start: Int) {
        bytes.store(packet.extracting(first: quotedByteCount), at: start)
        for offset in quotedByteCount..<paddedByteCount { bytes.store(0 as UInt8, at: start + offset) }
        guard extensionByteCount > 0 else { return }
        let structure = start + paddedByteCount
        let object = structure + Self.headerByteCount
        bytes.store(Self.version << 4, at: structure)
        bytes.store(0 as UInt8, at: structure + 1)
        bytes.store(UInt16(extensionByteCount - Self.headerByteCount), at: object)
        bytes.store(Self.labelStackClass, at: object + 2)
        bytes.store(Self.incomingStackType, at: object + 3)
        bytes.store(labels, at: object + Self.headerByteCount)
        bytes.storeChecksum(at: structure + 2, over: structure..<structure + extensionByteCount)
    }
}

import Wire

/// What stands before a frame on a packet socket with PACKET_VNET_HDR: the work that the sending stack left
/// to be done (virtio 1.2 §5.1.6; all numbers in host byte order).
///
/// ```
///  0       1          2             4             6              8               10
/// +-------+----------+-------------+-------------+--------------+-----------------+
/// | flags | gso type | header size | segment size| checksum start| checksum offset |
/// +-------+----------+-------------+-------------+--------------+-----------------+
/// ```
/// The header size is only a hint, and isn't used.
package struct OffloadHeader: Equatable {
    /// What kind of segments a superframe is to be cut into.
    enum Segmentation: UInt8 {
        case tcpIPv4 = 1
        case tcpIPv6 = 4
        /// Datagrams of UDP, over either IP version.
        case udp = 5
    }

    package static let byteCount = 10

    /// Whether the transport checksum holds only the sum of the pseudo-header.
    var needsChecksum: Bool
    /// Nil for a frame that is one packet.
    var segmentation: Segmentation?
    /// Of a kind that can't be cut up here, such as UDP fragmentation.
    var isUnknownSegmentation: Bool
    /// Payload bytes of each segment but the last.
    var segmentByteCount: Int
    /// Where the checksummed part of the frame begins: the transport header.
    var checksumStart: Int
    /// Where its checksum stands, from `checksumStart`.
    var checksumOffset: Int

    /// - Parameter bytes: the ten bytes.
    package init(_ bytes: RawSpan) {
        func word(_ offset: Int) -> Int {
            unsafe Int(bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }
        needsChecksum = bytes.octet(at: 0) & 1 != 0
        // Bit 7 only says that the sender speaks ECN; what becomes of CWR is the same either way.
        let kind = bytes.octet(at: 1) & 0x7f
        segmentation = Segmentation(rawValue: kind)
        isUnknownSegmentation = kind != 0 && segmentation == nil
        segmentByteCount = word(4)
        checksumStart = word(6)
        checksumOffset = word(8)
    }
}

extension OffloadHeader {
    /// Finishes the checksum of a frame that is one packet. False, and the frame is as it was, where the
    /// checksum would lie outside.
    ///
    /// The field holds the pseudo-header's sum, so the sum of everything from `checksumStart` is all that is
    /// missing; padding behind the packet is zero and adds nothing.
    package func completeChecksum(in frame: UnsafeMutableRawBufferPointer) -> Bool {
        guard !isSCTP else { return unsafe completeCRC(in: frame) }
        let field = checksumStart + checksumOffset
        guard field + 2 <= frame.count, let base = frame.baseAddress else { return false }
        let sum = unsafe InternetChecksum.sum(base + checksumStart, byteCount: frame.count - checksumStart)
        unsafe base.storeBytes(
            of: Self.field(sum, isUDP: checksumOffset == 6), toByteOffset: field, as: UInt16.self)
        return true
    }

    /// The checksum field that goes with a transport segment's sum, as it is stored in memory. UDP sends
    /// 0xffff for a computed zero, which would mean "no checksum" (RFC 768); no other protocol ever sends
    /// 0xffff.
    static func field(_ sum: UInt64, isUDP: Bool) -> UInt16 {
        let field = InternetChecksum.field(sum)
        return isUDP && field == 0 ? 0xffff : field
    }

    /// No other transport has its checksum at this offset.
    private var isSCTP: Bool { checksumOffset == 8 }

    /// CRC32c over the SCTP packet with its field zero, least significant octet first (RFC 9260 §6.8,
    /// appendix A).
    private func completeCRC(in frame: UnsafeMutableRawBufferPointer) -> Bool {
        let field = checksumStart + checksumOffset
        guard field + 4 <= frame.count, let base = frame.baseAddress else { return false }
        unsafe base.storeBytes(of: 0, toByteOffset: field, as: UInt32.self)
        let crc = unsafe CRC32C.of(
            RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: frame[checksumStart...])))
        unsafe base.storeBytes(of: crc.littleEndian, toByteOffset: field, as: UInt32.self)
        return true
    }
}

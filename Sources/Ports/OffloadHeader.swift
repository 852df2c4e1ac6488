import Glibc
import Wire

/// What stands before a frame on a packet socket with PACKET_VNET_HDR, or on a TUN with IFF_VNET_HDR: the work
/// that the sender left to be done (virtio 1.2 §5.1.6; all numbers in host byte order).
///
/// ```
///  0       1          2             4             6              8               10
/// +-------+----------+-------------+-------------+--------------+-----------------+
/// | flags | gso type | header size | segment size| checksum start| checksum offset |
/// +-------+----------+-------------+-------------+--------------+-----------------+
/// ```
/// The header size is only a hint: it isn't used where a frame comes in, and tells the kernel how much to keep
/// together where one goes out.
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
    /// Whether the transport checksum has been verified: by the network card, or since it was made on this host.
    var isChecksumValid = false
    /// Nil for a frame that is one packet.
    var segmentation: Segmentation?
    /// Of a kind that can't be cut up here, such as UDP fragmentation.
    var isUnknownSegmentation = false
    /// Whether the first segment alone tells that the congestion window was reduced (RFC 3168 §6.1.2).
    var reducesCongestionWindow = false
    /// Everything before the payload.
    var headerByteCount = 0
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
        isChecksumValid = bytes.octet(at: 0) & 2 != 0
        // When the frame is cut up, what becomes of CWR is the same with this bit and without.
        reducesCongestionWindow = bytes.octet(at: 1) & Self.congestionWindowReduced != 0
        let kind = bytes.octet(at: 1) & ~Self.congestionWindowReduced
        segmentation = Segmentation(rawValue: kind)
        isUnknownSegmentation = kind != 0 && segmentation == nil
        headerByteCount = word(2)
        segmentByteCount = word(4)
        checksumStart = word(6)
        checksumOffset = word(8)
    }

    /// Of a superframe, whose checksum field holds the pseudo-header's sum.
    init(
        segmentation: Segmentation, headerByteCount: Int, segmentByteCount: Int, checksumStart: Int,
        checksumOffset: Int
    ) {
        needsChecksum = true
        self.segmentation = segmentation
        self.headerByteCount = headerByteCount
        self.segmentByteCount = segmentByteCount
        self.checksumStart = checksumStart
        self.checksumOffset = checksumOffset
    }

    /// Writes the ten bytes. Every number must fit 16 bits.
    func write(to start: UnsafeMutableRawPointer) {
        func store(_ number: Int, at offset: Int) {
            unsafe start.storeBytes(of: UInt16(number), toByteOffset: offset, as: UInt16.self)
        }
        let kind = segmentation?.rawValue ?? 0
        unsafe start.storeBytes(of: needsChecksum ? 1 : 0, as: UInt8.self)
        unsafe start.storeBytes(
            of: reducesCongestionWindow ? kind | Self.congestionWindowReduced : kind, toByteOffset: 1,
            as: UInt8.self)
        store(headerByteCount, at: 2)
        store(segmentByteCount, at: 4)
        store(checksumStart, at: 6)
        store(checksumOffset, at: 8)
    }

    /// Writes the header of a frame with which nothing is left to be done.
    @inline(__always) static func writeNone(to start: UnsafeMutableRawPointer) {
        unsafe memset(start, 0, byteCount)
    }

    private static var congestionWindowReduced: UInt8 { 0x80 }
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

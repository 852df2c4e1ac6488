import Glibc
import Packets

/// The form that plain pcap files have on disk (draft-ietf-opsawg-pcap), all numbers in the byte order of the magic number.
///
/// ```
///  0          4       6       8                   16              20             24
/// +----------+-------+-------+-------------------+---------------+--------------+
/// | magic    | major | minor | zero              | snapshot len  | link type    |
/// +----------+-------+-------+-------------------+---------------+--------------+
/// each packet:
///  0          4          8          12         16
/// +----------+----------+----------+----------+----------------
/// | seconds  | fraction | captured | on link  | the packet …
/// +----------+----------+----------+----------+----------------
/// ```
struct PlainPcap {
    static let headerByteCount = 24
    static let recordHeaderByteCount = 16
    /// Longer packets are in no capture: libpcap doesn't write them, and takes them for damage.
    static let packetByteLimit = 262_144

    var precision: PcapFileWriter.Precision
    var link: LinkType
    /// Written by a machine of the other byte order.
    var isSwapped = false
    /// Of longer packets only so much is meant.
    var snapshotByteCount = PcapFileWriter.snapshotByteCount

    init(precision: PcapFileWriter.Precision, link: LinkType) {
        self.precision = precision
        self.link = link
    }

    /// Nil for what isn't of this form, or in a way that is rare: libpcap knows about that.
    init?(_ header: RawSpan) {
        guard header.byteCount >= Self.headerByteCount else { return nil }
        func word(_ offset: Int, isSwapped: Bool) -> UInt32 {
            let word = unsafe header.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
            return isSwapped ? word.byteSwapped : word
        }
        let magic = word(0, isSwapped: false)
        isSwapped = [Self.microsecondsMagic, Self.nanosecondsMagic].contains(magic.byteSwapped)
        switch word(0, isSwapped: isSwapped) {
        case Self.microsecondsMagic: precision = .microseconds
        case Self.nanosecondsMagic: precision = .nanoseconds
        default: return nil
        }
        let version = word(4, isSwapped: isSwapped)
        let isBigEndian = isSwapped != (1.bigEndian == 1)
        guard version == (isBigEndian ? 0x0002_0004 : 0x0004_0002),
            let link = LinkType(dataLink: Int32(bitPattern: word(20, isSwapped: isSwapped)))
        else { return nil }
        self.link = link
        let snapshot = Int(word(16, isSwapped: isSwapped))
        snapshotByteCount =
            snapshot == 0 || snapshot > Int(Int32.max) ? Self.packetByteLimit : snapshot
    }

    private static let microsecondsMagic: UInt32 = 0xa1b2_c3d4
    private static let nanosecondsMagic: UInt32 = 0xa1b2_3c4d

    var nanosecondsPerUnit: UInt64 { precision == .nanoseconds ? 1 : 1_000 }

    /// Writes the file's header in this machine's byte order.
    func writeHeader(to start: UnsafeMutableRawPointer) {
        let magic = precision == .nanoseconds ? Self.nanosecondsMagic : Self.microsecondsMagic
        unsafe start.storeBytes(of: magic, as: UInt32.self)
        unsafe start.storeBytes(of: 2, toByteOffset: 4, as: UInt16.self)
        unsafe start.storeBytes(of: 4, toByteOffset: 6, as: UInt16.self)
        unsafe start.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
        unsafe start.storeBytes(of: UInt32(snapshotByteCount), toByteOffset: 16, as: UInt32.self)
        // LINKTYPE_ETHERNET or LINKTYPE_RAW.
        unsafe start.storeBytes(of: link == .ethernet ? 1 : 101, toByteOffset: 20, as: UInt32.self)
    }

    /// A packet's header, as it stands in the file.
    struct RecordHeader {
        let timestamp: UInt64
        /// Bytes that follow in the file.
        let capturedByteCount: Int
        let wireByteCount: Int
    }

    @inline(__always) func recordHeader(at start: UnsafeRawPointer) -> RecordHeader {
        func word(_ offset: Int) -> UInt32 {
            let word = unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            return isSwapped ? word.byteSwapped : word
        }
        return RecordHeader(
            timestamp: UInt64(word(0)) &* 1_000_000_000 &+ UInt64(word(4)) &* nanosecondsPerUnit,
            capturedByteCount: Int(word(8)), wireByteCount: Int(word(12)))
    }
}

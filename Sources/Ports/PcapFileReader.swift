import CPcap
import Glibc

/// One packet of a capture. Its bytes are valid until the next one is read.
@safe public struct PcapRecord {
    /// What was captured: less than the packet if the capture was cut short (`isTruncated`).
    public let bytes: UnsafeRawBufferPointer
    /// Nanoseconds since the Unix epoch.
    public let timestamp: UInt64
    /// The packet's length on the link.
    public let wireByteCount: Int

    public var isTruncated: Bool { unsafe bytes.count < wireByteCount }

    /// - Parameter header: with the time in seconds and *nanoseconds*.
    init(header: UnsafePointer<pcap_pkthdr>, bytes: UnsafePointer<UInt8>) {
        let time = unsafe header.pointee.ts
        unsafe self.bytes = UnsafeRawBufferPointer(start: bytes, count: Int(header.pointee.caplen))
        timestamp =
            UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000
            &+ UInt64(truncatingIfNeeded: time.tv_usec)
        wireByteCount = unsafe Int(header.pointee.len)
    }
}

/// A capture file being read from its beginning to its end: pcap of either byte order and time unit, or
/// pcapng, with frames of Ethernet or raw IP. Read through libpcap.
@safe public final class PcapFileReader {
    public let path: String
    public let link: LinkType
    /// The unit of the time stamps in the file; pcapng counts as microseconds, its usual one.
    public let precision: PcapFileWriter.Precision
    /// Packets read so far.
    public private(set) var packetCount = 0
    private let handle: OpaquePointer

    /// Opens the file and reads its header. Throws for a file that is missing, is no capture, or is of
    /// another link type.
    public init(path: String) throws(PcapFileError) {
        func failure(_ reason: String) -> PcapFileError {
            PcapFileError(path: path, packetNumber: nil, reason: reason)
        }
        guard let file = unsafe fopen(path, "rbe") else { throw failure(String(errorNumber: errno)) }
        precision = unsafe Self.precision(of: file)
        let buffer = PcapErrorBuffer()
        let precision = UInt32(PCAP_TSTAMP_PRECISION_NANO)
        guard let handle = unsafe pcap_fopen_offline_with_tstamp_precision(file, precision, buffer.memory)
        else {
            unsafe fclose(file)
            throw failure(buffer.text)
        }
        let dataLink = unsafe pcap_datalink(handle)
        guard let link = LinkType(dataLink: dataLink) else {
            unsafe pcap_close(handle)
            throw failure(LinkType.refusal(ofDataLink: dataLink))
        }
        self.path = path
        self.link = link
        unsafe self.handle = handle
    }

    deinit { unsafe pcap_close(handle) }

    /// Looks at the magic number, in either byte order, and goes back to the file's beginning.
    private static func precision(of file: UnsafeMutablePointer<FILE>) -> PcapFileWriter.Precision {
        var magic: UInt32 = 0
        let count = unsafe fread(&magic, 4, 1, file)
        unsafe rewind(file)
        return count == 1 && (magic == 0xa1b2_3c4d || magic.byteSwapped == 0xa1b2_3c4d)
            ? .nanoseconds : .microseconds
    }

    /// The next packet, or nil at the end of the file. Throws where the file is cut off or damaged.
    public func next() throws(PcapFileError) -> PcapRecord? {
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var bytes: UnsafePointer<UInt8>?
        let result = unsafe pcap_next_ex(handle, &header, &bytes)
        if result == PCAP_ERROR_BREAK { return nil }
        guard result == 1, let header = unsafe header, let bytes = unsafe bytes else {
            let reason = unsafe String(cString: pcap_geterr(handle))
            throw PcapFileError(path: path, packetNumber: packetCount + 1, reason: reason)
        }
        packetCount += 1
        return unsafe PcapRecord(header: header, bytes: bytes)
    }
}

/// Where libpcap puts the reason when there is no handle yet to ask.
@safe struct PcapErrorBuffer: ~Copyable {
    let memory: UnsafeMutablePointer<CChar>

    init() {
        unsafe memory = .allocate(capacity: Int(PCAP_ERRBUF_SIZE))
        unsafe memory.initialize(repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    }

    deinit { unsafe memory.deallocate() }

    var text: String { unsafe String(cString: memory) }
}

extension String {
    /// What the C library says about an `errno`.
    init(errorNumber: Int32) { self = unsafe String(cString: strerror(errorNumber)) }
}

import CPcap
import Glibc
import Packets

/// One packet of a capture. Its bytes are valid until the next one is read.
@safe public struct PcapRecord {
    /// What was captured: less than the packet if the capture was cut short (`isTruncated`).
    public let bytes: UnsafeRawBufferPointer
    /// Nanoseconds since the Unix epoch.
    public let timestamp: UInt64
    /// The packet's length on the link.
    public let wireByteCount: Int

    public var isTruncated: Bool { unsafe bytes.count < wireByteCount }

    init(bytes: UnsafeRawBufferPointer, timestamp: UInt64, wireByteCount: Int) {
        unsafe self.bytes = bytes
        self.timestamp = timestamp
        self.wireByteCount = wireByteCount
    }

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
/// pcapng, with frames of Ethernet or raw IP. Plain files, and pipes with the same in them, are read here; pcapng and the
/// rare forms of pcap through libpcap.
@safe public final class PcapFileReader {
    public let path: String
    public let link: LinkType
    /// The unit of the time stamps in the file; pcapng counts as microseconds, its usual one.
    public let precision: PcapFileWriter.Precision
    private let source: Source
    /// What libpcap has given and `advance` has not passed over, and how many were before.
    private var libraryRecord: PcapRecord?
    private var libraryCount = 0

    private enum Source {
        case plain(PlainPcapReader)
        case library(Library)
    }

    /// Packets read so far.
    public var packetCount: Int {
        switch source {
        case .plain(let reader): reader.packetCount
        case .library: libraryCount
        }
    }

    /// Opens the file and reads its header. Throws for a file that is missing, is no capture, or is of
    /// another link type.
    public init(path: String) throws(PcapFileError) {
        self.path = path
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw PcapFileError(path: path, packetNumber: nil, reason: String(errorNumber: errno))
        }
        if let format = Self.plainFormat(of: descriptor) {
            link = format.link
            precision = format.precision
            source = .plain(PlainPcapReader(format, path: path, descriptor: descriptor))
        } else {
            let library = try Library(descriptor, path: path)
            link = library.link
            precision = .microseconds
            source = .library(library)
        }
    }

    /// Reads the file's header. Nil, and the file is where it was, if it can go back there: libpcap has to see to it.
    private static func plainFormat(of descriptor: Int32) -> PlainPcap? {
        var header = InlineArray<24, UInt8>(repeating: 0)
        var span = header.mutableSpan
        let format: PlainPcap? = unsafe span.withUnsafeMutableBytes { bytes in
            var count = 0
            while count < bytes.count {
                let now = unsafe read(descriptor, bytes.baseAddress! + count, bytes.count - count)
                if now < 0, errno == EINTR { continue }
                guard now > 0 else { return nil }
                count += now
            }
            return unsafe PlainPcap(UnsafeRawBufferPointer(bytes).bytes)
        }
        if format == nil { lseek(descriptor, 0, SEEK_SET) }
        return format
    }

    /// The next packet, or nil at the end of the file. Throws where the file is cut off or damaged.
    public func next() throws(PcapFileError) -> PcapRecord? {
        guard let record = try peek() else { return nil }
        advance()
        return record
    }

    /// The same packet again and again until `advance`.
    func peek() throws(PcapFileError) -> PcapRecord? {
        switch source {
        case .plain(let reader): return try reader.peek()
        case .library(let library):
            if libraryRecord == nil { libraryRecord = try library.next(number: libraryCount + 1) }
            return libraryRecord
        }
    }

    /// Passes over the packet that was looked at. Its bytes are valid until the next one is looked at.
    func advance() {
        switch source {
        case .plain(let reader): reader.advance()
        case .library:
            libraryRecord = nil
            libraryCount += 1
        }
    }

    /// Appends packets with a time stamp up to `limit`, until the vector is full or none is left.
    func append(to vector: PacketVector, notAfter limit: UInt64) throws(PcapFileError) {
        if case .plain(let reader) = source { return try reader.append(to: vector, notAfter: limit) }
        while !vector.isFull, let record = try peek(), record.timestamp <= limit {
            unsafe vector.appendOrDrop(record.bytes, timestamp: record.timestamp)
            advance()
        }
    }
}

/// A capture that libpcap reads.
@safe private final class Library {
    let link: LinkType
    private let path: String
    private let handle: OpaquePointer

    /// - Parameter descriptor: at the beginning of the file; is closed with the reader, or if it can't be.
    init(_ descriptor: Int32, path: String) throws(PcapFileError) {
        func failure(_ reason: String) -> PcapFileError {
            PcapFileError(path: path, packetNumber: nil, reason: reason)
        }
        guard let file = unsafe fdopen(descriptor, "rb") else {
            let reason = String(errorNumber: errno)
            close(descriptor)
            throw failure(reason)
        }
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

    /// The next packet, or nil at the end of the file.
    func next(number: Int) throws(PcapFileError) -> PcapRecord? {
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var bytes: UnsafePointer<UInt8>?
        let result = unsafe pcap_next_ex(handle, &header, &bytes)
        if result == PCAP_ERROR_BREAK { return nil }
        guard result == 1, let header = unsafe header, let bytes = unsafe bytes else {
            let reason = unsafe String(cString: pcap_geterr(handle))
            throw PcapFileError(path: path, packetNumber: number, reason: reason)
        }
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

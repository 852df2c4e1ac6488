import CPcap
import Glibc

/// A capture file being written: classic pcap, link type Ethernet (1) or RAW (101), snapshot length 65,535.
///
/// Frames pass through a buffer: an error of the disk may show at a later frame, at `flush` or at `close`,
/// but it does show. A writer that is let go without `close` closes the file and has nobody to tell.
@safe public final class PcapFileWriter {
    /// The unit of the time stamps in the file.
    public enum Precision: Sendable {
        /// Magic number a1b2c3d4: what every program reads.
        case microseconds
        /// Magic number a1b23c4d.
        case nanoseconds
    }

    /// A longer frame is cut to this length, its length on the link noted.
    public static let snapshotByteCount = 65_535

    public let path: String
    public let link: LinkType
    public let precision: Precision
    /// Frames written so far.
    public private(set) var packetCount = 0
    private let handle: OpaquePointer
    /// Nil once closed.
    private var dumper: OpaquePointer?

    /// Creates the file, or empties it, and writes the file header.
    public init(path: String, link: LinkType, precision: Precision = .microseconds) throws(PcapFileError) {
        self.path = path
        self.link = link
        self.precision = precision
        func failure(_ reason: String) -> PcapFileError {
            PcapFileError(path: path, packetNumber: nil, reason: reason)
        }
        guard let file = unsafe fopen(path, "wbe") else { throw failure(String(errorNumber: errno)) }
        let unit = precision == .microseconds ? PCAP_TSTAMP_PRECISION_MICRO : PCAP_TSTAMP_PRECISION_NANO
        let snapshot = Int32(Self.snapshotByteCount)
        guard let handle = unsafe pcap_open_dead_with_tstamp_precision(link.dataLink, snapshot, UInt32(unit))
        else {
            unsafe fclose(file)
            throw failure(String(errorNumber: ENOMEM))
        }
        unsafe self.handle = handle
        // On failure libpcap has closed the file itself.
        guard let dumper = unsafe pcap_dump_fopen(handle, file) else {
            throw failure(unsafe String(cString: pcap_geterr(handle)))
        }
        unsafe self.dumper = dumper
    }

    deinit {
        if let dumper = unsafe dumper { unsafe pcap_dump_close(dumper) }
        unsafe pcap_close(handle)
    }

    /// Appends a frame. The writer must not be closed.
    /// - Parameter timestamp: nanoseconds since the Unix epoch; cut to microseconds unless the file counts
    ///   nanoseconds.
    public func write(_ frame: UnsafeRawBufferPointer, timestamp: UInt64) throws(PcapFileError) {
        guard let dumper = unsafe dumper else { preconditionFailure("\(path) is closed") }
        let fraction = timestamp % 1_000_000_000
        var header = pcap_pkthdr()
        header.ts.tv_sec = Int(timestamp / 1_000_000_000)
        header.ts.tv_usec = Int(precision == .microseconds ? fraction / 1_000 : fraction)
        header.caplen = UInt32(min(frame.count, Self.snapshotByteCount))
        header.len = UInt32(frame.count)
        // pcap_dump returns nothing; its stream knows.
        let stream = unsafe pcap_dump_file(dumper)
        unsafe pcap_dump(
            UnsafeMutableRawPointer(dumper).assumingMemoryBound(to: UInt8.self), &header,
            frame.baseAddress?.assumingMemoryBound(to: UInt8.self))
        guard unsafe ferror(stream) == 0 else {
            let reason = String(errorNumber: errno)
            throw PcapFileError(path: path, packetNumber: packetCount + 1, reason: reason)
        }
        packetCount += 1
    }

    /// Hands what is buffered to the kernel.
    public func flush() throws(PcapFileError) {
        guard let dumper = unsafe dumper else { return }
        guard unsafe pcap_dump_flush(dumper) == 0 else {
            throw PcapFileError(path: path, packetNumber: nil, reason: String(errorNumber: errno))
        }
    }

    /// Flushes and closes the file. Closing twice is allowed and does nothing.
    public func close() throws(PcapFileError) {
        guard let dumper = unsafe dumper else { return }
        defer {
            unsafe pcap_dump_close(dumper)
            unsafe self.dumper = nil
        }
        try flush()
    }
}

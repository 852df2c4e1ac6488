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
    /// Bytes that are written by one system call.
    private static let bufferByteCount = 1 << 20

    public let path: String
    public let link: LinkType
    public let precision: Precision
    /// Frames written so far.
    public var packetCount: Int { writtenCount }
    private var writtenCount = 0
    /// Nil once closed.
    private var descriptor: Int32?
    private let buffer: UnsafeMutableRawPointer
    /// Bytes of the buffer that are in use.
    private var count = 0
    /// The first error that the file has had: from there on nothing is written, since the file would be no capture.
    private var failure: PcapFileError?

    /// Creates the file, or empties it, and writes the file header.
    public init(path: String, link: LinkType, precision: Precision = .microseconds) throws(PcapFileError) {
        self.path = path
        self.link = link
        self.precision = precision
        let opened = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard opened >= 0 else {
            throw PcapFileError(path: path, packetNumber: nil, reason: String(errorNumber: errno))
        }
        descriptor = opened
        unsafe buffer = .allocate(byteCount: Self.bufferByteCount, alignment: 4096)
        unsafe PlainPcap(precision: precision, link: link).writeHeader(to: buffer)
        count = PlainPcap.headerByteCount
    }

    deinit {
        try? close()
        unsafe buffer.deallocate()
    }

    /// Appends a frame. The writer must not be closed.
    /// - Parameter timestamp: nanoseconds since the Unix epoch; cut to microseconds unless the file counts
    ///   nanoseconds.
    public func write(_ frame: UnsafeRawBufferPointer, timestamp: UInt64) throws(PcapFileError) {
        let captured = min(frame.count, Self.snapshotByteCount)
        if count + PlainPcap.recordHeaderByteCount + captured > Self.bufferByteCount || failure != nil {
            try flush()
        }
        guard descriptor != nil else { preconditionFailure("\(path) is closed") }
        let fraction = timestamp % 1_000_000_000
        let start = unsafe buffer + count
        func store(_ number: UInt64, at offset: Int) {
            unsafe start.storeBytes(
                of: UInt32(truncatingIfNeeded: number), toByteOffset: offset, as: UInt32.self)
        }
        store(timestamp / 1_000_000_000, at: 0)
        store(precision == .microseconds ? fraction / 1_000 : fraction, at: 4)
        store(UInt64(captured), at: 8)
        store(UInt64(frame.count), at: 12)
        if let from = frame.baseAddress {
            unsafe (start + PlainPcap.recordHeaderByteCount).copyMemory(from: from, byteCount: captured)
        }
        count += PlainPcap.recordHeaderByteCount + captured
        writtenCount += 1
    }

    /// Hands what is buffered to the kernel.
    public func flush() throws(PcapFileError) {
        if let failure { throw failure }
        guard let descriptor else { return }
        var done = 0
        while done < count {
            let now = unsafe Glibc.write(descriptor, buffer + done, count - done)
            if now < 0, errno == EINTR { continue }
            guard now > 0 else {
                let error = PcapFileError(
                    path: path, packetNumber: nil, reason: String(errorNumber: now < 0 ? errno : ENOSPC))
                failure = error
                throw error
            }
            done += now
        }
        count = 0
    }

    /// Flushes and closes the file. Closing twice is allowed and does nothing.
    public func close() throws(PcapFileError) {
        guard let open = descriptor else { return }
        defer {
            Glibc.close(open)
            descriptor = nil
        }
        try flush()
    }
}

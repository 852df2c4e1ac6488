import Glibc
import Packets

/// Reads a plain capture by large reads. Mapping the file would save a copy, and kill the process when somebody cuts the
/// file off meanwhile.
@safe final class PlainPcapReader {
    /// Bytes of a read: what is read stays in the processor's second cache until it is looked at.
    private static let readByteCount = 256 << 10
    /// Room for the beginning of a packet that a read has cut in two.
    private static let byteCount =
        readByteCount + PlainPcap.recordHeaderByteCount + PlainPcap.packetByteLimit

    let format: PlainPcap
    private let path: String
    private let descriptor: Int32
    private let buffer: UnsafeMutableRawPointer
    /// What has been read and not passed on.
    private var position = 0
    private var end = 0
    private var isAtEnd = false
    /// Packets passed on.
    private(set) var packetCount = 0

    /// - Parameter descriptor: of a file whose header has been read; is closed with the reader.
    init(_ format: PlainPcap, path: String, descriptor: Int32) {
        self.format = format
        self.path = path
        self.descriptor = descriptor
        unsafe buffer = .allocate(byteCount: Self.byteCount, alignment: 4096)
    }

    deinit {
        Glibc.close(descriptor)
        unsafe buffer.deallocate()
    }

    /// The next packet, again and again until `advance`; nil at the end of the file.
    func peek() throws(PcapFileError) -> PcapRecord? {
        guard let header = try load() else { return nil }
        return unsafe PcapRecord(
            bytes: bytes(of: header), timestamp: header.timestamp, wireByteCount: header.wireByteCount)
    }

    /// Passes over the packet that was looked at.
    func advance() {
        let header = unsafe format.recordHeader(at: buffer + position)
        position += PlainPcap.recordHeaderByteCount + header.capturedByteCount
        packetCount += 1
    }

    /// Appends packets with a time stamp up to `limit`, until the vector is full.
    func append(to vector: PacketVector, notAfter limit: UInt64) throws(PcapFileError) {
        while !vector.isFull, let header = try load(), header.timestamp <= limit {
            unsafe vector.appendOrDrop(bytes(of: header), timestamp: header.timestamp)
            position += PlainPcap.recordHeaderByteCount + header.capturedByteCount
            packetCount += 1
        }
    }

    /// Of the packet at `position`.
    @inline(__always)
    private func bytes(of header: PlainPcap.RecordHeader) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: buffer + position + PlainPcap.recordHeaderByteCount,
            count: min(header.capturedByteCount, format.snapshotByteCount))
    }

    /// Sees that the next packet is in memory.
    @inline(__always)
    private func load() throws(PcapFileError) -> PlainPcap.RecordHeader? {
        let available = end - position
        if available >= PlainPcap.recordHeaderByteCount {
            let header = unsafe format.recordHeader(at: buffer + position)
            if available - PlainPcap.recordHeaderByteCount >= header.capturedByteCount,
                header.capturedByteCount <= PlainPcap.packetByteLimit
            {
                return header
            }
        }
        return try loadMore()
    }

    @inline(never)
    private func loadMore() throws(PcapFileError) -> PlainPcap.RecordHeader? {
        while true {
            let available = end - position
            if available >= PlainPcap.recordHeaderByteCount {
                let header = unsafe format.recordHeader(at: buffer + position)
                guard header.capturedByteCount <= PlainPcap.packetByteLimit else {
                    throw failure(
                        "damaged: it says that it has \(header.capturedByteCount) bytes, more than the "
                            + "\(PlainPcap.packetByteLimit) that a capture has of a packet")
                }
                if available - PlainPcap.recordHeaderByteCount >= header.capturedByteCount { return header }
            }
            guard !isAtEnd else {
                guard available > 0 else { return nil }
                throw failure("the file ends within it")
            }
            try read()
        }
    }

    private func read() throws(PcapFileError) {
        unsafe memmove(buffer, buffer + position, end - position)
        (position, end) = (0, end - position)
        // What is left is less than a packet with its header, so there is room for a whole read.
        var count = unsafe Glibc.read(descriptor, buffer + end, Self.readByteCount)
        while count < 0, errno == EINTR {
            count = unsafe Glibc.read(descriptor, buffer + end, Self.readByteCount)
        }
        guard count >= 0 else { throw failure(String(errorNumber: errno)) }
        end += count
        isAtEnd = count == 0
    }

    private func failure(_ reason: String) -> PcapFileError {
        PcapFileError(path: path, packetNumber: packetCount + 1, reason: reason)
    }
}

import CLinux
import Glibc

/// Whose numbers stand in a slot of a counter file.
public struct CounterKey: Hashable, Sendable {
    public var session: UInt64
    public var leg: UInt32

    public init(session: UInt64, leg: UInt32) {
        self.session = session
        self.leg = leg
    }
}

/// What a slot has counted since the file was made, of all sessions that had it, over all workers.
public struct CounterReading: Hashable, Sendable {
    /// Whose it is now; nil if nobody's, or just being given to another.
    public var key: CounterKey?
    public var upPackets: UInt64
    public var upBytes: UInt64
    public var downPackets: UInt64
    public var downBytes: UInt64

    public init(
        key: CounterKey?, upPackets: UInt64, upBytes: UInt64, downPackets: UInt64, downBytes: UInt64
    ) {
        self.key = key
        self.upPackets = upPackets
        self.upBytes = upBytes
        self.downPackets = downPackets
        self.downBytes = downBytes
    }
}

/// Everything in a counter file that isn't a session's, over all workers.
public struct CounterTotals: Hashable, Sendable {
    public var forwarded: UInt64
    public var consumed: UInt64
    public var originated: UInt64
    /// Every drop reason by name, in the forwarder's order, those that never occurred included.
    public var drops: [Drop]
    /// Packets in and out by port slot.
    public var ports: [Port]

    public struct Drop: Hashable, Sendable {
        public var name: String
        public var count: UInt64
    }
    public struct Port: Hashable, Sendable {
        public var received: UInt64
        public var sent: UInt64
    }
}

/// Reads a forwarder's counter file, whether or not the forwarder runs.
///
/// A sweep begins with `refresh`, which finds a file that has come, grown, or taken the place of another; the readings
/// that follow are of that file. One thread uses it.
public final class CounterReader {
    public let path: String
    private var mapping: Mapping?

    public init(path: String) { self.path = path }

    /// Looks at the file as it is now, and maps it if it isn't yet.
    /// - Returns: the file's id; nil if there is none.
    /// - Throws: a sentence, if there is a file that can't be read.
    @discardableResult public func refresh() throws(CounterFileError) -> UInt64? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            mapping = nil
            if errno == ENOENT { return nil }
            throw CounterFileError("can't open \(path): \(meaning(ofErrno: errno))")
        }
        let descriptor = Descriptor(file)
        do throws(LinkError) {
            let header = try CounterFileHeader(CounterFile.headerBytes(of: descriptor))
            var status = stat()
            guard fstat(file, &status) == 0,
                Int(status.st_size) >= header.layout.byteCount(workers: header.workers)
            else { throw LinkError("it has been cut off") }
            if let mapping, mapping.isOf(status, header) {
                mapping.header = header
            } else {
                mapping = try Mapping(descriptor, status, header)
            }
            return header.fileID
        } catch {
            mapping = nil
            throw CounterFileError("\(path): \(error)")
        }
    }

    /// The id of the file that is being read; nil if there is none.
    public var fileID: UInt64? { mapping?.header.fileID }

    /// Session slots that can be read.
    public var capacity: Int { mapping?.header.capacity ?? 0 }

    /// What a slot holds. Nil where there is no room for it yet, or no file. Cost: a cache line a worker.
    public func read(_ slot: Int) -> CounterReading? {
        guard let mapping, slot >= 0, slot < mapping.header.capacity else { return nil }
        let key = mapping.key(slot)
        var reading = CounterReading(key: key, upPackets: 0, upBytes: 0, downPackets: 0, downBytes: 0)
        let first = mapping.header.layout.region.slots + CounterRegion.wordsPerSlot * slot
        for worker in 0..<mapping.header.workers {
            reading.upPackets &+= mapping.word(first, worker)
            reading.upBytes &+= mapping.word(first + 1, worker)
            reading.downPackets &+= mapping.word(first + 2, worker)
            reading.downBytes &+= mapping.word(first + 3, worker)
        }
        // Numbers between two owners are neither's.
        if mapping.key(slot) != key { reading.key = nil }
        return reading
    }

    /// Totals, drops and ports. Nil if there is no file.
    public func totals() -> CounterTotals? {
        guard let mapping else { return nil }
        let region = mapping.header.layout.region
        func sum(_ word: Int) -> UInt64 {
            (0..<mapping.header.workers).reduce(0) { $0 &+ mapping.word(word, $1) }
        }
        return CounterTotals(
            forwarded: sum(region.totals), consumed: sum(region.totals + 1),
            originated: sum(region.totals + 2),
            drops: region.dropNames.enumerated().map {
                CounterTotals.Drop(name: $0.element, count: sum(region.drops + $0.offset))
            },
            ports: (0..<region.portCount).map {
                CounterTotals.Port(received: sum(region.portsIn + $0), sent: sum(region.portsOut + $0))
            })
    }
}

extension CounterReader {
    /// One file, mapped to be read.
    private final class Mapping {
        var header: CounterFileHeader
        private let start: UnsafeMutableRawPointer
        private let byteCount: Int
        private let device: dev_t
        private let inode: ino_t

        init(
            _ descriptor: Descriptor, _ status: stat, _ header: CounterFileHeader
        ) throws(LinkError) {
            self.header = header
            byteCount = header.layout.byteCount(workers: header.workers)
            device = status.st_dev
            inode = status.st_ino
            let mapping = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor.number, 0)
            guard let mapping, mapping != MAP_FAILED else {
                throw LinkError("it can't be mapped: \(meaning(ofErrno: errno))")
            }
            start = mapping
        }

        deinit { munmap(start, byteCount) }

        /// Whether this maps the whole of that file.
        func isOf(_ status: stat, _ header: CounterFileHeader) -> Bool {
            status.st_dev == device && status.st_ino == inode && self.header.fileID == header.fileID
                && header.layout.byteCount(workers: header.workers) == byteCount
        }

        func word(_ index: Int, _ worker: Int) -> UInt64 {
            let offset = header.layout.regionOffset(worker: worker) + 8 * index
            return wl_counter_read((start + offset).assumingMemoryBound(to: UInt64.self))
        }

        func key(_ slot: Int) -> CounterKey? {
            let offset = CounterFileLayout.keysOffset + slot * CounterFileLayout.keyByteCount
            let words = (start + offset).assumingMemoryBound(to: UInt64.self)
            let tag = wl_load_acquire(words + 1)
            let session = wl_counter_read(words)
            wl_acquire_fence()
            guard tag & 1 == 1, wl_counter_read(words + 1) == tag else { return nil }
            return CounterKey(session: session, leg: UInt32(truncatingIfNeeded: tag >> 32))
        }
    }
}

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

/// What a leg has counted in its slot, over all workers: nothing of what others had counted there before.
public struct CounterReading: Hashable, Sendable {
    /// Whose it is.
    public var key: CounterKey
    /// Which time it is that the leg has the slot, should others have had it in between: packets and bytes that had been
    /// counted there before. A greater number means that the leg's count began again at zero.
    public var start: UInt64
    public var upPackets: UInt64
    public var upBytes: UInt64
    public var downPackets: UInt64
    public var downBytes: UInt64

    public init(
        key: CounterKey, start: UInt64, upPackets: UInt64, upBytes: UInt64, downPackets: UInt64,
        downBytes: UInt64
    ) {
        self.key = key
        self.start = start
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
    /// Packets in and out by port slot, of the port that has it.
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

    /// What is counted in a slot. Nil where it is nobody's, or just being given to another; and where there is no room
    /// for it yet, or no file. Cost: a cache line a worker, and the key's.
    public func read(_ slot: Int) -> CounterReading? {
        guard let mapping, slot >= 0, slot < mapping.header.capacity, let owner = mapping.owner(slot) else {
            return nil
        }
        var (upPackets, upBytes) = (0 &- owner.upPackets, 0 &- owner.upBytes)
        var (downPackets, downBytes) = (0 &- owner.downPackets, 0 &- owner.downBytes)
        let first = mapping.header.layout.region.slots + CounterRegion.wordsPerSlot * slot
        for worker in 0..<mapping.header.workers {
            upPackets &+= mapping.word(first, worker)
            upBytes &+= mapping.word(first + 1, worker)
            downPackets &+= mapping.word(first + 2, worker)
            downBytes &+= mapping.word(first + 3, worker)
        }
        // Numbers between two owners are neither's.
        wl_acquire_fence()
        guard mapping.owner(slot) == owner else { return nil }
        return CounterReading(
            key: owner.key, start: owner.upPackets &+ owner.upBytes &+ owner.downPackets &+ owner.downBytes,
            upPackets: upPackets, upBytes: upBytes, downPackets: downPackets, downBytes: downBytes)
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
                let base = mapping.portBase($0)
                return CounterTotals.Port(
                    received: sum(region.portsIn + $0) &- base.received,
                    sent: sum(region.portsOut + $0) &- base.sent)
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

        /// Whose a slot is; nil if nobody's, or just being given to another.
        func owner(_ slot: Int) -> Owner? {
            let entry = entry(at: header.layout.keyOffset(slot))
            let tag = wl_load_acquire(entry)
            let owner = Owner(
                key: CounterKey(
                    session: wl_counter_read(entry + 1), leg: UInt32(truncatingIfNeeded: tag >> 32)),
                upPackets: wl_counter_read(entry + 2), upBytes: wl_counter_read(entry + 3),
                downPackets: wl_counter_read(entry + 4), downBytes: wl_counter_read(entry + 5))
            wl_acquire_fence()
            return tag & 1 == 1 && wl_counter_read(entry) == tag ? owner : nil
        }

        /// What a port slot's words were when its port got it. One that gets it at this moment may be taken for the one
        /// before, once: these numbers are shown, and on nobody's bill.
        func portBase(_ port: Int) -> CounterTotals.Port {
            let entry = entry(at: header.layout.portOffset(port))
            // Before the words, which are never less then.
            return CounterTotals.Port(received: wl_load_acquire(entry + 1), sent: wl_load_acquire(entry + 2))
        }

        private func entry(at offset: Int) -> UnsafeMutablePointer<UInt64> {
            (start + offset).assumingMemoryBound(to: UInt64.self)
        }
    }

    /// A leg that has a slot, and what the slot's words were when it got it.
    private struct Owner: Equatable {
        let key: CounterKey
        let upPackets: UInt64
        let upBytes: UInt64
        let downPackets: UInt64
        let downBytes: UInt64
    }
}

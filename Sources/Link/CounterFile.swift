import CLinux
import Glibc
import Wire

/// The counters of a forwarder, in a file on tmpfs that outlives it: the forwarder writes, the control plane reads with
/// a `CounterReader`, and neither waits for the other.
///
/// Words in it never go back as long as the file lives, not even when a slot gets another session: what they were then
/// is written beside the key, and `CounterReader` subtracts it. So what one leg has counted never comes on another's
/// bill, whatever the reader knows or has forgotten of the slot's past. A forwarder that is started again goes on in the
/// same file. The file is a mapping, and pages without room would kill a process that writes to them; so room is taken
/// before it is used.
///
/// One forwarder at a time, which holds the instance's lock. `bind` and `ensure` are for one thread; each worker's words
/// are its own.
public final class CounterFile: @unchecked Sendable {
    public let path: String
    /// Random and never 0: another id means that all numbers begin at 0 again.
    public let fileID: UInt64
    private let layout: CounterFileLayout
    private let workers: Int
    private let descriptor: Descriptor
    private let start: UnsafeMutableRawPointer
    private let byteCount: Int

    /// Takes over the file, or makes it.
    /// - Parameter requiresTmpfs: whether another file system is refused: counting must not wait for a disk.
    /// - Throws: a sentence, if the file is on another file system, has another layout, is damaged, or there is no room.
    public init(
        path: String, region: CounterRegion, workers: Int = 1, requiresTmpfs: Bool = true
    ) throws(CounterFileError) {
        precondition(region.isSound && (1...CounterFileLayout.workerLimit).contains(workers))
        let layout = CounterFileLayout(region: region)
        let descriptor = try Self.open(path, layout, workers: workers, requiresTmpfs: requiresTmpfs)
        let header = try Self.readHeader(of: descriptor, path)
        let allWorkers = max(workers, header.workers)
        try Self.check(header, fits: layout, descriptor, path)

        self.path = path
        self.layout = layout
        self.descriptor = descriptor
        self.workers = allWorkers
        fileID = header.fileID
        byteCount = layout.byteCount(workers: allWorkers)
        guard ftruncate(descriptor.number, off_t(byteCount)) == 0 else {
            throw CounterFileError("can't lengthen \(path): \(meaning(ofErrno: errno))")
        }
        // What the header says has room may have lost it, if the file was copied.
        try Self.reserve(layout, slots: header.capacity, workers: allWorkers, descriptor, path)
        let mapping = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0)
        guard let mapping, mapping != MAP_FAILED else {
            throw CounterFileError("can't map \(path): \(meaning(ofErrno: errno))")
        }
        start = mapping
        let names = layout.header(fileID: fileID, workers: allWorkers)[CounterFileLayout.namesOffset...]
        UnsafeMutableRawBufferPointer(start: start + CounterFileLayout.namesOffset, count: names.count)
            .copyBytes(from: names)
        wl_store_release(headerWord(CounterFileLayout.Word.dropNames), UInt64(region.dropNames.count))
        wl_store_release(headerWord(CounterFileLayout.Word.workers), UInt64(allWorkers))
    }

    deinit { munmap(start, byteCount) }

    /// Session slots that have room.
    public var capacity: Int { Int(wl_load_acquire(headerWord(CounterFileLayout.Word.capacity))) }

    /// The words of one worker, as `CounterRegion` orders them, beginning with a page. Valid as long as this object
    /// lives. Only words of ports, totals, drops, and slots below `capacity` may be touched.
    public func words(worker: Int) -> UnsafeMutablePointer<UInt64> {
        precondition((0..<workers).contains(worker))
        return (start + layout.regionOffset(worker: worker)).assumingMemoryBound(to: UInt64.self)
    }

    /// Sees that there is room for the slots `0..<count`, in steps of 4,096. Cost: nothing while there is.
    /// - Throws: a sentence that says how much room is missing, and where. What had room keeps it.
    public func ensure(slots count: Int) throws(CounterFileError) {
        guard count > capacity else { return }
        guard count <= layout.region.slotCount else {
            throw CounterFileError(
                "\(path) has session slots up to \(layout.region.slotCount), not \(count)")
        }
        let step = CounterFileLayout.slotStep
        let rounded = min(layout.region.slotCount, (count + step - 1) / step * step)
        try Self.reserve(layout, slots: rounded, workers: workers, descriptor, path)
        wl_store_release(headerWord(CounterFileLayout.Word.capacity), UInt64(rounded))
    }

    /// Writes whose numbers stand in a slot from now on; to be called before the first packet is counted there, and when
    /// none is any more for the one before. A leg that has the slot already goes on counting; another begins at zero. A
    /// reader sees the leg before, none, or this one, never a mixture.
    /// - Precondition: the slot has room.
    public func bind(slot: Int, session: UInt64, leg: UInt32) {
        precondition(slot >= 0 && slot < capacity)
        let key = entry(at: layout.keyOffset(slot))
        let tag = UInt64(leg) << 32 | 1
        guard wl_load_acquire(key) != tag || wl_counter_read(key + 1) != session else { return }
        let first = layout.region.slots + CounterRegion.wordsPerSlot * slot
        write(tag: tag, to: key) { words in
            wl_store_relaxed(words, session)
            for index in 0..<CounterRegion.wordsPerSlot {
                wl_store_relaxed(words + 1 + index, sum(first + index))
            }
        }
    }

    /// Writes which port is counted in a port slot from now on. The one of the same name goes on counting; another begins
    /// at zero.
    /// - Precondition: there is such a slot.
    public func bind(port slot: Int, name: String) {
        precondition((0..<layout.region.portCount).contains(slot))
        let port = entry(at: layout.portOffset(slot))
        let tag = UInt64(CRC32C.of(Array(name.utf8).span.bytes)) << 32 | 1
        guard wl_load_acquire(port) != tag else { return }
        write(tag: tag, to: port) { words in
            wl_store_relaxed(words, sum(layout.region.portsIn + slot))
            wl_store_relaxed(words + 1, sum(layout.region.portsOut + slot))
        }
    }

    /// What a word is over all workers.
    private func sum(_ word: Int) -> UInt64 {
        (0..<workers).reduce(0) { $0 &+ wl_counter_read(words(worker: $1) + word) }
    }

    /// Changes an owner, in the order that `CounterFileLayout` tells.
    private func write(
        tag: UInt64, to entry: UnsafeMutablePointer<UInt64>, _ words: (UnsafeMutablePointer<UInt64>) -> Void
    ) {
        wl_store_relaxed(entry, 0)
        wl_release_fence()
        words(entry + 1)
        wl_store_release(entry, tag)
    }

    private func headerWord(_ word: Int) -> UnsafeMutablePointer<UInt64> {
        (start + 8 * word).assumingMemoryBound(to: UInt64.self)
    }

    private func entry(at offset: Int) -> UnsafeMutablePointer<UInt64> {
        (start + offset).assumingMemoryBound(to: UInt64.self)
    }
}

extension CounterFile {
    /// Opens the file. A missing one is made beside its place and moved there when its header is whole, so that nobody
    /// ever finds half of one.
    private static func open(
        _ path: String, _ layout: CounterFileLayout, workers: Int, requiresTmpfs: Bool
    ) throws(CounterFileError) -> Descriptor {
        func failure(_ path: String) -> CounterFileError {
            CounterFileError("can't open \(path): \(meaning(ofErrno: errno))")
        }
        let existing = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        if existing >= 0 {
            let descriptor = Descriptor(existing)
            if requiresTmpfs { try checkFileSystem(of: descriptor, path) }
            return descriptor
        }
        guard errno == ENOENT else { throw failure(path) }
        let temporary = path + ".new"
        unlink(temporary)
        let file = Glibc.open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard file >= 0 else { throw failure(temporary) }
        let descriptor = Descriptor(file)
        do throws(CounterFileError) {
            if requiresTmpfs { try checkFileSystem(of: descriptor, path) }
            try reserve(layout, slots: 0, workers: workers, descriptor, path)
            let header = layout.header(fileID: .random(in: 1 ... .max), workers: workers)
            let count = header.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
            guard count == header.count, ftruncate(file, off_t(layout.byteCount(workers: workers))) == 0,
                rename(temporary, path) == 0
            else { throw CounterFileError("can't write \(path): \(meaning(ofErrno: errno))") }
        } catch {
            unlink(temporary)
            throw error
        }
        return descriptor
    }

    private static func checkFileSystem(of descriptor: Descriptor, _ path: String) throws(CounterFileError) {
        let isOnTmpfs = wl_is_on_tmpfs(descriptor.number)
        guard isOnTmpfs >= 0 else {
            throw CounterFileError(
                "can't look up the file system of \(path): \(meaning(ofErrno: -isOnTmpfs))")
        }
        guard isOnTmpfs == 1 else {
            throw CounterFileError(
                "\(path) is not on tmpfs, and counting must not wait for a disk; choose a --run-directory that is"
            )
        }
    }

    private static func readHeader(of descriptor: Descriptor, _ path: String) throws(CounterFileError)
        -> CounterFileHeader
    {
        do throws(LinkError) {
            return try CounterFileHeader(headerBytes(of: descriptor))
        } catch {
            throw CounterFileError("\(path): \(error); \(whatToDo)")
        }
    }

    /// The beginning of the file, as far as it is there.
    static func headerBytes(of descriptor: Descriptor) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: CounterFileLayout.headerByteCount) { buffer, count in
            count = max(0, pread(descriptor.number, buffer.baseAddress, buffer.count, 0))
        }
    }

    /// Whether the file that is there can be gone on with: the same layout, whole, and the same names of drops, behind
    /// which there may be new ones.
    private static func check(
        _ header: CounterFileHeader, fits layout: CounterFileLayout, _ descriptor: Descriptor, _ path: String
    ) throws(CounterFileError) {
        var (theirs, ours) = (header.layout.region, layout.region)
        let namesFit = ours.dropNames.starts(with: theirs.dropNames)
        (theirs.dropNames, ours.dropNames) = ([], [])
        guard theirs == ours, namesFit else {
            throw CounterFileError("\(path): its counters are laid out in another way; \(whatToDo)")
        }
        var status = stat()
        guard fstat(descriptor.number, &status) == 0,
            Int(status.st_size) >= header.layout.byteCount(workers: header.workers)
        else { throw CounterFileError("\(path): it has been cut off; \(whatToDo)") }
    }

    private static var whatToDo: String {
        "let the control plane take the last counts from it, then move it away and start again"
    }

    /// Takes room for so many slots.
    private static func reserve(
        _ layout: CounterFileLayout, slots: Int, workers: Int, _ descriptor: Descriptor, _ path: String
    ) throws(CounterFileError) {
        let parts = layout.parts(slots: slots, workers: workers)
        for part in parts {
            var result: Int32
            repeat {
                result = posix_fallocate(descriptor.number, off_t(part.lowerBound), off_t(part.count))
            } while result == EINTR
            guard result != 0 else { continue }
            guard result == ENOSPC else {
                throw CounterFileError("can't take room for \(path): \(meaning(ofErrno: result))")
            }
            throw noRoom(descriptor, path, needed: parts.reduce(0) { $0 + $1.count })
        }
    }

    private static func noRoom(_ descriptor: Descriptor, _ path: String, needed: Int) -> CounterFileError {
        var (space, file) = (statvfs(), stat())
        var missing = ""
        if fstatvfs(descriptor.number, &space) == 0, fstat(descriptor.number, &file) == 0 {
            let free = Int(space.f_bavail) * Int(space.f_frsize)
            let kibibytes = max(4, (needed - Int(file.st_blocks) * 512 - free + 1023) / 1024)
            missing = ", \(kibibytes) KiB are missing"
        }
        let folder = path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
        return CounterFileError(
            "no room for \(path)\(missing) on \(folder); remove something there, or mount a larger tmpfs")
    }
}

import CLinux
import Glibc
import Testbed
import Testing

@testable import Link

/// Small regions of the real shape, in files of the test's own.
private enum Small {
    static func region(slots: Int = 10_000, drops: [String] = ["tooBig", "notAdmitted"]) -> CounterRegion {
        CounterRegion(
            slotCount: slots, portCount: 4, wordCount: 24 + 4 * slots, totals: 0, drops: 8, portsIn: 16,
            portsOut: 20, slots: 24, dropNames: drops)
    }

    static func open(
        _ path: String, _ region: CounterRegion = region(), workers: Int = 1, requiresTmpfs: Bool = false
    ) throws(CounterFileError) -> CounterFile {
        try CounterFile(path: path, region: region, workers: workers, requiresTmpfs: requiresTmpfs)
    }

    static func failure(_ path: String, _ region: CounterRegion = region(), requiresTmpfs: Bool = false)
        -> String
    {
        do throws(CounterFileError) {
            _ = try open(path, region, requiresTmpfs: requiresTmpfs)
            return "none"
        } catch { return error.description }
    }

    static func add(_ file: CounterFile, slot: Int, _ amount: UInt64, worker: Int = 0) {
        let words = file.words(worker: worker)
        for word in 0..<4 { wl_counter_add(words + 24 + 4 * slot + word, amount * UInt64(word + 1)) }
    }

    static func reading(
        _ session: UInt64, _ leg: UInt32, _ amount: UInt64, start: UInt64 = 0
    ) -> CounterReading {
        CounterReading(
            key: CounterKey(session: session, leg: leg), start: start, upPackets: amount, upBytes: 2 * amount,
            downPackets: 3 * amount, downBytes: 4 * amount)
    }
}

@Suite("Counter file") struct CounterFileTests {
    private let folder = ScratchFolder()

    @Test("CD-6 what is counted is read, by slot and key, over all workers") func counts() throws {
        let path = folder.file("counters-main")
        let reader = CounterReader(path: path)
        #expect(try reader.refresh() == nil && reader.read(0) == nil && reader.totals() == nil)
        let file = try Small.open(path, workers: 2)
        try file.ensure(slots: 3)
        file.bind(slot: 2, session: 77, leg: 5)
        Small.add(file, slot: 2, 10)
        Small.add(file, slot: 2, 1, worker: 1)
        wl_counter_add(file.words(worker: 1) + 9, 6)
        wl_counter_add(file.words(worker: 0) + 2, 3)
        wl_counter_add(file.words(worker: 0) + 17, 4)
        wl_counter_add(file.words(worker: 1) + 20, 8)
        #expect(try reader.refresh() == file.fileID && file.fileID != 0)
        #expect(reader.read(2) == Small.reading(77, 5, 11))
        #expect(reader.read(1) == nil)
        file.bind(slot: 4095, session: 77, leg: 6)
        #expect(reader.read(4095) == Small.reading(77, 6, 0))
        #expect(reader.read(4096) == nil && reader.read(-1) == nil)
        let totals = try #require(reader.totals())
        #expect(totals.originated == 3 && totals.forwarded == 0)
        #expect(
            totals.drops.map(\.name) == ["tooBig", "notAdmitted"] && totals.drops.map(\.count) == [0, 6])
        #expect(totals.ports[1].received == 4 && totals.ports[0].sent == 8)
    }

    @Test("PX-5 a forwarder that is started again goes on where the one before stopped") func takeover()
        throws
    {
        let path = folder.file("counters-main")
        var id: UInt64 = 0
        do {
            let file = try Small.open(path)
            try file.ensure(slots: 5000)
            file.bind(slot: 4999, session: 1, leg: 2)
            Small.add(file, slot: 4999, 7)
            id = file.fileID
        }
        let file = try Small.open(path)
        #expect(file.fileID == id && file.capacity == 8192)
        Small.add(file, slot: 4999, 7)
        let reader = CounterReader(path: path)
        try reader.refresh()
        #expect(reader.read(4999) == Small.reading(1, 2, 14))
        // More workers: theirs count too. Fewer: those that are gone still do.
        Small.add(try Small.open(path, workers: 3), slot: 4999, 1, worker: 2)
        Small.add(try Small.open(path), slot: 4999, 1)
        try reader.refresh()
        #expect(reader.read(4999) == Small.reading(1, 2, 16))
        #expect(folderEntries(folder.path) == ["counters-main"])
    }

    @Test("CD-7 a leg's reading is what it has counted itself, whoever had the slot before or in between")
    func handedOver() throws {
        let path = folder.file("counters-main")
        let reader = CounterReader(path: path)
        do {
            let file = try Small.open(path, workers: 2)
            try file.ensure(slots: 3)
            // Before anybody has it, and then by a first one.
            Small.add(file, slot: 2, 3, worker: 1)
            file.bind(slot: 2, session: 77, leg: 5)
            Small.add(file, slot: 2, 10)
            try reader.refresh()
            #expect(reader.read(2) == Small.reading(77, 5, 10, start: 30))
            file.bind(slot: 2, session: 77, leg: 6)
            #expect(reader.read(2) == Small.reading(77, 6, 0, start: 130))
            Small.add(file, slot: 2, 1)
            Small.add(file, slot: 2, 1, worker: 1)
            file.bind(slot: 2, session: 77, leg: 6)
            #expect(reader.read(2) == Small.reading(77, 6, 2, start: 130))
        }
        // A forwarder that is started again, even with fewer workers, binds the same; then the first one comes back.
        let file = try Small.open(path)
        file.bind(slot: 2, session: 77, leg: 6)
        Small.add(file, slot: 2, 4)
        #expect(reader.read(2) == Small.reading(77, 6, 6, start: 130))
        file.bind(slot: 2, session: 77, leg: 5)
        Small.add(file, slot: 2, 2)
        #expect(reader.read(2) == Small.reading(77, 5, 2, start: 190))
        file.bind(slot: 2, session: 78, leg: 5)
        #expect(reader.read(2) == Small.reading(78, 5, 0, start: 210))
        #expect(reader.read(1) == nil)
    }

    @Test("A port's packets are those since the port of its name got the slot") func ports() throws {
        let path = folder.file("counters-main")
        let reader = CounterReader(path: path)
        func packets() throws -> [UInt64] {
            try reader.refresh()
            let ports = try #require(reader.totals()).ports
            return [ports[1].received, ports[1].sent, ports[2].received, ports[2].sent]
        }
        do {
            let file = try Small.open(path, workers: 2)
            file.bind(port: 1, name: "core0")
            wl_counter_add(file.words(worker: 0) + 17, 4)
            wl_counter_add(file.words(worker: 1) + 17, 1)
            wl_counter_add(file.words(worker: 1) + 21, 8)
            wl_counter_add(file.words(worker: 0) + 18, 2)
            #expect(try packets() == [5, 8, 2, 0])
        }
        let file = try Small.open(path)
        file.bind(port: 1, name: "core0")
        wl_counter_add(file.words(worker: 0) + 17, 1)
        #expect(try packets() == [6, 8, 2, 0])
        file.bind(port: 1, name: "core1")
        #expect(try packets() == [0, 0, 2, 0])
        wl_counter_add(file.words(worker: 0) + 21, 3)
        #expect(try packets() == [0, 3, 2, 0])
    }

    @Test("A reader sees a file grow, go, and come as another") func changes() throws {
        let path = folder.file("counters-main")
        let reader = CounterReader(path: path)
        var first: UInt64?
        do {
            let file = try Small.open(path)
            #expect(try reader.refresh() == file.fileID && reader.capacity == 0)
            try file.ensure(slots: 1)
            file.bind(slot: 0, session: 1, leg: 1)
            #expect(reader.read(0) == nil)
            try reader.refresh()
            #expect(reader.capacity == 4096 && reader.read(0) != nil)
            try file.ensure(slots: 10_000)
            first = try reader.refresh()
            #expect(reader.capacity == 10_000)
            #expect(throws: CounterFileError.self) { try file.ensure(slots: 10_001) }
        }
        unlink(path)
        #expect(try reader.refresh() == nil && reader.fileID == nil)
        let second = try Small.open(path)
        #expect(try reader.refresh() == second.fileID && second.fileID != first)
    }

    @Test("A file that somebody cuts off is an error for its reader, never a trap") func truncated() throws {
        let path = folder.file("counters-main")
        let file = try Small.open(path)
        try file.ensure(slots: 100)
        let reader = CounterReader(path: path)
        try reader.refresh()
        for length in [100_000, 12_288, 5000, 0] {
            #expect(truncate(path, off_t(length)) == 0)
            let error = #expect(throws: CounterFileError.self) { try reader.refresh() }
            #expect(try #require(error).description.contains(path))
            #expect(reader.read(0) == nil && reader.totals() == nil)
            #expect(Small.failure(path).contains("move it away"))
        }
    }

    @Test("Another layout, a damaged header, something else: refused, with what to do, and left as it was")
    func refusals() throws {
        let path = folder.file("counters-main")
        do { _ = try Small.open(path) }
        let good = try #require(fileContents(path))
        #expect(Small.failure(path, Small.region(slots: 9999)).contains("laid out in another way"))
        #expect(Small.failure(path, Small.region(drops: ["notAdmitted"])).contains("laid out in another way"))
        for (offset, octet, words) in [
            (0, 0, "no counter file"), (8, 1, "it has layout 1, and this program knows layout 2"),
            (24, 0, "damaged"),
            (24, 65, "damaged"), (34, 1, "damaged"), (47, 9, "damaged"), (56, 1, "damaged"),
            (104, 3, "damaged"),
            (108, 1, "damaged"), (12_287, 0, "none"),
        ] as [(Int, UInt8, String)] {
            var bytes = good
            bytes[offset] = octet
            _ = folder.file("counters-main", bytes)
            let failure = Small.failure(path)
            #expect(failure.contains(words), "byte \(offset): \(failure)")
            #expect(words == "none" || (failure.contains("move it away") && fileContents(path) == bytes))
        }
        _ = folder.file("counters-main", Array(good[..<12_000]))
        #expect(Small.failure(path).contains("not whole"))
    }

    @Test("A program with more drop reasons goes on in the file of one with fewer") func newDrops() throws {
        let path = folder.file("counters-main")
        do { _ = try Small.open(path) }
        let file = try Small.open(path, Small.region(drops: ["tooBig", "notAdmitted", "tooLate"]))
        wl_counter_add(file.words(worker: 0) + 10, 2)
        let reader = CounterReader(path: path)
        try reader.refresh()
        #expect(reader.totals()?.drops.last == CounterTotals.Drop(name: "tooLate", count: 2))
    }

    @Test("Garbled headers are refused or read, and never trap", arguments: SeededGenerator.seeds)
    func garbled(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let good = CounterFileLayout(region: Small.region()).header(fileID: 9, workers: 1)
        var refused = 0
        for _ in 0..<5000 {
            var bytes = good
            for _ in 0..<random.number(1...3) { bytes[random.number(0...111)] = random.octet() }
            do throws(LinkError) { _ = try CounterFileHeader(bytes) } catch { refused += 1 }
        }
        #expect(refused > 1000)
    }

    @Test("While a slot changes hands a reader sees either owner or none, never a mixture") func binding()
        throws
    {
        let path = folder.file("counters-main")
        let file = try Small.open(path)
        try file.ensure(slots: 1)
        let stop = StopFlag()
        let thread = NativeThread("binder") {
            var number: UInt64 = 0
            while !stop.isRaised {
                number += 1
                file.bind(slot: 0, session: number, leg: UInt32(truncatingIfNeeded: number &* 3))
                // Each counts as much as its number says, so that it can't be taken for another.
                Small.add(file, slot: 0, number)
            }
        }
        let reader = CounterReader(path: path)
        try reader.refresh()
        var seen = 0
        var last: UInt64 = 0
        for _ in 0..<200_000 {
            guard let reading = reader.read(0) else { continue }
            seen += 1
            let number = reading.key.session
            // What those before it have counted, each word of the four.
            let start = 10 * (number * (number - 1) / 2)
            guard reading.key.leg == UInt32(truncatingIfNeeded: number &* 3), number >= last,
                reading.start == start, [0, number].contains(reading.upPackets),
                [0, 4 * number].contains(reading.downBytes)
            else {
                Issue.record("\(reading) after \(last)")
                break
            }
            last = number
        }
        stop.raise()
        thread.join()
        #expect(seen > 0)
    }

    @Test(
        "A folder that isn't on tmpfs is refused",
        .enabled(if: !isScratchOnTmpfs, "needs a scratch folder on disk"))
    func notTmpfs() throws {
        #expect(Small.failure(folder.file("counters-main"), requiresTmpfs: true).contains("not on tmpfs"))
        #expect(folderEntries(folder.path).isEmpty)
    }

    @Test("On a real tmpfs it is taken", .enabled(if: access("/dev/shm", W_OK) == 0, "needs /dev/shm"))
    func tmpfs() throws {
        let path = "/dev/shm/wayleave-test-\(getpid())"
        defer { unlink(path) }
        #expect(Small.failure(path, requiresTmpfs: true) == "none")
    }

    @Test(
        "A full tmpfs is said, with how much is missing; what had room keeps it",
        .enabled(if: geteuid() == 0, "needs root, to mount one"))
    func full() throws {
        let mountPoint = folder.file("tiny")
        #expect(mkdir(mountPoint, 0o700) == 0)
        guard mount("tmpfs", mountPoint, "tmpfs", 0, "size=400k") == 0 else {
            Issue.record("can't mount a tmpfs: errno \(errno)")
            return
        }
        defer {
            umount2(mountPoint, Int32(MNT_DETACH))
            rmdir(mountPoint)
        }
        let path = "\(mountPoint)/counters-main"
        let file = try Small.open(path, requiresTmpfs: true)
        try file.ensure(slots: 4096)
        file.bind(slot: 4095, session: 3, leg: 4)
        Small.add(file, slot: 4095, 2)
        let error = #expect(throws: CounterFileError.self) { try file.ensure(slots: 10_000) }
        let sentence = try #require(error).description
        #expect(
            sentence.contains("no room for \(path), ")
                && sentence.contains(" KiB are missing on \(mountPoint);"))
        #expect(file.capacity == 4096)
        let reader = CounterReader(path: path)
        try reader.refresh()
        #expect(reader.read(4095) == Small.reading(3, 4, 2))
        // Every word that has room can be written, on a file system where nothing is left.
        let rest = open("\(mountPoint)/rest", O_CREAT | O_WRONLY, 0o600)
        let block = [UInt8](repeating: 1, count: 4096)
        while write(rest, block, block.count) > 0 {}
        close(rest)
        for slot in 0..<4096 { Small.add(file, slot: slot, 1) }
        #expect(Small.failure("\(mountPoint)/another", requiresTmpfs: true).contains("no room"))
        #expect(folderEntries(mountPoint) == ["counters-main", "rest"])
    }
}

/// Whether scratch folders can't serve as an example of a disk.
private let isScratchOnTmpfs: Bool = {
    let folder = ScratchFolder()
    let descriptor = open(folder.path, O_RDONLY)
    defer { close(descriptor) }
    return wl_is_on_tmpfs(descriptor) == 1
}()

import Wire

/// Where everything stands in a counter file.
///
/// ```
///      0      1 page    3 pages           p                  k                   k + r
///      +--------+----------+-----------------+------------------+-------------------+-------------------+---
///      | header | names of |      ports      |       keys       | words of worker 0 | words of worker 1 | …
///      |        |  drops   | 24 bytes a port | 48 bytes a slot  |  `CounterRegion`  |                   |
///      +--------+----------+-----------------+------------------+-------------------+-------------------+---
///
/// header   0  'WLCOUNTS'            8  layout version     16  file id          24  workers
///  (words) 32 session slots with room in the file         40  session slots    48  ports
///          56 words of a worker    64  first of totals    72  of drops         80  of packets in
///          88 of packets out       96  of session slots  104  names of drops
/// names    0  32 bytes each, zero behind the name
/// a port   0  tag: CRC-32C of the port's name × 2³² + 1   8  base of packets in    16  of packets out
/// a key    0  tag: leg × 2³² + 1    8  session number     16  base of up packets   24  of up bytes
///         32  base of down packets  40  of down bytes
/// ```
/// A tag is 0 while the slot is bound to nobody. A base is what the words of the slot were, over all workers, when it was
/// bound: what its owner has counted is words less base, and no word is ever set back. An owner is changed in this
/// order: tag zero, everything else, tag. So whoever finds the same entry before and after has read no mixture.
///
/// All words are 64 bits in host byte order. p, k and r are whole pages, and depend on the numbers of ports and session
/// slots alone: nothing ever moves while the file lives. The file has its full length from the start, but room only for
/// what is in use: `CounterFile.ensure` takes more.
struct CounterFileLayout: Hashable, Sendable {
    static let magic: UInt64 = 0x5354_4e55_4f43_4c57
    static let version: UInt64 = 2
    static let pageByteCount = 4096
    static let nameByteCount = 32
    /// Words of a port's entry: tag, bases.
    static let portWordCount = 3
    /// Words of a session slot's key: tag, session, bases.
    static let keyWordCount = 6
    /// Room is taken for so many session slots at once.
    static let slotStep = 4096
    /// Workers of a forwarder at most.
    static let workerLimit = 64

    /// Words of the header.
    enum Word {
        static let magic = 0
        static let version = 1
        static let fileID = 2
        static let workers = 3
        static let capacity = 4
        static let slotCount = 5
        static let portCount = 6
        static let wordCount = 7
        static let totals = 8
        static let drops = 9
        static let portsIn = 10
        static let portsOut = 11
        static let slots = 12
        static let dropNames = 13
        static let count = 14
    }

    static let namesOffset = pageByteCount
    /// The header page and the names.
    static let headerByteCount = 3 * pageByteCount

    let region: CounterRegion

    var keysOffset: Int {
        Self.headerByteCount + Self.roundUp(region.portCount * Self.portWordCount * 8)
    }

    func portOffset(_ port: Int) -> Int { Self.headerByteCount + port * Self.portWordCount * 8 }

    func keyOffset(_ slot: Int) -> Int { keysOffset + slot * Self.keyWordCount * 8 }

    var regionByteCount: Int { Self.roundUp(region.wordCount * 8) }

    func regionOffset(worker: Int) -> Int {
        keysOffset + Self.roundUp(region.slotCount * Self.keyWordCount * 8) + worker * regionByteCount
    }

    func byteCount(workers: Int) -> Int { regionOffset(worker: workers) }

    /// The parts of the file that must have room for so many slots.
    func parts(slots: Int, workers: Int) -> [Range<Int>] {
        [0..<keyOffset(slots)]
            + (0..<workers).map {
                let start = regionOffset(worker: $0)
                return start..<start + 8 * (region.slots + CounterRegion.wordsPerSlot * slots)
            }
    }

    private static func roundUp(_ byteCount: Int) -> Int {
        (byteCount + pageByteCount - 1) & ~(pageByteCount - 1)
    }
}

extension CounterFileLayout {
    /// The header page and the names of a new file.
    func header(fileID: UInt64, workers: Int) -> [UInt8] {
        var words = [UInt64](repeating: 0, count: Word.count)
        words[Word.magic] = Self.magic
        words[Word.version] = Self.version
        words[Word.fileID] = fileID
        words[Word.workers] = UInt64(workers)
        words[Word.slotCount] = UInt64(region.slotCount)
        words[Word.portCount] = UInt64(region.portCount)
        words[Word.wordCount] = UInt64(region.wordCount)
        words[Word.totals] = UInt64(region.totals)
        words[Word.drops] = UInt64(region.drops)
        words[Word.portsIn] = UInt64(region.portsIn)
        words[Word.portsOut] = UInt64(region.portsOut)
        words[Word.slots] = UInt64(region.slots)
        words[Word.dropNames] = UInt64(region.dropNames.count)
        var bytes = words.withUnsafeBytes { Array($0) }
        bytes += [UInt8](repeating: 0, count: Self.headerByteCount - bytes.count)
        for (index, name) in region.dropNames.enumerated() {
            let start = Self.namesOffset + index * Self.nameByteCount
            bytes.replaceSubrange(start..<start + name.utf8.count, with: name.utf8)
        }
        return bytes
    }
}

/// What stands at the beginning of a counter file.
struct CounterFileHeader: Hashable, Sendable {
    let fileID: UInt64
    let workers: Int
    /// Session slots that have room.
    let capacity: Int
    let layout: CounterFileLayout

    /// Reads it from the first `CounterFileLayout.headerByteCount` bytes.
    /// - Throws: what is wrong, as the end of a sentence that names the file.
    init(_ bytes: [UInt8]) throws(LinkError) {
        typealias Word = CounterFileLayout.Word
        guard bytes.count == CounterFileLayout.headerByteCount else {
            throw LinkError("its header is not whole")
        }
        let words = bytes.withUnsafeBytes { bytes in
            (0..<Word.count).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
        }
        guard words[Word.magic] == CounterFileLayout.magic else { throw LinkError("it is no counter file") }
        guard words[Word.version] == CounterFileLayout.version else {
            throw LinkError(
                "it has layout \(words[Word.version]), and this program knows layout \(CounterFileLayout.version)"
            )
        }
        guard words.allSatisfy({ $0 < 1 << 32 || $0 == words[Word.magic] || $0 == words[Word.fileID] }) else {
            throw LinkError("its header is damaged")
        }
        func number(_ word: Int) -> Int { Int(truncatingIfNeeded: words[word]) }
        let nameCount = min(256, number(Word.dropNames))
        let names = (0..<nameCount).map { index in
            let start = CounterFileLayout.namesOffset + index * CounterFileLayout.nameByteCount
            let field = bytes[start..<start + CounterFileLayout.nameByteCount]
            return String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
        }
        let region = CounterRegion(
            slotCount: number(Word.slotCount), portCount: number(Word.portCount),
            wordCount: number(Word.wordCount), totals: number(Word.totals), drops: number(Word.drops),
            portsIn: number(Word.portsIn), portsOut: number(Word.portsOut), slots: number(Word.slots),
            dropNames: names)
        fileID = words[Word.fileID]
        workers = number(Word.workers)
        capacity = number(Word.capacity)
        layout = CounterFileLayout(region: region)
        guard region.isSound, number(Word.dropNames) == nameCount, fileID != 0,
            (1...CounterFileLayout.workerLimit).contains(workers), (0...region.slotCount).contains(capacity)
        else { throw LinkError("its header is damaged") }
    }
}

/// What went wrong with a counter file, in a sentence.
public struct CounterFileError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

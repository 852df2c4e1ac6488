import CLinux
import Tables

/// Where a worker leaves copies of packets for the observation thread: one writer, one reader, no lock, and neither waits
/// for the other. What finds no room is counted as lost.
///
/// A record is its header and its bytes, a multiple of 32 bytes, and never broken at the ring's end. What is appended is
/// the reader's from `commit` on, so that a record can be completed, or taken back, until the vector is done.
final class RecordRing: @unchecked Sendable {
    private enum Word {
        /// Bytes ever committed; written by the writer.
        static let head = 0
        static let lost = 1
        /// Bytes ever read; written by the reader. On a cache line of its own.
        static let tail = 8
        static let count = 16
    }

    private let words = SharedWords(count: Word.count)
    private let memory: PageMemory
    private let capacity: UInt64
    /// Bytes ever appended; the writer's.
    private var reserved: UInt64 = 0

    /// - Parameter byteCount: a power of two, at least 4,096.
    init(byteCount: Int) {
        precondition(byteCount >= 4096 && byteCount & (byteCount - 1) == 0)
        memory = PageMemory(byteCount: byteCount)
        capacity = UInt64(byteCount)
    }

    /// Records that found no room.
    var lost: UInt64 { words[Word.lost] }

    private func place(_ position: UInt64) -> UnsafeMutableRawPointer {
        memory.start + Int(position & (capacity - 1))
    }

    // MARK: The writer

    /// Appends a record.
    /// - Returns: its position, for `update`; nil if there is no room, which is counted.
    func append(_ header: RecordHeader, _ bytes: UnsafeRawBufferPointer) -> UInt64? {
        let needed = UInt64((RecordHeader.byteCount + bytes.count + 31) & ~31)
        let toEnd = capacity - reserved & (capacity - 1)
        let padding = needed > toEnd ? toEnd : 0
        guard reserved + padding + needed - words.acquire(Word.tail) <= capacity else {
            words.add(1, to: Word.lost)
            return nil
        }
        if padding > 0 {
            store(RecordHeader(kind: .padding, byteCount: UInt32(padding)), at: reserved)
            reserved += padding
        }
        var header = header
        header.byteCount = UInt32(needed)
        header.capturedByteCount = UInt32(bytes.count)
        store(header, at: reserved)
        UnsafeMutableRawBufferPointer(start: place(reserved) + RecordHeader.byteCount, count: bytes.count)
            .copyMemory(from: bytes)
        defer { reserved += needed }
        return reserved
    }

    /// Whether a record of so many bytes has room. One that is to be made only then counts as lost otherwise.
    func hasRoom(for byteCount: Int) -> Bool {
        if reserved + UInt64(byteCount) - words.acquire(Word.tail) <= capacity { return true }
        words.add(1, to: Word.lost)
        return false
    }

    /// Changes the header of a record that isn't committed yet.
    func update(_ position: UInt64, _ change: (inout RecordHeader) -> Void) {
        precondition(position >= words[Word.head] && position < reserved)
        var header = place(position).load(as: RecordHeader.self)
        change(&header)
        store(header, at: position)
    }

    /// Takes back what hasn't been committed.
    func rollBack() { reserved = words[Word.head] }

    /// Gives the reader all that has been appended.
    func commit() {
        guard reserved != words[Word.head] else { return }
        words.release(reserved, to: Word.head)
    }

    private func store(_ header: RecordHeader, at position: UInt64) {
        place(position).storeBytes(of: header, as: RecordHeader.self)
    }

    // MARK: The reader

    /// Takes out records, oldest first, until there are none or `take` returns false; the one it has been given then is
    /// taken out, too. The bytes are valid within `take` alone.
    func drain(_ take: (RecordHeader, UnsafeRawBufferPointer) -> Bool) {
        let head = words.acquire(Word.head)
        var tail = words[Word.tail]
        var goesOn = true
        while goesOn, tail != head {
            let header = place(tail).load(as: RecordHeader.self)
            if header.kind == .packet || header.kind == .traced {
                goesOn = take(
                    header,
                    UnsafeRawBufferPointer(
                        start: place(tail) + RecordHeader.byteCount, count: Int(header.capturedByteCount)))
            }
            tail += UInt64(header.byteCount)
        }
        words.release(tail, to: Word.tail)
    }

    /// Whether everything committed has been taken out.
    var isEmpty: Bool { words.acquire(Word.head) == words[Word.tail] }
}

/// What stands before the bytes of a record. 32 bytes, in host byte order: it never leaves the process.
struct RecordHeader: BitwiseCopyable, Sendable {
    enum Kind: UInt8, BitwiseCopyable, Sendable {
        /// Nothing up to the ring's end.
        case padding
        /// A packet that turned out not to be wanted.
        case void
        case packet
        /// A `TracedPacket` as bytes.
        case traced
    }

    static var byteCount: Int { 32 }

    /// With this header, a multiple of 32.
    var byteCount: UInt32
    var kind: Kind
    var role = ObservedPacket.Role.received
    var link: UInt8 = 0
    /// A `DropReason`, where `role` is `.dropped`.
    var reason: UInt8 = 0
    var port: UInt16 = 0
    var unused: UInt16 = 0
    /// As in `Packet.counter`.
    var counter: UInt32 = .max
    var frameByteCount: UInt32 = 0
    var capturedByteCount: UInt32 = 0
    var timestamp: UInt64 = 0

    init(kind: Kind, byteCount: UInt32 = 0) {
        self.kind = kind
        self.byteCount = byteCount
    }
}

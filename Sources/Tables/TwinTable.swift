import Glibc

/// A table on two sides: packets read the published one while the other is written; then they change places, and what
/// was written is the same on both again.
///
/// Each side is a directory of pages of 4 KiB or a little less. Both name the same page until it is written: the first
/// write since the sides were the same copies it. So a table takes memory once, and beside it what one transaction
/// touches. A page of zeros takes none.
///
/// Protocol: write through the subscript, `turn`, and once nobody reads the old side any more, `settle`. A write
/// costs what it costs in a flat table, and once a page the copying of it; `turn` and `settle` are linear in the
/// pages written.
struct TwinTable<Element: BitwiseCopyable>: ~Copyable {
    /// Indices are below.
    let capacity: Int
    private let pool: PagePool
    /// By page number: the place of the page's first record in the pool.
    private var published: Table<UInt32>
    private var standby: Table<UInt32>
    /// The pages that the sides have apart.
    private var dirty: [UInt32] = []

    /// Zeroed.
    init(capacity: Int) {
        self.capacity = capacity
        let pageCount = (capacity + Self.recordsPerPage - 1) / Self.recordsPerPage
        // Every page may be apart.
        pool = PagePool(
            pageByteCount: Self.recordsPerPage * MemoryLayout<Element>.stride, capacity: 2 * pageCount + 1)
        published = Table(capacity: pageCount)
        standby = Table(capacity: pageCount)
    }

    private static var recordsPerPage: Int { 1 << PagedView<Element>.shift }

    /// The published side, for the data path. Valid as long as `memory` is kept and until the side is settled again.
    var view: PagedView<Element> {
        unsafe PagedView(
            records: pool.start.assumingMemoryBound(to: Element.self), directory: published.base)
    }

    /// What `view` points into.
    var memory: [AnyObject] { [pool, published] }

    /// The memory it holds, in bytes.
    var byteCount: Int { pool.byteCount + 2 * published.capacity * MemoryLayout<UInt32>.stride }

    /// Pages that hold something on either side.
    var pageCount: Int { pool.usedCount }

    /// The standby side.
    subscript(index: Int) -> Element {
        get { unsafe readable(index).pointee }
        set { unsafe writable(index).pointee = newValue }
    }

    /// A record of the standby side, to be read before the next write.
    @unsafe func readable(_ index: Int) -> UnsafePointer<Element> {
        precondition(index >= 0 && index < capacity)
        let first = Int(standby[index / Self.recordsPerPage])
        return unsafe UnsafePointer(record(first + index % Self.recordsPerPage))
    }

    /// A record of the standby side, to be written before any other is touched.
    @unsafe mutating func writable(_ index: Int) -> UnsafeMutablePointer<Element> {
        precondition(index >= 0 && index < capacity)
        let number = index / Self.recordsPerPage
        var first = standby[number]
        if first == published[number] {
            let copy = pool.take() * UInt32(Self.recordsPerPage)
            unsafe record(Int(copy)).update(from: record(Int(first)), count: Self.recordsPerPage)
            standby[number] = copy
            dirty.append(UInt32(number))
            first = copy
        }
        return unsafe record(Int(first) + index % Self.recordsPerPage)
    }

    mutating func turn() {
        for number in dirty where isZero(standby[Int(number)]) {
            release(standby[Int(number)])
            standby[Int(number)] = 0
        }
        swap(&published, &standby)
    }

    mutating func settle() {
        for number in dirty {
            if standby[Int(number)] != 0 { release(standby[Int(number)]) }
            standby[Int(number)] = published[Int(number)]
        }
        dirty = []
    }

    private func record(_ place: Int) -> UnsafeMutablePointer<Element> {
        unsafe pool.start.assumingMemoryBound(to: Element.self) + place
    }

    private func release(_ first: UInt32) { pool.release(first / UInt32(Self.recordsPerPage)) }

    private func isZero(_ first: UInt32) -> Bool {
        let byteCount = Self.recordsPerPage * MemoryLayout<Element>.stride
        return unsafe memcmp(record(Int(first)), pool.start, byteCount) == 0
    }
}

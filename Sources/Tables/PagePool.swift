import Glibc

/// Pages of one size, given out and taken back. Page 0 is never given out, and holds zeros.
///
/// They lie side by side in address space reserved for as many as there can be, on huge pages where the kernel has
/// them. Memory is taken as pages are written. A page that is taken back is the next to be given out; where no page
/// of a chunk of 512 is given out, the kernel has its memory until then.
final class PagePool {
    private static var chunkPageCount: Int { 512 }

    private let pageByteCount: Int
    private let memory: PageMemory
    private var free: [UInt32] = []
    /// By chunk: the pages that are given out.
    private var usedCounts: [Int] = []
    /// Pages behind have never been given out.
    private var end = 1

    /// - Parameters:
    ///   - pageByteCount: a multiple of 8, so that chunks are whole pages of the kernel's.
    ///   - capacity: pages, that of the zeros among them.
    init(pageByteCount: Int, capacity: Int) {
        precondition(pageByteCount % 8 == 0)
        self.pageByteCount = pageByteCount
        memory = PageMemory(reserving: capacity * pageByteCount)
    }

    /// Page 0.
    var start: UnsafeMutableRawPointer { unsafe memory.start }

    /// Pages that are given out.
    var usedCount: Int { end - 1 - free.count }

    /// The memory that it has of the kernel at most, in bytes.
    var byteCount: Int {
        usedCounts.indices.reduce(0) { sum, chunk in
            let pageCount = min(Self.chunkPageCount, end - chunk * Self.chunkPageCount)
            return sum + (usedCounts[chunk] > 0 ? pageCount * pageByteCount : 0)
        }
    }

    /// A page that is nobody's, with whatever was in it.
    func take() -> UInt32 {
        let page = free.popLast() ?? UInt32(end)
        if Int(page) == end {
            precondition((end + 1) * pageByteCount <= memory.byteCount, "more pages than were reserved")
            end += 1
        }
        let chunk = Int(page) / Self.chunkPageCount
        while usedCounts.count <= chunk { usedCounts.append(0) }
        usedCounts[chunk] += 1
        return page
    }

    /// Takes a page back that nobody reads any more.
    func release(_ page: UInt32) {
        free.append(page)
        let chunk = Int(page) / Self.chunkPageCount
        usedCounts[chunk] -= 1
        guard usedCounts[chunk] == 0 else { return }
        let chunkByteCount = Self.chunkPageCount * pageByteCount
        let offset = chunk * chunkByteCount
        // Not beyond the reservation, where others' memory is. Without effect where the kernel won't have it.
        let byteCount = min(chunkByteCount, memory.byteCount - offset)
        unsafe madvise(memory.start + offset, byteCount, Int32(MADV_DONTNEED))
    }
}

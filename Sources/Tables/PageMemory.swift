import Glibc

/// Zeroed memory of whole pages, taken straight from the kernel and given back at the end of its life.
///
/// From 2 MiB on it is aligned to 2 MiB, rounded up to a multiple of that, and the kernel is advised to back it with
/// huge pages: a random look-up in a large table then costs a cache miss, not a cache miss and a page walk. Pages
/// cost nothing until they are written.
@safe package struct PageMemory: ~Copyable {
    /// Aligned to 4 KiB, or to 2 MiB when that large.
    package let start: UnsafeMutableRawPointer
    /// What was asked for, rounded up to whole pages.
    package let byteCount: Int

    private static var pageByteCount: Int { 4 << 10 }
    private static var hugePageByteCount: Int { 2 << 20 }

    /// Traps if the address space is used up; physical memory is only taken as it is written.
    package init(byteCount requested: Int) { self.init(requested, flags: 0) }

    /// Address space for a table's limit, of which little may ever be written: the kernel sets no memory aside for it,
    /// however strictly it counts. So a table never has to move.
    package init(reserving requested: Int) { self.init(requested, flags: MAP_NORESERVE) }

    private init(_ requested: Int, flags: Int32) {
        precondition(requested > 0)
        let isHuge = requested >= Self.hugePageByteCount
        let alignment = isHuge ? Self.hugePageByteCount : Self.pageByteCount
        byteCount = (requested + alignment - 1) & ~(alignment - 1)

        // The kernel aligns to a small page only: for more, map too much and return both ends.
        let surplus = isHuge ? alignment : 0
        let mapping = unsafe mmap(
            nil, byteCount + surplus, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0)
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
            preconditionFailure("no address space for a table of \(byteCount) bytes: errno \(errno)")
        }
        guard isHuge else {
            unsafe start = mapping
            return
        }
        unsafe start = mapping.alignedUp(toMultipleOf: alignment)
        let head = unsafe mapping.distance(to: start)
        if head > 0 { unsafe munmap(mapping, head) }
        if surplus > head { unsafe munmap(start + byteCount, surplus - head) }
        // Advice only: where the kernel has no huge pages, small ones do.
        unsafe madvise(start, byteCount, Int32(MADV_HUGEPAGE))
    }

    deinit { unsafe munmap(start, byteCount) }
}

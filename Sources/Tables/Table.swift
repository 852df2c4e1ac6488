import Glibc

/// A fixed array of trivial records in memory of its own: aligned to a page, zeroed, huge-page advised when large.
///
/// Untouched pages cost address space only, so a table may be made for its limit (an ILM of 2²⁰ entries) and filled
/// sparsely.
@safe public final class Table<Element: BitwiseCopyable> {
    public let capacity: Int
    /// The records, for views on the data path. Valid as long as the table lives.
    public let base: UnsafeMutablePointer<Element>
    private let byteCount: Int

    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        byteCount = capacity * MemoryLayout<Element>.stride
        let memory = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            preconditionFailure("no memory for a table of \(byteCount) bytes")
        }
        if byteCount >= 4 << 20 { unsafe _ = madvise(memory, byteCount, MADV_HUGEPAGE) }
        unsafe base = memory.bindMemory(to: Element.self, capacity: capacity)
    }

    deinit { unsafe munmap(base, byteCount) }

    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < capacity)
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < capacity)
            unsafe base[index] = newValue
        }
    }
}

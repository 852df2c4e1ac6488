/// A fixed array of trivial records in memory of its own: aligned to a page, zeroed, huge-page advised when large.
///
/// Untouched pages cost address space only, so a table may be made for its limit (an ILM of 2²⁰ entries) and filled
/// sparsely.
@safe public final class Table<Element: BitwiseCopyable> {
    public let capacity: Int
    /// The records, for views on the data path. Valid as long as the table lives.
    public let base: UnsafeMutablePointer<Element>
    private let memory: PageMemory

    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        memory = PageMemory(reserving: capacity * MemoryLayout<Element>.stride)
        unsafe base = memory.start.bindMemory(to: Element.self, capacity: capacity)
    }

    @inlinable public subscript(index: Int) -> Element {
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

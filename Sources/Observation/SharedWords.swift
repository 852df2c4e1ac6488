import CLinux
import Tables

/// 64-bit words that one thread writes and others read whole, at any time; `replace` alone is for any thread. Zero at
/// first; pages cost nothing until they are written.
final class SharedWords: @unchecked Sendable {
    private let pages: PageMemory
    let start: UnsafeMutablePointer<UInt64>
    let count: Int

    init(count: Int) {
        self.count = count
        pages = PageMemory(reserving: count * 8)
        start = pages.start.bindMemory(to: UInt64.self, capacity: count)
    }

    subscript(index: Int) -> UInt64 {
        get {
            precondition(index >= 0 && index < count)
            return wl_counter_read(start + index)
        }
        set {
            precondition(index >= 0 && index < count)
            wl_store_relaxed(start + index, newValue)
        }
    }

    /// Adds to a word. The writing thread alone.
    func add(_ amount: UInt64, to index: Int) {
        precondition(index >= 0 && index < count)
        wl_counter_add(start + index, amount)
    }

    /// Writes a word if it still has the value that was read. Any thread.
    func replace(_ value: UInt64, with next: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        wl_replace(start + index, value, next)
    }

    /// Writes what others may look behind: they see all that was written before.
    func release(_ value: UInt64, to index: Int) {
        precondition(index >= 0 && index < count)
        wl_store_release(start + index, value)
    }

    /// Reads a word, and after it what was written before it.
    func acquire(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return wl_load_acquire(start + index)
    }
}

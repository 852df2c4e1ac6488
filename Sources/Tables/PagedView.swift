/// One side of a `TwinTable` as the data path sees it: two pointers, to be copied into a local before the loop.
///
/// A look-up takes the page's place from the directory (4 bytes for some 4 KiB: near enough to be in a cache), then
/// the record. Indices are not checked.
@safe public struct PagedView<Element: BitwiseCopyable>: BitwiseCopyable, @unchecked Sendable {
    @usableFromInline let records: UnsafePointer<Element>
    @usableFromInline let directory: UnsafePointer<UInt32>

    init(records: UnsafePointer<Element>, directory: UnsafePointer<UInt32>) {
        unsafe self.records = records
        unsafe self.directory = directory
    }

    /// The binary logarithm of the records of a page: as many as 4 KiB take, down to a power of two.
    @inlinable @inline(always) static var shift: Int {
        Int.bitWidth - 1 - (4096 / MemoryLayout<Element>.stride).leadingZeroBitCount
    }

    /// A record: a pointer, so that reading one field loads one field.
    @inlinable @inline(always) package func pointer(_ index: UInt32) -> UnsafePointer<Element> {
        let shift = UInt32(truncatingIfNeeded: Self.shift)
        let first = unsafe directory[Int(truncatingIfNeeded: index &>> shift)]
        return unsafe records
            + Int(truncatingIfNeeded: first &+ (index & (1 &<< shift &- 1)))
    }

    /// A record, copied.
    @inlinable @inline(always) package subscript(index: UInt32) -> Element { unsafe pointer(index).pointee }
}

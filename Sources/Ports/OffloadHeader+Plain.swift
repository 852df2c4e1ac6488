import Wire

extension OffloadHeader {
    /// Whether the ten bytes leave nothing to be done or noted: most frames are so, and need no more than this look.
    @inline(__always) static func isPlain(_ start: UnsafeRawPointer) -> Bool {
        // Flags and GSO type; of the flags those that speak of checksums, NEEDS_CSUM and DATA_VALID.
        unsafe start.loadUnaligned(as: UInt16.self).littleEndian & 0xff03 == 0
    }
}

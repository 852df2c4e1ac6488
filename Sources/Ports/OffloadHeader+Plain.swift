import Wire

extension OffloadHeader {
    /// Whether the ten bytes leave nothing to be done: most frames are so, and need no more than this look.
    @inline(__always) static func isPlain(_ start: UnsafeRawPointer) -> Bool {
        // Flags and GSO type; of the flags only VIRTIO_NET_HDR_F_NEEDS_CSUM asks for something.
        unsafe start.loadUnaligned(as: UInt16.self).littleEndian & 0xff01 == 0
    }
}

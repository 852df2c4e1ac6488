import Glibc
import Packets
import Wire

/// One frame as a TUN gives it behind its virtio header, and the way from there into a vector.
///
/// ```
/// | 54 | virtio header 10 | frame, up to 64 KiB and its headers |
/// ```
/// A superframe stays here until all its segments are in a vector; as long nothing else is read. Every frame is copied
/// once: to have the kernel write short ones into the vector and only the rest of long ones here would cost more, for a
/// second piece of memory a read, than the copy.
@safe final class TunReceiveBuffer {
    private static let frameOffset = 64
    private static let byteCount = 66 * 1024

    private let area: UnsafeMutableRawPointer
    private var segmenter: Segmenter
    /// Superframes that have been cut up.
    var superframeCount: UInt64 { segmenter.superframeCount }

    init(link: LinkType) {
        unsafe area = .allocate(byteCount: Self.byteCount, alignment: 64)
        segmenter = Segmenter(link: link)
    }

    deinit { unsafe area.deallocate() }

    /// Forgets what has not been passed on.
    func removeAll() { segmenter.removeAll() }

    /// Appends frames until the vector takes no more or nothing is left.
    /// - Returns: 0, or the `errno` that the device has given; EAGAIN is no error.
    func receive(from descriptor: Int32, into vector: PacketVector) -> Int32 {
        let now = currentTimestamp()
        segmenter.appendWaiting(to: vector)
        let start = unsafe area + Self.frameOffset
        while !vector.isFull, !segmenter.isWaiting {
            let capacity = Self.byteCount - Self.frameOffset + OffloadHeader.byteCount
            let count = unsafe read(descriptor, start - OffloadHeader.byteCount, capacity)
            if count < 0 {
                switch errno {
                case EINTR: continue
                // The kernel has no virtio header for this frame, and has dropped it.
                case EINVAL: vector.appendDropped(.oversized, timestamp: now)
                // EAGAIN also where the interface is down.
                case EAGAIN: return 0
                case let other: return other
                }
            } else if count < OffloadHeader.byteCount || count == capacity {
                // A read that cut its frame short doesn't say so.
                vector.appendDropped(.oversized, timestamp: now)
            } else {
                let header = unsafe UnsafeRawBufferPointer(
                    start: start - OffloadHeader.byteCount, count: OffloadHeader.byteCount)
                let frame = unsafe UnsafeMutableRawBufferPointer(
                    start: start, count: count - OffloadHeader.byteCount)
                unsafe segmenter.append(frame, OffloadHeader(header.bytes), timestamp: now, to: vector)
            }
        }
        return 0
    }
}

import CLinux
import Glibc
import Packets
import Wire

/// A batch of frames as a packet socket gave them, and the way from there into a vector: VLAN tags put back,
/// checksums finished, superframes cut up. What doesn't fit the vector waits for the next one.
///
/// ```
/// slot i of the area: | 54 | virtio header 10 | frame, up to 64 KiB and its headers |
///                                 ^ 4 bytes earlier after a VLAN tag has been put back
/// ```
/// The area takes 2 MiB, of which only superframes touch more than a page or two a slot.
@safe final class PacketReceiveBuffer {
    private static let batch = Int(WL_PACKET_BATCH)
    private static let frameOffset = 64
    private static let slotByteCount = 66 * 1024

    private let receiver: UnsafeMutablePointer<wl_packet_receiver>
    private let area: UnsafeMutableRawPointer
    /// Messages received by the last call, and how many of them are dealt with.
    private var count = 0
    private var done = 0
    private var timestamp: UInt64 = 0
    /// What of message `done - 1` is still to come.
    private var segmenter = Segmenter(link: .ethernet)
    /// Superframes that have been cut up.
    var superframeCount: UInt64 { segmenter.superframeCount }

    init() {
        unsafe receiver = .allocate(capacity: 1)
        unsafe receiver.initialize(to: wl_packet_receiver())
        unsafe area = .allocate(byteCount: Self.batch * Self.slotByteCount, alignment: 64)
    }

    deinit {
        unsafe receiver.deallocate()
        unsafe area.deallocate()
    }

    /// Forgets what has not been passed on.
    func removeAll() {
        (count, done) = (0, 0)
        segmenter.removeAll()
    }

    /// Appends frames until the vector takes no more or nothing is left.
    /// - Returns: 0, or the `errno` that the socket has given; EAGAIN is no error.
    func receive(from descriptor: Int32, into vector: PacketVector) -> Int32 {
        var mayHaveMore = true
        while !vector.isFull {
            if segmenter.isWaiting {
                segmenter.appendWaiting(to: vector)
                if segmenter.isWaiting { return 0 }
            } else if done < count {
                done += 1
                append(message: done - 1, to: vector)
            } else if mayHaveMore {
                removeAll()
                let start =
                    unsafe area.assumingMemoryBound(to: UInt8.self) + Self.frameOffset
                    - OffloadHeader.byteCount
                let result = unsafe wl_packet_receive(
                    descriptor, receiver, start, Self.slotByteCount,
                    Self.slotByteCount - Self.frameOffset + OffloadHeader.byteCount)
                switch -result {
                case EINTR: continue
                case EAGAIN: return 0
                // The kernel has no virtio header for this frame, and has dropped it.
                case EINVAL: vector.appendDropped(.oversized, timestamp: currentTimestamp())
                case 1...: return -result
                default: count = Int(result)
                }
                mayHaveMore = result < 0 || count == Self.batch
                timestamp = currentTimestamp()
            } else {
                return 0
            }
        }
        return 0
    }

    private func append(message index: Int, to vector: PacketVector) {
        let arrival = unsafe wl_packet_arrival(receiver, Int32(index))
        if arrival.is_outgoing { return }
        let byteCount = Int(arrival.byte_count) - OffloadHeader.byteCount
        guard !arrival.is_truncated, byteCount >= 0 else {
            return vector.appendDropped(.oversized, timestamp: timestamp)
        }
        let start = unsafe area + index * Self.slotByteCount + Self.frameOffset
        let header = unsafe UnsafeRawBufferPointer(
            start: start - OffloadHeader.byteCount, count: OffloadHeader.byteCount)
        var offload = unsafe OffloadHeader(header.bytes)
        var frame = unsafe UnsafeMutableRawBufferPointer(start: start, count: byteCount)
        if arrival.has_tag, byteCount >= 12 {
            unsafe frame = Self.restoreTag(arrival, to: start, byteCount: byteCount)
            offload.checksumStart += 4
        }
        unsafe segmenter.append(frame, offload, timestamp: timestamp, to: vector)
    }

    /// Puts back the tag that the kernel keeps beside the frame: the addresses move 4 bytes forward, over the
    /// virtio header, and it takes their place.
    private static func restoreTag(
        _ arrival: wl_packet_arrival, to start: UnsafeMutableRawPointer, byteCount: Int
    ) -> UnsafeMutableRawBufferPointer {
        let tagged = unsafe start - 4
        unsafe memmove(tagged, start, 12)
        unsafe tagged.storeBytes(of: arrival.tag_protocol.bigEndian, toByteOffset: 12, as: UInt16.self)
        unsafe tagged.storeBytes(of: arrival.tag_control.bigEndian, toByteOffset: 14, as: UInt16.self)
        return unsafe UnsafeMutableRawBufferPointer(start: tagged, count: byteCount + 4)
    }
}

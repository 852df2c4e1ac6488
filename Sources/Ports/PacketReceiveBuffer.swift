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
///
/// From a `ReceiveRing` frames come as they lie in its slots, which has the same room before them; what is longer than a
/// slot is fetched into the area. A slot is the kernel's again as soon as its frame is in a vector.
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
    /// Whether the segmenter is at the frame in the ring's present slot.
    private var isInSlot = false
    /// Frames longer than their slots that the kernel had no room for.
    private(set) var lostCount: UInt64 = 0
    /// What of message `done - 1`, or of the frame in the ring's present slot, is still to come.
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

    /// Appends what has been received before and found no room, until the vector is full.
    func appendWaiting(to vector: PacketVector) {
        while !vector.isFull {
            if segmenter.isWaiting {
                segmenter.appendWaiting(to: vector)
                if segmenter.isWaiting { return }
            } else if done < count {
                done += 1
                append(message: done - 1, to: vector)
            } else {
                return
            }
        }
    }

    /// Before the ring is closed: what is left in it of a superframe is lost with it.
    func leaveSlot() {
        if isInSlot { segmenter.removeAll() }
        isInSlot = false
    }

    /// Appends frames until the vector is full or nothing is left.
    /// - Returns: 0, or the `errno` that the socket has given; EAGAIN is no error.
    func receive(from descriptor: Int32, into vector: PacketVector) -> Int32 {
        var mayHaveMore = true
        while true {
            appendWaiting(to: vector)
            guard !vector.isFull, !segmenter.isWaiting, mayHaveMore else { return 0 }
            let result = fetch(Self.batch, from: descriptor)
            timestamp = currentTimestamp()
            switch -result {
            case EINTR: continue
            case EAGAIN: return 0
            // The kernel has no virtio header for this frame, and has dropped it.
            case EINVAL: vector.appendDropped(.oversized, timestamp: timestamp)
            case 1...: return -result
            default: mayHaveMore = count == Self.batch
            }
        }
    }

    /// The same from a socket that has a ring. What is wrong with the socket shows elsewhere (`PacketSocket.takeError`).
    func receive(from descriptor: Int32, by ring: ReceiveRing, into vector: PacketVector) {
        appendWaiting(to: vector)
        guard !vector.isFull, !segmenter.isWaiting else { return }
        if isInSlot { leave(ring) }
        timestamp = currentTimestamp()
        var found = unsafe wl_ring_frame()
        while !vector.isFull, unsafe ring.next(&found) {
            if unsafe found.arrival.is_outgoing {
                ring.release()
            } else if unsafe found.is_queued {
                ring.release()
                guard fetch(1, from: descriptor) > 0 else {
                    lostCount += 1
                    continue
                }
                appendWaiting(to: vector)
                if segmenter.isWaiting { return }
            } else if unsafe found.arrival.is_truncated {
                ring.release()
                lostCount += 1
            } else {
                unsafe append(found.arrival, start: found.start, to: vector)
                isInSlot = segmenter.isWaiting
                if isInSlot { return }
                ring.release()
            }
        }
    }

    private func leave(_ ring: ReceiveRing) {
        isInSlot = false
        ring.release()
    }

    /// Receives up to `limit` messages into the area.
    private func fetch(_ limit: Int, from descriptor: Int32) -> Int32 {
        (count, done) = (0, 0)
        let start =
            unsafe area.assumingMemoryBound(to: UInt8.self) + Self.frameOffset - OffloadHeader.byteCount
        let result = unsafe wl_packet_receive(
            descriptor, receiver, Int32(limit), start, Self.slotByteCount,
            Self.slotByteCount - Self.frameOffset + OffloadHeader.byteCount)
        if result > 0 { count = Int(result) }
        return result
    }

    private func append(message index: Int, to vector: PacketVector) {
        var arrival = unsafe wl_packet_arrival(receiver, Int32(index))
        if arrival.is_outgoing { return }
        guard !arrival.is_truncated, arrival.byte_count >= OffloadHeader.byteCount else {
            return vector.appendDropped(.oversized, timestamp: timestamp)
        }
        arrival.byte_count -= UInt32(OffloadHeader.byteCount)
        let slot = unsafe area + index * Self.slotByteCount
        unsafe append(arrival, start: slot + Self.frameOffset, to: vector)
    }

    /// - Parameter arrival: of a whole frame; its length is that behind the virtio header.
    private func append(
        _ arrival: wl_packet_arrival, start: UnsafeMutableRawPointer, to vector: PacketVector
    ) {
        let byteCount = Int(arrival.byte_count)
        let header = unsafe start - OffloadHeader.byteCount
        if unsafe !arrival.has_tag && OffloadHeader.isPlain(header) {
            return unsafe vector.appendOrDrop(
                UnsafeRawBufferPointer(start: start, count: byteCount), timestamp: timestamp)
        }
        var offload = unsafe OffloadHeader(
            UnsafeRawBufferPointer(start: header, count: OffloadHeader.byteCount).bytes)
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

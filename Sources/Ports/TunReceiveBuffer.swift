import Glibc
import Packets
import Wire

/// Frames as a TUN gives them behind virtio headers, and the way from there into a vector.
///
/// ```
/// slot: | 54 | virtio header 10 | frame, up to 64 KiB and its headers |
/// ```
/// A superframe stays here until all its segments are in a vector; as long nothing else is read. Every frame is copied
/// once: to have the kernel write short ones into the vector and only the rest of long ones here would cost more, for a
/// second piece of memory a read, than the copy. Where there are no superframes the kernel does write into the vector.
///
/// By io_uring up to 64 frames are read at once: as many as the last time, and more as long as all have come, because a
/// read that finds nothing costs almost as much as one that does. Of the 64 slots only superframes touch more than a page.
@safe final class TunReceiveBuffer {
    private static let frameOffset = 64
    private static let slotByteCount = 66 * 1024
    /// Bytes that one read takes at most.
    private static let capacity = slotByteCount - frameOffset + OffloadHeader.byteCount

    private let area: UnsafeMutableRawPointer
    /// What each read of the last batch has given: bytes, or a negative errno.
    private let results: UnsafeMutablePointer<Int32>
    /// Reads of the last batch, and how many of them are dealt with.
    private var count = 0
    private var done = 0
    private var timestamp: UInt64 = 0
    /// Reads of the next batch.
    private var batch = 1
    private var segmenter: Segmenter
    /// Superframes that have been cut up.
    var superframeCount: UInt64 { segmenter.superframeCount }

    init(link: LinkType) {
        unsafe area = .allocate(byteCount: IORing.limit * Self.slotByteCount, alignment: 4096)
        unsafe results = .allocate(capacity: IORing.limit)
        segmenter = Segmenter(link: link)
    }

    deinit {
        unsafe area.deallocate()
        unsafe results.deallocate()
    }

    /// Appends what has been read before and found no room, until the vector is full.
    func appendWaiting(to vector: PacketVector) {
        while !vector.isFull {
            if segmenter.isWaiting {
                segmenter.appendWaiting(to: vector)
                if segmenter.isWaiting { return }
            } else if done < count {
                done += 1
                append(slot: done - 1, to: vector)
            } else {
                return
            }
        }
    }

    /// Appends frames until the vector takes no more or nothing is left.
    /// - Parameter ring: reads many at once; nil: one by one.
    /// - Parameter hasSuperframes: whether frames may be longer than a packet, or unfinished.
    /// - Returns: 0, or the `errno` that the device has given; EAGAIN is no error.
    func receive(
        from descriptor: Int32, by ring: IORing?, hasSuperframes: Bool, into vector: PacketVector
    ) -> Int32 {
        timestamp = currentTimestamp()
        appendWaiting(to: vector)
        while !vector.isFull, !segmenter.isWaiting {
            let wanted = ring == nil ? 1 : min(batch, vector.limit - vector.count)
            let first = vector.count
            func start(_ place: Int) -> UnsafeMutableRawPointer {
                hasSuperframes
                    ? unsafe area + place * Self.slotByteCount + Self.frameOffset - OffloadHeader.byteCount
                    : unsafe vector.arena + (first + place) * vector.slotByteCount + PacketVector.headroom
                        - OffloadHeader.byteCount
            }
            // One byte of the tailroom more than a frame may have: a read that cut its frame short doesn't say so.
            let capacity =
                hasSuperframes
                ? Self.capacity : OffloadHeader.byteCount + vector.maximumFrameByteCount + 1
            if let ring {
                for place in 0..<wanted {
                    unsafe ring.read(place, to: start(place), byteCount: capacity)
                }
                unsafe ring.run(wanted, results: results)
            } else {
                let result = unsafe read(descriptor, start(0), capacity)
                unsafe results[0] = result >= 0 ? Int32(result) : -errno
            }
            if hasSuperframes {
                (count, done) = (wanted, 0)
                appendWaiting(to: vector)
            } else {
                for place in 0..<wanted { append(place: place, first: first, to: vector) }
            }
            let (got, errorNumber) = outcome(of: wanted)
            if ring != nil { batch = got == wanted ? min(IORing.limit, batch * 4) : got + 1 }
            if errorNumber != 0 { return errorNumber }
            if got < wanted { return 0 }
        }
        return 0
    }

    /// How many reads have taken a frame, and the first error that is one.
    private func outcome(of wanted: Int) -> (got: Int, errorNumber: Int32) {
        var got = 0
        for place in 0..<wanted {
            switch unsafe results[place] {
            // EINVAL: the kernel has no virtio header for this frame, and has dropped it.
            case 0..., -EINVAL, -EINTR: got += 1
            // EAGAIN also where the interface is down.
            case -EAGAIN, -ECANCELED: break
            case let error: return (got, -error)
            }
        }
        return (got, 0)
    }

    private func append(slot: Int, to vector: PacketVector) {
        let count = Int(unsafe results[slot])
        guard count >= 0 else {
            if count == -Int(EINVAL) { vector.appendDropped(.oversized, timestamp: timestamp) }
            return
        }
        guard count >= OffloadHeader.byteCount, count < Self.capacity else {
            return vector.appendDropped(.oversized, timestamp: timestamp)
        }
        let start = unsafe area + slot * Self.slotByteCount + Self.frameOffset
        let header = unsafe start - OffloadHeader.byteCount
        let byteCount = count - OffloadHeader.byteCount
        if unsafe OffloadHeader.isPlain(header) {
            unsafe vector.appendOrDrop(
                UnsafeRawBufferPointer(start: start, count: byteCount), timestamp: timestamp)
        } else {
            unsafe segmenter.append(
                UnsafeMutableRawBufferPointer(start: start, count: byteCount),
                OffloadHeader(UnsafeRawBufferPointer(start: header, count: OffloadHeader.byteCount).bytes),
                timestamp: timestamp, to: vector)
        }
    }

    /// Takes in a frame that was read into the vector's slot `first + place`.
    private func append(place: Int, first: Int, to vector: PacketVector) {
        let count = Int(unsafe results[place])
        guard count >= 0 else {
            if count == -Int(EINVAL) { vector.appendDropped(.oversized, timestamp: timestamp) }
            return
        }
        let byteCount = count - OffloadHeader.byteCount
        guard byteCount >= 0, byteCount <= vector.maximumFrameByteCount else {
            return vector.appendDropped(.oversized, timestamp: timestamp)
        }
        let start = unsafe vector.nextFrame.baseAddress! - OffloadHeader.byteCount
        if first + place != vector.count {
            // A read before this one found nothing, because the frame came only then.
            let read = unsafe vector.arena + (first + place) * vector.slotByteCount
            unsafe memmove(start, read + PacketVector.headroom - OffloadHeader.byteCount, count)
        }
        guard unsafe OffloadHeader.isPlain(start) else {
            return unsafe appendUnfinished(start, byteCount: byteCount, to: vector)
        }
        vector.append(byteCount: byteCount, timestamp: timestamp)
    }

    /// Takes in what an earlier user of the interface, who had agreed on offloads, has left in its queue.
    private func appendUnfinished(
        _ start: UnsafeMutableRawPointer, byteCount: Int, to vector: PacketVector
    ) {
        let header = unsafe OffloadHeader(
            UnsafeRawBufferPointer(start: start, count: OffloadHeader.byteCount).bytes)
        let frame = unsafe UnsafeMutableRawBufferPointer(
            start: start + OffloadHeader.byteCount, count: byteCount)
        if header.segmentation != nil || header.isUnknownSegmentation {
            vector.appendDropped(.oversized, timestamp: timestamp)
        } else if unsafe header.completeChecksum(in: frame) {
            vector.append(byteCount: byteCount, timestamp: timestamp)
        } else {
            vector.appendDropped(.truncatedTransport, timestamp: timestamp)
        }
    }
}

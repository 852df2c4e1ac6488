import Packets
import Wire

/// Brings frames with their virtio headers into a vector: finishes checksums, and cuts superframes into segments.
///
/// A superframe whose segments don't fit behind what the vector holds already waits for the next one, so that they stay
/// together and can leave as one again. Only one of more segments than a vector takes is begun all the same.
@safe struct Segmenter {
    /// What the frames begin with.
    let link: LinkType
    private var superframe: Superframe?
    private var frame = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private var timestamp: UInt64 = 0
    private var nextSegment = 0
    /// Superframes that have been cut up.
    private(set) var superframeCount: UInt64 = 0

    init(link: LinkType) { self.link = link }

    /// Whether segments wait. Their superframe must stay in its memory as long.
    var isWaiting: Bool { superframe != nil }

    /// Forgets the segments that wait.
    mutating func removeAll() { superframe = nil }

    /// Appends a frame to the vector, which must not be full, or what of its segments the vector takes: where some are left
    /// to wait, nothing else may be appended. No other may be waiting.
    /// - Parameter frame: is changed where its checksum must be finished.
    mutating func append(
        _ frame: UnsafeMutableRawBufferPointer, _ offload: OffloadHeader, timestamp: UInt64,
        to vector: PacketVector
    ) {
        precondition(!isWaiting)
        if offload.isUnknownSegmentation {
            vector.appendDropped(.oversized, timestamp: timestamp)
        } else if offload.segmentation != nil {
            guard let superframe = unsafe Superframe(frame.bytes, offload: offload, link: link) else {
                return vector.appendDropped(.oversized, timestamp: timestamp)
            }
            self.superframe = superframe
            unsafe self.frame = UnsafeRawBufferPointer(frame)
            self.timestamp = timestamp
            nextSegment = 0
            superframeCount += 1
            appendWaiting(to: vector)
        } else if offload.needsChecksum, unsafe !offload.completeChecksum(in: frame) {
            vector.appendDropped(.truncatedTransport, timestamp: timestamp)
        } else {
            unsafe vector.appendOrDrop(UnsafeRawBufferPointer(frame), timestamp: timestamp)
            if offload.isChecksumValid { vector[vector.count - 1].hasSoundChecksum = true }
        }
    }

    /// Appends segments that wait, until the vector is full.
    mutating func appendWaiting(to vector: PacketVector) {
        guard let superframe else { return }
        let waitingCount = superframe.segmentCount - nextSegment
        if vector.count > 0, waitingCount <= vector.limit, waitingCount > vector.limit - vector.count {
            return
        }
        while !vector.isFull, nextSegment < superframe.segmentCount {
            let byteCount = superframe.byteCount(ofSegment: nextSegment)
            if byteCount <= vector.maximumFrameByteCount {
                _ = unsafe superframe.write(segment: nextSegment, of: frame, into: vector.nextFrame)
                vector.append(byteCount: byteCount, timestamp: timestamp)
                if superframe.isOfOuterDatagrams { vector[vector.count - 1].hasSoundChecksum = true }
            } else {
                vector.appendDropped(.oversized, timestamp: timestamp)
            }
            nextSegment += 1
        }
        if nextSegment == superframe.segmentCount { self.superframe = nil }
    }
}

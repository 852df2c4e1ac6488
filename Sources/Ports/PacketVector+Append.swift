import Packets

extension PacketVector {
    /// Copies a frame in, or counts it as dropped when it is longer than a slot takes. The vector must not be
    /// full.
    func appendOrDrop(_ frame: UnsafeRawBufferPointer, timestamp: UInt64) {
        if frame.count <= maximumFrameByteCount {
            unsafe append(frame, timestamp: timestamp)
        } else {
            appendDropped(.oversized, timestamp: timestamp)
        }
    }

    /// Drops every selected packet.
    func dropAll(_ selection: UnsafeBufferPointer<UInt8>, _ reason: DropReason) {
        for order in 0..<selection.count { unsafe self[Int(selection[order])].drop(reason) }
    }
}

import Glibc
import Packets

extension PacketVector {
    /// The frame of a packet with a virtio header before it that leaves nothing to be done: written into the ten bytes of
    /// headroom that belong to the frame.
    func frameWithHeader(_ packet: UInt8) -> UnsafeMutableRawBufferPointer {
        let frame = unsafe frame(Int(packet))
        let offset = Int(self[Int(packet)].offset)
        precondition(offset >= OffloadHeader.byteCount, "no headroom before a frame")
        let start = unsafe arena + offset - OffloadHeader.byteCount
        unsafe OffloadHeader.writeNone(to: start)
        return unsafe UnsafeMutableRawBufferPointer(
            start: start, count: frame.count + OffloadHeader.byteCount)
    }

    /// Sends a packet by a system call of its own, and gives it its outcome.
    /// - Parameter bytes: its frame, or that with a header before it.
    func send(
        _ packet: UInt8, as bytes: UnsafeMutableRawBufferPointer, to descriptor: Int32,
        failures: inout SendFailures
    ) {
        var count = unsafe write(descriptor, bytes.baseAddress, bytes.count)
        while count < 0, errno == EINTR {
            count = unsafe write(descriptor, bytes.baseAddress, bytes.count)
        }
        if count >= 0 {
            unsafe packets[Int(packet)].disposition = .forwarded
        } else {
            let errorNumber = errno
            self[Int(packet)].drop(DropReason(sendError: errorNumber))
            failures.note(errorNumber)
        }
    }
}

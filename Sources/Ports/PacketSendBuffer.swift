import CLinux
import Glibc
import Packets

/// A batch of frames on their way to a packet socket.
@safe final class PacketSendBuffer {
    private static let batch = Int(WL_PACKET_BATCH)

    private let sender: UnsafeMutablePointer<wl_packet_sender>
    private(set) var failures = SendFailures()

    init() {
        unsafe sender = .allocate(capacity: 1)
        unsafe sender.initialize(to: wl_packet_sender())
    }

    deinit { unsafe sender.deallocate() }

    /// Sends the selected packets, `batch` a system call, and gives each its outcome.
    ///
    /// The virtio header of zeroes is written into the ten bytes before each frame: headroom that belongs to
    /// it.
    func transmit(
        _ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>, to descriptor: Int32
    ) {
        var first = 0
        while first < selection.count {
            let count = min(Self.batch, selection.count - first)
            for order in 0..<count {
                let frame = unsafe vector.frame(Int(selection[first + order]))
                let offset = unsafe Int(vector[Int(selection[first + order])].offset)
                precondition(offset >= OffloadHeader.byteCount, "no headroom before a frame")
                let start = unsafe vector.arena + offset - OffloadHeader.byteCount
                unsafe memset(start, 0, OffloadHeader.byteCount)
                unsafe wl_packet_enqueue(sender, Int32(order), start, frame.count + OffloadHeader.byteCount)
            }
            let batch = unsafe UnsafeBufferPointer(rebasing: selection[first..<first + count])
            unsafe send(batch, of: vector, to: descriptor)
            first += count
        }
    }

    private func send(_ batch: UnsafeBufferPointer<UInt8>, of vector: PacketVector, to descriptor: Int32) {
        var order = 0
        while order < batch.count {
            let result = unsafe wl_packet_send(descriptor, sender, Int32(order), Int32(batch.count - order))
            if result == -EINTR { continue }
            if result > 0 {
                for sent in order..<order + Int(result) {
                    unsafe vector[Int(batch[sent])].disposition = .forwarded
                }
                order += Int(result)
            } else {
                // The error is the first message's; those behind it are tried on their own.
                unsafe vector[Int(batch[order])].drop(DropReason(sendError: -result))
                failures.note(-result)
                order += 1
            }
        }
    }
}

import CLinux
import Glibc
import Packets

/// A batch of frames on their way to a packet socket. Packets of a flow leave as superframes, gathered from where they
/// lie; the packets themselves stay as they are.
@safe final class PacketSendBuffer {
    private static let batch = Int(WL_PACKET_BATCH)
    private static let headerStride = OffloadHeader.byteCount + Coalescer.headerByteLimit

    private let sender: UnsafeMutablePointer<wl_packet_sender>
    /// The virtio header and the headers behind it of each superframe of a batch.
    private let headers: UnsafeMutableRawPointer
    private let coalescer = Coalescer()
    /// Transports whose packets may leave in superframes.
    private let offered: Coalescer.Transports
    /// Transports of which the kernel has refused superframes.
    private(set) var refused: Coalescer.Transports = []
    /// Transports whose packets leave in superframes.
    var joining: Coalescer.Transports { offered.subtracting(refused) }
    /// Superframes that have been sent.
    private(set) var superframeCount: UInt64 = 0
    private(set) var failures = SendFailures()

    init(joining: Coalescer.Transports) {
        offered = joining
        unsafe sender = .allocate(capacity: 1)
        unsafe sender.initialize(to: wl_packet_sender())
        unsafe headers = .allocate(byteCount: Self.batch * Self.headerStride, alignment: 64)
    }

    deinit {
        unsafe sender.deallocate()
        unsafe headers.deallocate()
    }

    /// Sends the selected packets, `batch` frames a system call, and gives each its outcome.
    func transmit(
        _ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>, to descriptor: Int32
    ) {
        unsafe coalescer.plan(vector, selection: selection, link: .ethernet, joining: joining)
        var first = 0
        while first < coalescer.trainCount {
            let count = min(Self.batch, coalescer.trainCount - first)
            var pieceCount = 0
            for order in 0..<count {
                let train = coalescer.train(first + order)
                let firstPiece = pieceCount
                if train.packetCount == 1 {
                    let frame = unsafe vector.frameWithHeader(train.first)
                    unsafe wl_packet_put(sender, Int32(pieceCount), frame.baseAddress, frame.count)
                    pieceCount += 1
                } else {
                    pieceCount += put(train, of: vector, message: order, piece: pieceCount)
                }
                unsafe wl_packet_enqueue(
                    sender, Int32(order), Int32(firstPiece), Int32(pieceCount - firstPiece))
            }
            send(first..<first + count, of: vector, to: descriptor)
            first += count
        }
    }

    /// - Returns: the pieces used.
    private func put(_ train: Coalescer.Train, of vector: PacketVector, message: Int, piece: Int) -> Int {
        let start = unsafe headers + message * Self.headerStride
        let byteCount = unsafe coalescer.writeHeaders(of: train, vector, to: start)
        unsafe wl_packet_put(sender, Int32(piece), start, byteCount)
        var packet = train.first
        for order in 1...train.packetCount {
            let payload = unsafe coalescer.payload(of: packet, in: train, vector)
            unsafe wl_packet_put(sender, Int32(piece + order), payload.baseAddress, payload.count)
            packet = coalescer.packet(behind: packet)
        }
        return train.packetCount + 1
    }

    /// Sends the frames that have been put in, one for each of these trains.
    private func send(_ trains: Range<Int>, of vector: PacketVector, to descriptor: Int32) {
        var next = trains.lowerBound
        while next < trains.upperBound {
            let result = unsafe wl_packet_send(
                descriptor, sender, Int32(next - trains.lowerBound), Int32(trains.upperBound - next))
            if result == -EINTR { continue }
            // An error is the first message's; those behind it are tried on their own.
            for index in next..<next + max(1, Int(result)) {
                conclude(coalescer.train(index), of: vector, error: max(0, -result), descriptor)
            }
            next += max(1, Int(result))
        }
    }

    /// Gives each packet of a frame its outcome.
    private func conclude(
        _ train: Coalescer.Train, of vector: PacketVector, error: Int32, _ descriptor: Int32
    ) {
        let isRefused = error == EINVAL && train.packetCount > 1
        // Kernels before 6.2 know no superframes of UDP.
        if isRefused { refused.insert(train.transport) }
        if error == 0, train.packetCount > 1 { superframeCount += 1 }
        if error != 0, !isRefused { failures.note(error, count: train.packetCount) }
        var packet = train.first
        for _ in 0..<train.packetCount {
            if isRefused {
                unsafe vector.send(
                    packet, as: vector.frameWithHeader(packet), to: descriptor, failures: &failures)
            } else if error == 0 {
                unsafe vector.packets[Int(packet)].disposition = .forwarded
            } else {
                vector[Int(packet)].drop(DropReason(sendError: error))
            }
            packet = coalescer.packet(behind: packet)
        }
    }
}

import Glibc
import Packets

/// The way from a vector to a TUN whose frames stand behind virtio headers: packets of a flow leave as superframes.
///
/// A superframe is gathered by one system call: its headers from here, its payloads from the packets, which stay as they
/// are. So what is refused can be sent again packet by packet, and what looks at the packets sees what was sent.
@safe final class TunSendBuffer {
    private let link: LinkType
    private let coalescer = Coalescer()
    private let headers: UnsafeMutableRawPointer
    private let pieces: UnsafeMutablePointer<iovec>
    /// Transports whose packets may leave in superframes.
    var offered: Coalescer.Transports = []
    /// Transports of which the kernel has refused superframes.
    private(set) var refused: Coalescer.Transports = []
    /// Transports whose packets leave in superframes.
    var joining: Coalescer.Transports { offered.subtracting(refused) }
    /// Superframes that have been sent.
    private(set) var superframeCount: UInt64 = 0
    private(set) var failures = SendFailures()

    init(link: LinkType) {
        self.link = link
        unsafe headers = .allocate(
            byteCount: OffloadHeader.byteCount + Coalescer.headerByteLimit, alignment: 64)
        // The headers, and the payload of each packet of a whole vector.
        unsafe pieces = .allocate(capacity: 257)
    }

    deinit {
        unsafe headers.deallocate()
        unsafe pieces.deallocate()
    }

    /// Sends the selected packets, and gives each its outcome.
    /// - Parameter hasHeaders: whether the device wants a virtio header before each frame; without, nothing is joined.
    func transmit(
        _ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>, to descriptor: Int32,
        hasHeaders: Bool
    ) {
        let joining = joining
        guard hasHeaders, !joining.isEmpty, selection.count > 1 else {
            for order in 0..<selection.count {
                unsafe send(packet: selection[order], of: vector, to: descriptor, hasHeaders: hasHeaders)
            }
            return
        }
        unsafe coalescer.plan(vector, selection: selection, link: link, joining: joining)
        for index in 0..<coalescer.trainCount {
            let train = coalescer.train(index)
            if train.packetCount == 1 {
                send(packet: train.first, of: vector, to: descriptor, hasHeaders: true)
            } else {
                send(train, of: vector, to: descriptor)
            }
        }
    }

    private func send(packet: UInt8, of vector: PacketVector, to descriptor: Int32, hasHeaders: Bool) {
        let bytes = unsafe hasHeaders ? vector.frameWithHeader(packet) : vector.frame(Int(packet))
        unsafe vector.send(packet, as: bytes, to: descriptor, failures: &failures)
    }

    private func send(_ train: Coalescer.Train, of vector: PacketVector, to descriptor: Int32) {
        let headerByteCount = unsafe coalescer.writeHeaders(of: train, vector, to: headers)
        unsafe pieces[0] = iovec(iov_base: headers, iov_len: headerByteCount)
        var packet = train.first
        for order in 1...train.packetCount {
            let payload = unsafe coalescer.payload(of: packet, in: train, vector)
            unsafe pieces[order] = iovec(iov_base: payload.baseAddress, iov_len: payload.count)
            packet = coalescer.packet(behind: packet)
        }
        let pieceCount = Int32(train.packetCount + 1)
        var count = unsafe writev(descriptor, pieces, pieceCount)
        while count < 0, errno == EINTR { count = unsafe writev(descriptor, pieces, pieceCount) }
        let errorNumber = count < 0 ? errno : 0
        // Some kernels take virtio headers and then refuse superframes.
        if errorNumber == EINVAL { refused.insert(train.transport) }
        if errorNumber == 0 { superframeCount += 1 }
        if errorNumber != 0, errorNumber != EINVAL { failures.note(errorNumber, count: train.packetCount) }
        packet = train.first
        for _ in 0..<train.packetCount {
            switch errorNumber {
            case 0: unsafe vector.packets[Int(packet)].disposition = .forwarded
            case EINVAL: send(packet: packet, of: vector, to: descriptor, hasHeaders: true)
            default: vector[Int(packet)].drop(DropReason(sendError: errorNumber))
            }
            packet = coalescer.packet(behind: packet)
        }
    }
}

import Glibc
import Packets

/// The way from a vector to a TUN whose frames stand behind virtio headers: packets of a flow leave as superframes.
///
/// A superframe is gathered by one system call: its headers from here, its payloads from the packets, which stay as they
/// are. So what is refused can be sent again packet by packet, and what looks at the packets sees what was sent.
@safe final class TunSendBuffer {
    private static let headerStride = OffloadHeader.byteCount + Coalescer.headerByteLimit

    private let link: LinkType
    private let coalescer = Coalescer()
    /// The headers of each superframe that goes by one system call.
    private let headers: UnsafeMutableRawPointer
    private let pieces: UnsafeMutablePointer<iovec>
    /// What each write of the last batch has come to: bytes, or a negative errno.
    private let results: UnsafeMutablePointer<Int32>
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
        unsafe headers = .allocate(byteCount: IORing.limit * Self.headerStride, alignment: 64)
        // The headers of each superframe, and the payload of each packet of a whole vector.
        unsafe pieces = .allocate(capacity: 256 + IORing.limit)
        unsafe results = .allocate(capacity: IORing.limit)
    }

    deinit {
        unsafe headers.deallocate()
        unsafe pieces.deallocate()
        unsafe results.deallocate()
    }

    /// Sends the selected packets, and gives each its outcome.
    /// - Parameter hasHeaders: whether the device wants a virtio header before each frame; without, nothing is joined.
    /// - Parameter ring: writes up to `IORing.limit` frames by a system call; nil: each takes one.
    func transmit(
        _ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>, to descriptor: Int32,
        hasHeaders: Bool, by ring: IORing? = nil
    ) {
        guard selection.count > 1 else {
            for order in 0..<selection.count {
                unsafe send(packet: selection[order], of: vector, to: descriptor, hasHeaders: hasHeaders)
            }
            return
        }
        let joining = hasHeaders ? joining : []
        if let ring {
            unsafe transmit(
                vector, selection: selection, to: descriptor, hasHeaders: hasHeaders, joining: joining,
                by: ring)
        } else if joining.isEmpty {
            for order in 0..<selection.count {
                unsafe send(packet: selection[order], of: vector, to: descriptor, hasHeaders: hasHeaders)
            }
        } else {
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
    }

    // MARK: One by one

    private func send(packet: UInt8, of vector: PacketVector, to descriptor: Int32, hasHeaders: Bool) {
        let bytes = unsafe hasHeaders ? vector.frameWithHeader(packet) : vector.frame(Int(packet))
        unsafe vector.send(packet, as: bytes, to: descriptor, failures: &failures)
    }

    private func send(_ train: Coalescer.Train, of vector: PacketVector, to descriptor: Int32) {
        let pieceCount = Int32(gather(train, of: vector, headers: 0, piece: 0))
        var count = unsafe writev(descriptor, pieces, pieceCount)
        while count < 0, errno == EINTR { count = unsafe writev(descriptor, pieces, pieceCount) }
        conclude(train, of: vector, error: count < 0 ? errno : 0, descriptor)
    }

    /// Puts a superframe together.
    /// - Parameter headers: which of the places for headers it uses.
    /// - Parameter piece: its first piece.
    /// - Returns: how many pieces it has.
    private func gather(
        _ train: Coalescer.Train, of vector: PacketVector, headers place: Int, piece: Int
    ) -> Int {
        let start = unsafe headers + place * Self.headerStride
        let headerByteCount = unsafe coalescer.writeHeaders(of: train, vector, to: start)
        unsafe pieces[piece] = iovec(iov_base: start, iov_len: headerByteCount)
        var packet = train.first
        for order in 1...train.packetCount {
            let payload = unsafe coalescer.payload(of: packet, in: train, vector)
            unsafe pieces[piece + order] = iovec(iov_base: payload.baseAddress, iov_len: payload.count)
            packet = coalescer.packet(behind: packet)
        }
        return train.packetCount + 1
    }

    /// Gives each packet of a superframe its outcome.
    private func conclude(
        _ train: Coalescer.Train, of vector: PacketVector, error: Int32, _ descriptor: Int32
    ) {
        // Some kernels take virtio headers and then refuse superframes.
        if error == EINVAL { refused.insert(train.transport) }
        if error == 0 { superframeCount += 1 }
        if error != 0, error != EINVAL { failures.note(error, count: train.packetCount) }
        var packet = train.first
        for _ in 0..<train.packetCount {
            switch error {
            case 0: unsafe vector.packets[Int(packet)].disposition = .forwarded
            case EINVAL: send(packet: packet, of: vector, to: descriptor, hasHeaders: true)
            default: vector[Int(packet)].drop(DropReason(sendError: error))
            }
            packet = coalescer.packet(behind: packet)
        }
    }

    // MARK: Many at once

    private func transmit(
        _ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>, to descriptor: Int32,
        hasHeaders: Bool, joining: Coalescer.Transports, by ring: IORing
    ) {
        let isJoining = !joining.isEmpty
        if isJoining {
            unsafe coalescer.plan(vector, selection: selection, link: link, joining: joining)
        }
        let frameCount = isJoining ? coalescer.trainCount : selection.count
        var first = 0
        while first < frameCount {
            let count = min(IORing.limit, frameCount - first)
            var pieceCount = 0
            for place in 0..<count {
                var packet = unsafe selection[isJoining ? 0 : first + place]
                if isJoining {
                    let train = coalescer.train(first + place)
                    guard train.packetCount == 1 else {
                        let piece = pieceCount
                        pieceCount += gather(train, of: vector, headers: place, piece: piece)
                        unsafe ring.write(place, gathering: pieces + piece, count: pieceCount - piece)
                        continue
                    }
                    packet = train.first
                }
                unsafe ring.write(
                    place, hasHeaders ? vector.frameWithHeader(packet) : vector.frame(Int(packet)))
            }
            unsafe ring.run(count, results: results)
            for place in 0..<count {
                let error = max(0, -(unsafe results[place]))
                let train = isJoining ? coalescer.train(first + place) : nil
                if let train, train.packetCount > 1 {
                    if error == ECANCELED {
                        send(train, of: vector, to: descriptor)
                    } else {
                        conclude(train, of: vector, error: error, descriptor)
                    }
                } else {
                    conclude(
                        train?.first ?? (unsafe selection[first + place]), of: vector, error: error,
                        descriptor, hasHeaders: hasHeaders)
                }
            }
            first += count
        }
    }

    /// Gives a packet that has been written by itself its outcome.
    private func conclude(
        _ packet: UInt8, of vector: PacketVector, error: Int32, _ descriptor: Int32, hasHeaders: Bool
    ) {
        switch error {
        case 0: vector[Int(packet)].disposition = .forwarded
        // The ring has failed.
        case ECANCELED, EINTR:
            send(packet: packet, of: vector, to: descriptor, hasHeaders: hasHeaders)
        default:
            vector[Int(packet)].drop(DropReason(sendError: error))
            failures.note(error)
        }
    }
}

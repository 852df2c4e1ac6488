import Packets
import Ports
import Testbed

extension FuzzTarget {
    /// Frames that leave by one port: which may leave as superframes; cut up, these must give the same frames.
    ///
    /// ```
    /// | link 1 | length 2, frame | length 2, frame | … |
    /// ```
    static let trains = FuzzTarget(name: "trains", byteCountLimit: 16_384) { bytes throws(Finding) in
        var reader = InputReader(bytes)
        let link: LinkType = reader.octet() & 1 == 0 ? .ethernet : .ip
        let vector = PacketVector()
        while !reader.isEmpty, !vector.isFull {
            let frame = reader.piece(atMost: vector.maximumFrameByteCount)
            frame.withUnsafeBytes { vector.append($0, timestamp: 0) }
        }
        try Trains.check(vector, link: link)
    } seeds: {
        fixtures().flatMap { fixture -> [[UInt8]] in
            // The first one is the superframe.
            let segments = fixture.frames.dropFirst()
            let packets = segments.map { Array($0.dropFirst(14)) }
            return [
                segments.reduce([0]) { $0 + InputReader.encoded(piece: $1) },
                packets.reduce([1]) { $0 + InputReader.encoded(piece: $1) },
            ]
        }
    }
}

/// A vector's packets put together and cut up again.
enum Trains {
    static func check(_ vector: PacketVector, link: LinkType) throws(Finding) {
        let coalescer = Coalescer()
        let selection = (0..<vector.count).map { UInt8($0) }
        selection.withUnsafeBufferPointer {
            coalescer.plan(vector, selection: $0, link: link, joining: [.tcp, .udp])
        }
        var packetCount = 0
        for index in 0..<coalescer.trainCount {
            let train = coalescer.train(index)
            packetCount += train.packetCount
            if train.packetCount > 1 { try check(train, coalescer, vector, link) }
        }
        try Finding.unless(packetCount == vector.count, "\(packetCount) of \(vector.count) packets leave")
    }

    private static func check(
        _ train: Coalescer.Train, _ coalescer: Coalescer, _ vector: PacketVector, _ link: LinkType
    ) throws(Finding) {
        var whole = [UInt8](repeating: 0xa5, count: OffloadHeader.byteCount + Coalescer.headerByteLimit)
        let headerByteCount = whole.withUnsafeMutableBytes {
            coalescer.writeHeaders(of: train, vector, to: $0.baseAddress!)
        }
        whole.removeSubrange(headerByteCount...)
        var packets: [UInt8] = []
        for _ in 0..<train.packetCount {
            packets.append(packets.last.map(coalescer.packet(behind:)) ?? train.first)
            whole += coalescer.payload(of: packets[packets.count - 1], in: train, vector)
        }
        let offload = whole.read { OffloadHeader($0.extracting(first: OffloadHeader.byteCount)) }
        let frame = Array(whole[OffloadHeader.byteCount...])
        try Finding.unless(frame.count <= 65_535 + 22, "a superframe of \(frame.count) bytes")
        let plan = frame.read { Superframe($0, offload: offload, link: link) }
        guard let plan else { throw Finding("a superframe that can't be cut up") }
        try Finding.unless(
            plan.segmentCount == packets.count, "\(plan.segmentCount) segments of \(packets.count) packets")
        for (index, packet) in packets.enumerated() {
            var segment = [UInt8](repeating: 0xa5, count: plan.byteCount(ofSegment: index))
            _ = frame.withUnsafeBytes { whole in
                segment.withUnsafeMutableBytes { plan.write(segment: index, of: whole, into: $0) }
            }
            // Padding is left out.
            let original = Array(vector.frame(Int(packet)).prefix(segment.count))
            try Finding.unless(
                comparable(segment, link) == comparable(original, link), "packet \(packet) becomes another")
        }
    }

    /// Behind the Ethernet header and its VLAN tags.
    private static func networkOffset(_ frame: [UInt8]) -> Int {
        var offset = 14
        while frame.count >= offset,
            [[0x81, 0x00], [0x88, 0xa8]].contains(Array(frame[offset - 2..<offset]))
        {
            offset += 4
        }
        return offset
    }

    /// A frame but for an identification that means nothing (RFC 6864 §4.1), and the checksum over it.
    private static func comparable(_ frame: [UInt8], _ link: LinkType) -> [UInt8] {
        var frame = frame
        let network = link == .ethernet ? networkOffset(frame) : 0
        guard frame.count >= network + 20, frame[network] >> 4 == 4, frame[network + 6] & 0x40 != 0 else {
            return frame
        }
        for offset in [4, 5, 10, 11] { frame[network + offset] = 0 }
        return frame
    }
}

import Ports
import Testbed

extension FuzzTarget {
    /// Frames into a whole edge.
    ///
    /// ```
    /// | edge's number, 2 | single packets or vectors, 1 | frame | frame | …
    /// frame: | port, 1 | what else happens, 1 | length, 2 | bytes |
    /// ```
    static let forwarding = FuzzTarget(name: "forwarding", byteCountLimit: 4096) { bytes throws(Finding) in
        var input = InputReader(bytes)
        let edge = Edge.nearest(input.word())
        let isVector = input.octet() & 1 == 1
        var running = edge.start(vectorCapacity: isVector ? 16 : 1)
        while !input.isEmpty {
            let port = Int(input.octet()) % running.ports.count
            let event = input.octet()
            running.wait(nanoseconds: waits[Int(event & 3)])
            running.ports[port].state = event & 0xc == 0xc ? .down : .up
            if event & 0x30 == 0x30 { running.ports[port].failingSendCount = 1 }
            if event & 0xc0 == 0xc0 { running.confirmNeighbours() }
            running.offer(input.piece(atMost: Edge.frameByteCountLimit), port: port)
            if !isVector || event & 0xc0 == 0x80 { try running.serve() }
        }
        try running.serve()
        for port in running.ports { port.state = .up }
        try running.finish()
    } seeds: {
        Edge.names.flatMap { name -> [[UInt8]] in
            let edge = Edge.named(name)
            let head = [UInt8(Edge.number(name) >> 8), UInt8(Edge.number(name) & 0xff)]
            return edge.compiled.ports.enumerated().flatMap { index, port -> [[UInt8]] in
                let frames = captured("\(Edge.casesFolder)/\(name)/\(port.name).in.pcap")
                return stride(from: 0, to: frames.count, by: 4).map { start in
                    let group = frames[start..<min(start + 4, frames.count)].filter { $0.count < 1000 }
                    return head + [UInt8(start / 4 & 1)]
                        + group.flatMap { [UInt8(index), 0] + InputReader.encoded(piece: $0) }
                }
            }
        }
    }

    /// By the low two bits of what happens.
    private static let waits: [UInt64] = [1_000, 1_000_000, 1_100_000_000, 31_000_000_000]

    /// The frames of a capture; none if there is no such file.
    static func captured(_ path: String) -> [[UInt8]] {
        guard fileContents(path) != nil else { return [] }
        var frames: [[UInt8]] = []
        do throws(PcapFileError) {
            let reader = try PcapFileReader(path: path)
            while let record = try reader.next() { frames.append(Array(record.bytes)) }
        } catch {
            preconditionFailure("\(error)")
        }
        return frames
    }
}

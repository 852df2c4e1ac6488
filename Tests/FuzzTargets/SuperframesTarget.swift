import Packets
import Ports
import Testbed

extension FuzzTarget {
    /// What a packet socket or a TUN may say of a frame, and the frame: segments, which may be put together again, or one
    /// packet with its checksum.
    static let superframes = FuzzTarget(name: "superframes", byteCountLimit: 4096) { bytes throws(Finding) in
        guard bytes.count >= OffloadHeader.byteCount else { return }
        let header = bytes.read { OffloadHeader($0.extracting(first: OffloadHeader.byteCount)) }
        var frame = Array(bytes[OffloadHeader.byteCount...])
        for link in [LinkType.ethernet, .ip] {
            guard let plan = frame.read({ Superframe($0, offload: header, link: link) }) else { continue }
            let vector = PacketVector()
            // A frame of 64 KiB in segments of one byte is made, and here would only take time.
            for index in Set([0, 1, plan.segmentCount / 2, plan.segmentCount - 1]).sorted()
            where index < plan.segmentCount {
                let byteCount = plan.byteCount(ofSegment: index)
                try Finding.unless((1...frame.count).contains(byteCount), "a segment of \(byteCount) bytes")
                var slot = [UInt8](repeating: 0xa5, count: byteCount)
                let written = frame.withUnsafeBytes { whole in
                    slot.withUnsafeMutableBytes { plan.write(segment: index, of: whole, into: $0) }
                }
                try Finding.unless(written == byteCount, "a segment of \(written) and not \(byteCount) bytes")
                guard written <= vector.maximumFrameByteCount else { continue }
                slot.withUnsafeBytes { vector.append($0, timestamp: 0) }
            }
            try Trains.check(vector, link: link)
        }
        _ = frame.withUnsafeMutableBytes { header.completeChecksum(in: $0) }
    } seeds: {
        fixtures().map { $0.header + $0.frames[0].prefix(4000) }
    }

    /// What a packet socket gave, and the frames that should come of it: the superframe, and behind it its segments.
    static func fixtures() -> [(header: [UInt8], frames: [[UInt8]])] {
        let folder = repositoryRoot(#filePath) + "/Tests/PortsTests/Fixtures"
        return folderEntries(folder).filter { $0.hasSuffix(".pcap") }.compactMap { name in
            guard let records = captureRecords("\(folder)/\(name)"), records.count > 1, records[0].count == 10
            else { return nil }
            return (records[0], Array(records[1...]))
        }
    }

    /// The records of a capture; nil if it isn't one.
    private static func captureRecords(_ path: String) -> [[UInt8]]? {
        do throws(PcapFileError) {
            let reader = try PcapFileReader(path: path)
            var records: [[UInt8]] = []
            while let record = try reader.next() { records.append(Array(record.bytes)) }
            return records
        } catch { return nil }
    }
}

import Packets
import Ports
import Testbed

extension FuzzTarget {
    /// Capture files: each packet that the reader finds comes in by a port made of the same file.
    static let captures = FuzzTarget(name: "captures", byteCountLimit: 4096) { bytes throws(Finding) in
        let folder = ScratchFolder()
        let path = folder.file("input.pcap", bytes)
        var records = 0
        do throws(PcapFileError) {
            let reader = try PcapFileReader(path: path)
            while let record = try reader.next() {
                _ = record.bytes.reduce(0 as UInt8) { $0 ^ $1 }
                records += 1
            }
        } catch { _ = error.reason }
        let port: PcapFilePort
        do throws(PcapFileError) {
            port = try PcapFilePort(.init(name: "input", inputPath: path))
        } catch { return }
        let vector = PacketVector(capacity: 8, slotByteCount: 2048)
        var received = 0
        while case let count = port.receive(into: vector), count > 0 {
            received += count
            vector.removeAll()
        }
        try Finding.unless(received == records, "\(records) packets in a file of which \(received) came in")
    } seeds: {
        [
            "Tests/Conformance/cases", "Tests/PortsTests/Fixtures",
        ].flatMap { folder -> [[UInt8]] in
            let folder = repositoryRoot(#filePath) + "/" + folder
            return folderEntries(folder).flatMap { entry in
                entry.hasSuffix(".pcap")
                    ? [fileContents("\(folder)/\(entry)")]
                    : folderEntries("\(folder)/\(entry)").filter { $0.hasSuffix(".pcap") }
                        .map { fileContents("\(folder)/\(entry)/\($0)") }
            }.compactMap { $0.map { Array($0.prefix(1000)) } }
        }
    }
}

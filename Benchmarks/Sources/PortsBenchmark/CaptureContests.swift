import Glibc
import Ports
import PortsReference
import Wire

/// From a capture file through the edge, which pushes two labels, into another capture.
struct CaptureContests {
    private let input: String
    private let output: String
    private static let mac = MACAddress(rawValue: 0x02_0000_0000_0a)

    init(folder: String) {
        input = "\(folder)/wayleave-ports-\(getpid())-in.pcap"
        output = "\(folder)/wayleave-ports-\(getpid())-out.pcap"
    }

    func contest(byteCount: Int) throws -> Contest {
        // Some 100 MB, so that what is written stays in memory.
        ref_make_capture(input, Int32(byteCount), Int32(100_000_000 / (byteCount + 16)), Self.mac.rawValue)
        return Contest(
            name: "captures", byteCount: byteCount,
            contenders: [
                .init(name: "C, mapped") {
                    unlink(output)
                    let begin = ref_now()
                    let packets = ref_push_capture(input, output)
                    return Contest.Round(packets: packets, seconds: ref_now() - begin)
                },
                .init(name: "file") {
                    unlink(output)
                    let begin = ref_now()
                    let packets = try forward()
                    return Contest.Round(packets: packets, seconds: ref_now() - begin)
                },
            ])
    }

    func clear() {
        unlink(input)
        unlink(output)
    }

    private func forward() throws -> UInt64 {
        let access = try PcapFilePort(
            .init(name: "access0", inputPath: input, macAddress: Self.mac))
        let core = try PcapFilePort(
            .init(
                name: "core0", outputPath: output, link: .ethernet,
                macAddress: MACAddress(rawValue: 0x02_0000_0000_01)))
        let edge = try Edge(
            exchange: """
                  access0: { file: { read: in }, role: access, addresses: [10.1.0.1/24], mac: "\(Self.mac)",
                             neighbours: { 10.1.0.5: "02:00:00:00:00:05" } }
                  core0: { file: { write: out }, role: network, addresses: [10.0.0.1/30], mac: "02:00:00:00:00:01",
                           neighbours: { 10.0.0.2: "02:00:00:00:00:02" } }
                """, hasLabels: true, opened: [access, core])
        let packets = edge.runToEnd()
        try core.close()
        return packets
    }
}

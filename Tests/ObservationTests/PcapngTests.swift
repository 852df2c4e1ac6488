import Glibc
import Packets
import Ports
import Tables
import Testbed
import Testing

@testable import Observation

@Suite("Captures") struct PcapngTests {
    private let folder = ScratchFolder()

    private func packet(_ number: Int, port: UInt16 = 0, link: LinkType = .ip) -> ObservedPacket {
        let frame = Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 60).bytes
        return ObservedPacket(
            role: number % 2 == 0 ? .received : .sent, port: port, link: link,
            timestamp: 1_800_000_000_123_456_789 + UInt64(number), frameByteCount: frame.count, bytes: frame)
    }

    /// What tshark reads of a file, a line a packet.
    private func tshark(_ path: String) throws -> [String] {
        let command =
            "HOME=\(folder.path) tshark -n -r \(path) -T fields -e frame.interface_name -e frame.time_epoch "
            + "-e frame.packet_flags_direction -e frame.comment -e ip.dst -e frame.len 2>&1"
        let stream = try #require(popen(command, "r"))
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { text += chunk[..<count] }
        let status = pclose(stream)
        try #require(status == 0, "\(String(decoding: text, as: UTF8.self))")
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map { String($0) }
            .filter { !$0.hasPrefix("Running as user") }
    }

    @Test("The blocks are those of the format, byte for byte")
    func bytes() {
        var writer = PcapngWriter(application: "wl")
        #expect(
            writer.take() == [
                0x0a, 0x0d, 0x0d, 0x0a, 40, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255,
                255, 255,
                255, 255, 4, 0, 2, 0, 0x77, 0x6c, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0,
            ])
        #expect(writer.addInterface(name: "tun0", link: .ip, snapshotByteCount: 96) == 0)
        #expect(
            writer.take() == [
                1, 0, 0, 0, 40, 0, 0, 0, 101, 0, 0, 0, 96, 0, 0, 0, 2, 0, 4, 0, 0x74, 0x75, 0x6e, 0x30, 9, 0,
                1, 0, 9,
                0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0,
            ])
        writer.write(
            [1, 2, 3, 4, 5], frameByteCount: 9, timestamp: 0x1_0000_0002, interface: 0, direction: .outbound,
            comment: "no")
        #expect(
            writer.take() == [
                6, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 1, 2, 3,
                4, 5, 0,
                0, 0, 2, 0, 4, 0, 2, 0, 0, 0, 1, 0, 2, 0, 0x6e, 0x6f, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0,
            ])
        #expect(writer.take() == [])
    }

    @Test("tshark reads names, times to the nanosecond, directions and comments", .enabled(if: isTsharkThere))
    func judgedByTshark() throws {
        let path = folder.file("capture.pcapng")
        let files = try CaptureFiles(path, snapshotByteCount: 65_535)
        files.note(ObservedPort(slot: 0, name: "access0", link: .ip))
        try files.write(packet(0), comment: "dropped: notAdmitted. Because.")
        try files.write(packet(1), comment: nil)
        // The slot's owner changes: another interface.
        files.note(ObservedPort(slot: 0, name: "access9", link: .ip))
        try files.write(packet(2), comment: "ü")
        try files.flush()
        #expect(
            try tshark(path) == [
                "access0\t1800000000.123456789\t0x00000001\tdropped: notAdmitted. Because.\t198.51.100.7\t88",
                "access0\t1800000000.123456790\t0x00000002\t\t198.51.100.7\t88",
                "access9\t1800000000.123456791\t0x00000001\tü\t198.51.100.7\t88",
            ])
    }

    @Test(
        "Files are turned by size; only the last ones stay, each whole by itself", .enabled(if: isTsharkThere)
    )
    func rotation() throws {
        let rotation = CaptureFiles.Rotation(byteCount: 1000, fileLimit: 3)
        let files = try CaptureFiles(folder.file("a.b.pcapng"), rotation: rotation, snapshotByteCount: 65_535)
        for number in 0..<50 { try files.write(packet(number), comment: "number \(number)") }
        try files.flush()
        #expect(files.packetCount == 50 && files.paths.count == 3)
        let names = folderEntries(folder.path).filter { $0.hasPrefix("a.b_000") }
        #expect(names.map { "\(folder.path)/\($0)" } == files.paths)
        var comments: [String] = []
        for path in files.paths {
            let packets = try tshark(path)
            #expect(!packets.isEmpty)
            comments += packets.map { String($0.split(separator: "\t", omittingEmptySubsequences: false)[3]) }
        }
        // The last ones, without a gap.
        #expect(comments == (50 - comments.count..<50).map { "number \($0)" })
    }

    @Test("Names of files that follow one another")
    func names() {
        setenv("TZ", "UTC", 1)
        tzset()
        let moment = 1_769_860_800
        #expect(CaptureFiles.name("x.pcapng", number: 1, at: moment) == "x_00001_20260131120000.pcapng")
        #expect(CaptureFiles.name("a.b/x", number: 123_456, at: moment) == "a.b/x_123456_20260131120000")
        #expect(CaptureFiles.name("/a/.x", number: 2, at: moment) == "/a/.x_00002_20260131120000")
    }

    @Test("A file that can't be written is named")
    func failure() {
        #expect(throws: ObservationError("/nowhere/x: No such file or directory")) {
            try CaptureFiles("/nowhere/x", snapshotByteCount: 100)
        }
    }
}

private let isTsharkThere = access("/usr/bin/tshark", X_OK) == 0

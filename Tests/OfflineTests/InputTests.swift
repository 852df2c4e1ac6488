import Exchange
import Offline
import Ports
import Testbed
import Testing

/// Packets as people hand them in: hex, and captures.
@Suite struct InputTests {
    @Test(
        "hex in every spelling",
        arguments: [
            "4500ff", "45 00 ff", "45:00:FF", "0x4500ff", " 0X45\t00\r\nff\n", "4 5 0 0 f f",
        ])
    func hex(text: String) throws {
        let read = try Hex.bytes(text)
        #expect(read == [0x45, 0x00, 0xff])
    }

    @Test("hex goes there and back") func roundTrip() throws {
        let all = (0...255).map { UInt8($0) }
        let read = try Hex.bytes(Hex.text(all))
        #expect(read == all)
    }

    @Test(
        "bad hex is refused with its place",
        arguments: [
            ("", "no hex digit"), (" \n", "no hex digit"), ("0x", "no hex digit"),
            ("45 0g", "character 5 is 'g'"), ("45000x", "character 6 is 'x'"),
            ("4500-01", "character 5 is '-'"), ("４5", "character 1 is '４'"),
            ("45 0", "an odd number of hex digits, 3: the last one, character 4,"),
        ])
    func badHex(text: String, message: String) {
        let rejection = #expect(throws: Rejection.self) { _ = try Hex.bytes(text) }
        #expect(rejection?.message.contains(message) == true, "\(rejection?.message ?? "")")
    }

    /// Port `access0` is a TUN, `core0` has frames.
    private func port(_ name: String) throws -> Port {
        try #require(try edgeDescription().ports.first { $0.name == name })
    }

    private func capture(_ packets: [[UInt8]], _ link: LinkType, in folder: ScratchFolder) throws -> String {
        let path = folder.file("packets.pcap")
        let writer = try PcapFileWriter(path: path, link: link)
        for (second, packet) in packets.enumerated() {
            try packet.withUnsafeBytes { try writer.write($0, timestamp: UInt64(second) * 1_000_000_000) }
        }
        try writer.close()
        return path
    }

    @Test("a packet of a capture by its place, counted from 1") func place() throws {
        let folder = ScratchFolder()
        let path = try capture([[0x45, 1], [0x45, 2], [0x45, 3]], .ip, in: folder)
        for place in 1...3 {
            let packet = try CapturedPacket(path: path, index: place, for: port("access0"))
            #expect(packet.bytes == [0x45, UInt8(place)])
            #expect(!packet.isTruncated)
        }
    }

    @Test("a place beyond the capture", arguments: [(0, "no packet"), (1, "1 packet"), (2, "2 packets")])
    func beyond(count: Int, held: String) throws {
        let folder = ScratchFolder()
        let path = try capture(Array(repeating: [0x45], count: count), .ip, in: folder)
        let expected = Rejection("\(path) holds \(held); there is no packet 3")
        let access = try port("access0")
        #expect(throws: expected) { _ = try CapturedPacket(path: path, index: 3, for: access) }
    }

    @Test("a capture of the other link type") func wrongLink() throws {
        let folder = ScratchFolder()
        let path = try capture([[0x45]], .ip, in: folder)
        let core = try port("core0")
        let rejection = #expect(throws: Rejection.self) {
            _ = try CapturedPacket(path: path, index: 1, for: core)
        }
        let message = "holds bare IP packets, and port 'core0' takes Ethernet frames"
        #expect(rejection?.message.contains(message) == true)
    }

    @Test("a capture that isn't there") func missing() throws {
        let access = try port("access0")
        #expect(throws: PcapFileError.self) {
            _ = try CapturedPacket(path: "/nonexistent.pcap", index: 1, for: access)
        }
    }
}

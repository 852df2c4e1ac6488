import Exchange
import ExchangeFile
import Forwarder
import Observation
import Offline
import Ports
import Testbed
import Testing
import Wire

@Suite("Replay") struct ReplayTests {
    private let folder = ScratchFolder()
    private let video = Datagram.udp("10.1.0.5", "198.51.100.7").bytes

    private func bob(_ number: UInt8) -> [UInt8] {
        var datagram = Datagram.udp("10.2.0.5", "198.51.100.7")
        datagram.payload[8] = number
        return Frame(to: Edges.accessMAC, from: Edges.bobMAC, tags: [100], datagram).bytes
    }

    private func alice(_ number: UInt8) -> [UInt8] {
        var datagram = Datagram.udp("10.1.0.5", "198.51.100.7")
        datagram.payload[8] = number
        return datagram.bytes
    }

    /// Replays captures through the subscriber edge; what leaves by core0 is in `core0.out.pcap`.
    @discardableResult
    private func replay(_ inputs: [String: [UInt8]]) throws -> CountersReport {
        var files = ["core0": Replay.Files(output: folder.file("core0.out.pcap"))]
        for (port, bytes) in inputs {
            files[port, default: .init()].input = folder.file("\(port).in.pcap", bytes)
        }
        return try Replay(Edges.describe(Edges.subscriberEdge), files: files).run()
    }

    private func sent() throws -> Capture {
        let bytes = try #require(fileContents(folder.file("core0.out.pcap")))
        return try #require(Capture(bytes))
    }

    @Test(
        "CD-3 a packet leaves with the time stamp it came with, to the unit of the file",
        arguments: [false, true])
    func timestamps(inNanoseconds: Bool) throws {
        let unit: UInt64 = inNanoseconds ? 1 : 1000
        let times: [UInt64] = [1, 999_999_000, 1_700_000_000_123_456_000 + (inNanoseconds ? 789 : 0)]
        var capture = Capture(link: 101, inNanoseconds: inNanoseconds)
        capture.records = times.map { Capture.Record(timestamp: $0 / unit * unit, frame: video) }
        try replay(["access0": capture.bytes])
        let sent = try sent()
        #expect(sent.inNanoseconds == inNanoseconds)
        #expect(sent.link == 1)
        #expect(sent.records.map(\.timestamp) == capture.records.map(\.timestamp))
    }

    @Test("One capture in nanoseconds among the inputs, and nothing is rounded on the way out")
    func mixedPrecision() throws {
        let fine = Capture(link: 101, inNanoseconds: true, [(5_000_000_007, alice(1))])
        let coarse = Capture(link: 1, [(4_000_001_000, bob(2))])
        try replay(["access0": fine.bytes, "access1": coarse.bytes])
        let sent = try sent()
        #expect(sent.inNanoseconds)
        #expect(sent.records.map(\.timestamp) == [4_000_001_000, 5_000_000_007])
    }

    @Test("Several captures are one time line; of equal times the port that the file has first comes first")
    func merged() throws {
        let access0 = Capture(link: 101, [(1000, alice(1)), (3000, alice(3)), (5000, alice(5))])
        let access1 = Capture(link: 1, [(2000, bob(2)), (3000, bob(4)), (6000, bob(6))])
        let report = try replay(["access1": access1.bytes, "access0": access0.bytes])
        let numbers = try sent().records.map { try #require(Frame($0.frame)?.datagram).payload[8] }
        #expect(numbers == [1, 2, 3, 4, 5, 6])
        #expect(report.balances)
    }

    @Test("What one packet teaches holds for the next: an answer in a capture resolves a neighbour")
    func learns() throws {
        let news = Datagram.udp("10.1.0.5", "10.0.1.130").bytes
        let mac = MACAddress(rawValue: 0x0200_0000_0130)
        let answer = Frame(
            to: Edges.subscriberMAC1, from: mac, .arp,
            [0, 1, 8, 0, 6, 4, 0, 2] + mac.octets + [10, 0, 1, 130] + Edges.subscriberMAC1.octets + [
                10, 0, 1, 1,
            ])
        let out = folder.file("core1.out.pcap")
        let files = [
            "access0": Replay.Files(
                input: folder.file("a.pcap", Capture(link: 101, [(1000, news), (3000, news)]).bytes)),
            "core1": Replay.Files(
                input: folder.file("c.pcap", Capture(link: 1, [(2000, answer.bytes)]).bytes), output: out),
        ]
        let exchange = Edges.describe(Edges.subscriberEdge)
        let narrator = TraceNarrator(replaying: exchange)
        var stories: [Explanation] = []
        let report = try Replay(exchange, files: files, isFollowed: true)
            .run { stories.append(try #require(narrator.explanation($0))) }
        #expect(stories.map(\.outcome) == [.waiting, .consumed, .forwarded])
        #expect(stories[0].lines.map(\.subject).suffix(2) == ["outcome", "asks"])
        let frames = try #require(Capture(fileContents(out) ?? [])).records.map { Frame($0.frame) }
        // The first packet waits for the answer, and leaves with the second.
        #expect(frames.map { $0?.etherType } == [.arp, .ipv4, .ipv4])
        #expect(frames.dropFirst().allSatisfy { $0?.destination == mac })
        #expect((report.forwarded, report.consumed, report.originated) == (2, 1, 1))
    }

    @Test("CD-3 a followed replay does the same, and tells of every packet with what left because of it")
    func followed() throws {
        // More than a trace's ring holds at once.
        let packets = (1...300).map { (UInt64($0) * 1000, alice(UInt8($0 & 0xff))) }
        let input = folder.file("in.pcap", Capture(link: 101, packets).bytes)
        let outputs = try [false, true].map { isFollowed in
            let output = folder.file("core0.\(isFollowed).pcap")
            let files = ["access0": Replay.Files(input: input), "core0": Replay.Files(output: output)]
            let replay = try Replay(
                Edges.describe(Edges.subscriberEdge), files: files, isFollowed: isFollowed)
            var told: [TracedPacket] = []
            let report = try replay.run { told.append($0) }
            let sent = try #require(Capture(fileContents(output) ?? [])).records
            return (report: report, told: told, sent: sent)
        }
        #expect(outputs[0].report == outputs[1].report && outputs[0].report.forwarded == 300)
        #expect(outputs[0].sent.map(\.frame) == outputs[1].sent.map(\.frame))
        #expect(outputs[0].told.isEmpty && outputs[1].told.count == 300)
        #expect(outputs[1].told.allSatisfy { $0.outcome == .forwarded && !$0.steps.isEmpty })
        #expect(outputs[1].told.flatMap(\.sent).map(\.bytes) == outputs[1].sent.map(\.frame))
    }

    @Test("A story that can't be written ends the replay") func unwritable() throws {
        struct Full: Error {}
        let input = folder.file("in.pcap", Capture(link: 101, [(1000, video), (2000, video)]).bytes)
        let replay = try Replay(
            Edges.describe(Edges.subscriberEdge), files: ["access0": .init(input: input)], isFollowed: true)
        #expect(throws: Full.self) { try replay.run { _ in throw Full() } }
    }

    @Test("PX-5 a port without an output file takes what is sent to it, and counts it")
    func withoutOutput() throws {
        let input = folder.file("in.pcap", Capture(link: 101, [(1000, video)]).bytes)
        let exchange = Edges.describe(Edges.subscriberEdge)
        let report = try Replay(exchange, files: ["access0": .init(input: input)]).run()
        #expect(report.forwarded == 1)
        #expect(report.sessions.first?.up.packets == 1)
    }

    // MARK: Files that are not as they should be

    /// A capture that ends badly after two good packets.
    struct Damage: Sendable, CustomStringConvertible {
        let description: String
        let spoil: @Sendable ([UInt8]) -> [UInt8]
    }

    static let damages: [Damage] = [
        Damage(description: "cut inside the third packet") { $0.dropLast(10) },
        Damage(description: "cut inside the third packet's header") {
            Array($0[..<(24 + 2 * (16 + 92) + 7)])
        },
        Damage(description: "a third packet longer than any") { bytes in
            var bytes = bytes
            bytes.replaceSubrange(24 + 2 * (16 + 92) + 8..<24 + 2 * (16 + 92) + 12, with: [0, 0, 0, 0x7f])
            return bytes
        },
    ]

    @Test(
        "CD-3 a damaged capture is named with the packet, and what came before it is written",
        arguments: damages)
    func damaged(_ damage: Damage) throws {
        #expect(video.count == 92)
        let whole = Capture(link: 101, [(1000, alice(1)), (2000, alice(2)), (3000, alice(3))]).bytes
        let error = try #require(throws: PcapFileError.self) { try replay(["access0": damage.spoil(whole)]) }
        #expect(error.path == folder.file("access0.in.pcap"))
        #expect(error.packetNumber == 3)
        #expect(error.description.contains("access0.in.pcap, packet 3: "))
        #expect(try sent().records.map(\.timestamp) == [1000, 2000])
    }

    @Test(
        "CD-3 what is no capture for this port is refused, with the file's name",
        arguments: [
            ("an empty file", [UInt8]()), ("no capture", Array("not a capture, but a text".utf8)),
            ("Ethernet on a port of bare IP", Capture(link: 1).bytes),
            ("Bluetooth", Capture(link: 187).bytes),
        ])
    func notACapture(_ name: String, _ bytes: [UInt8]) throws {
        let error = try #require(throws: PcapFileError.self, "\(name)") { try replay(["access0": bytes]) }
        #expect(error.path == folder.file("access0.in.pcap"))
        #expect(error.packetNumber == nil)
        #expect(!error.reason.isEmpty)
    }

    @Test("Files that are not there, or can't be written, are named")
    func unreachable() throws {
        let exchange = Edges.describe(Edges.subscriberEdge)
        for files in [Replay.Files(input: "/nonexistent/x.pcap"), .init(output: "/nonexistent/x.pcap")] {
            let error = try #require(throws: PcapFileError.self) {
                _ = try Replay(exchange, files: ["access0": files])
            }
            #expect(error.description.contains("/nonexistent/x.pcap: No such file"))
        }
    }

    @Test("A port that the exchange doesn't have is refused, and those that it has are named")
    func unknownPort() throws {
        let exchange = Edges.describe(Edges.subscriberEdge)
        let rejection = try #require(throws: Rejection.self) {
            _ = try Replay(exchange, files: ["core9": .init()])
        }
        #expect(rejection.message.contains("core9"))
        #expect(rejection.message.contains("access0, access1, core0, core1"))
        let empty = try #require(throws: Rejection.self) {
            _ = try Replay(Edges.describe("providers: { acme: {} }"), files: ["core9": .init()])
        }
        #expect(empty.message == "there is no port 'core9'; the exchange has no ports")
    }
}

import Packets
import Ports
import Tables
import Testbed
import Testing
import Trace
import Wire

@testable import Observation

@Suite("What is asked and answered") struct MessageTests {
    private static let traced = TracedPacket(
        port: 3, link: .ip, timestamp: 77, frame: [1, 2, 3],
        steps: [
            .ethernet(
                destination: MACAddress(rawValue: 1), source: MACAddress(rawValue: 2), etherType: .mpls,
                tags: 7),
            .ipv4(
                source: IPv4Address(rawValue: 1), destination: IPv4Address(rawValue: 2), protocol: .udp,
                timeToLive: 3, byteCount: 4),
            .ipv6(
                source: IPv6Address(high: 1, low: 2), destination: IPv6Address(high: 3, low: 4),
                protocol: .tcp,
                timeToLive: 3, byteCount: 4),
            .pathLabel(LabelStackEntry(rawValue: 5), TunnelIndex(rawValue: 6)),
            .userLabel(LabelStackEntry(rawValue: 5), ConversionIndex(rawValue: 6)),
            .transitLabel(LabelStackEntry(rawValue: 5), NHLFEIndex(rawValue: 6)),
            .unboundLabel(LabelStackEntry(rawValue: 5)), .tunnel(TunnelIndex(rawValue: 6)),
            .subscriber(.local), .service(LookupResult(encoded: 8)), .noSession,
            .session(ConversionIndex(rawValue: 6)), .congestion(inner: 1, outer: 2, result: nil),
            .congestion(inner: 1, outer: 2, result: 3), .transport(.icmp, isLaterFragment: true),
            .servicePort(80),
            .noRuleAdmits(ruleCount: 4), .ruleAdmits(5), .everythingAdmitted, .timeToLiveHandedOn(9),
            .converted(ConversionIndex(rawValue: 6)), .relabelled(NHLFEIndex(rawValue: 6)),
            .adjacency(AdjacencyIndex(rawValue: 6)), .punted(.tooBig), .fragmented(count: 2),
            .fragmentLost(.transmitFailed),
        ], outcome: .dropped(.tooBig), conversion: ConversionIndex(rawValue: 5),
        departure: TracedPacket.Departure(
            Adjacency(
                port: 2, source: MACAddress(rawValue: 3), tags: [5], nextHop: .v4(IPv4Address(rawValue: 9)),
                destination: MACAddress(rawValue: 4))),
        sent: [TracedPacket.Sent(port: 1, bytes: [9])])

    private static let answers: [ObservationAnswer] = {
        let table = DropTable()
        table.count(.tooBig, port: PortIndex(rawValue: 2), slot: 8)
        table.count(.notOurMAC, port: PortIndex(rawValue: 0), slot: nil)
        return [
            .refused("why"), .port(ObservedPort(slot: 1, name: "x", link: .ethernet)), .armed,
            .drops(table.reading),
            .sample(
                DropSample(
                    port: 1, reason: .tooBig, slot: 5, timestamp: 6, frameByteCount: 900, bytes: [1, 2])),
            .captured(
                ObservedPacket(
                    role: .dropped, port: 2, link: .ip, reason: .notAdmitted,
                    conversion: ConversionIndex(rawValue: 3), timestamp: 4, frameByteCount: 5, bytes: [6])),
            .traced(traced),
            .runtime([
                RuntimeReading(
                    worker: 0, elapsed: 1, vectors: 2, packets: 3, busy: 4, measuredVectors: 5,
                    measuredPackets: 6,
                    stages: [7, 8, 9, 10, 11])
            ]), .end(ObservationEnd(cause: .time, lost: 3)),
        ]
    }()

    private static let requests: [ObservationRequest] = {
        var capture = CaptureRequest()
        capture.ports = ["a", "b"]
        capture.filter = "udp"
        capture.takesSent = false
        (capture.count, capture.seconds, capture.snapshotByteCount) = (1, 2, 3)
        var trace = TraceRequest()
        trace.sessions = [1, 2]
        trace.subscriber = TraceRequest.Subscriber(slot: 3, sessions: [])
        trace.reason = .policed
        return [
            .drops(withSamples: true), .runtime, .stop, .capture(capture), .trace(trace),
            .trace(TraceRequest()),
        ]
    }()

    @Test("Requests and answers come back as they were")
    func roundTrip() throws {
        for request in Self.requests { #expect(try ObservationRequest(request.bytes[...]) == request) }
        for answer in Self.answers { #expect(try ObservationAnswer(answer.bytes[...]) == answer) }
        // Equality of traced packets is that of their bytes, so the steps are compared by themselves.
        guard case .traced(let back) = try ObservationAnswer(ObservationAnswer.traced(Self.traced).bytes[...])
        else {
            Issue.record("not a traced packet")
            return
        }
        #expect(back.steps.map { "\($0)" } == Self.traced.steps.map { "\($0)" })
        #expect(back.departure?.adjacency.headerBytes == Self.traced.departure?.adjacency.headerBytes)
    }

    @Test("Cut short or garbled they are refused with a sentence, and nothing worse happens")
    func damage() {
        let seed: UInt64 = 99
        var generator = SeededGenerator(seed: seed)
        let messages = Self.requests.map(\.bytes) + Self.answers.map(\.bytes)
        for message in messages {
            for length in 0..<message.count {
                let cut = message[..<length]
                #expect(throws: ObservationError.self) { try ObservationRequest(cut) }
                #expect(throws: ObservationError.self) { try ObservationAnswer(cut) }
            }
            for _ in 0..<200 {
                var garbled = message
                garbled[Int.random(in: 0..<garbled.count, using: &generator)] = .random(
                    in: 0...255, using: &generator)
                _ = try? ObservationRequest(garbled[...])
                _ = try? ObservationAnswer(garbled[...])
            }
        }
    }

    @Test("A client of another version is told so")
    func version() {
        var bytes = ObservationRequest.runtime.bytes
        bytes[1] = 9
        #expect {
            try ObservationRequest(bytes[...])
        } throws: { "\($0)".contains("version 9, where 1 is spoken") }
    }

    @Test("Frames come out whole however the bytes come in; one that is too long ends it")
    func frames() throws {
        var bytes: [UInt8] = []
        let payloads: [[UInt8]] = [[1], [], [UInt8](repeating: 2, count: 70_000)]
        for payload in payloads { ObservationFrames.append(payload, to: &bytes) }
        var frames = ObservationFrames()
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            frames.append(bytes[start..<min(start + 3, bytes.count)])
            while frames.hasNext, let payload = try frames.next() { found.append(Array(payload)) }
        }
        #expect(try found == payloads && frames.next() == nil)
        frames.append([0x7f, 0, 0, 0])
        #expect(throws: ObservationError.self) { try frames.next() }
    }

    @Test("Filters judge Ethernet frames and bare packets alike; what makes no sense is refused")
    func filters() throws {
        let packet = Datagram.udp("10.1.0.5", "198.51.100.7").bytes
        let frame = Frame(
            to: MACAddress(rawValue: 1), from: MACAddress(rawValue: 2), tags: [], .ipv4, packet
        ).bytes
        for (expression, passes) in [
            ("udp", true), ("host 10.1.0.5 and udp", true), ("tcp", false), ("mpls or tcp", false),
            // Of no bare packet is it known how it would be labelled, but what it is.
            ("udp or mpls", true), ("ip6", false),
        ] {
            let filter = try PacketFilter(expression)
            #expect(packet.withUnsafeBytes { filter.passes($0, .ip) } == passes, "\(expression)")
            #expect(frame.withUnsafeBytes { filter.passes($0, .ethernet) } == passes, "\(expression)")
            #expect([UInt8]().withUnsafeBytes { filter.passes($0, .ip) } == false)
        }
        #expect(throws: ObservationError.self) { try PacketFilter("no filter at all") }
    }
}

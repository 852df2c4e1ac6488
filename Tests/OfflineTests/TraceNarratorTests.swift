import Observation
import Packets
import TableCompiler
import Tables
import Testbed
import Testing
import Trace
import Wire

@testable import Offline

@Suite("Packets of a running edge, told of by name") struct TraceNarratorTests {
    private static let text = """
        ports:
          access0: { tun: a0, role: access }
          core0: { packet: c0, role: network, addresses: [10.0.0.1/24] }
        lines: { north: { port: core0, nextHop: 10.0.0.2 } }
        providers: { acme: }
        services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
        tunnels:
          t0: { line: north, mpls: { send: 16000, receive: 17000 } }
          t1: { line: north, mpls: { send: 16001, receive: 17001 } }
        subscribers: { alice: { port: access0, addresses: [10.1.0.5] }, bob: { port: access0, addresses: [10.1.0.6] } }
        conditions: [{ subscriber: alice, service: video }, { subscriber: bob, service: video }]
        sessions:
          alice: { subscriber: alice, service: video, access: { port: access0 },
                   network: [{ tunnel: t0, send: 100, receive: 200 }, { tunnel: t1, send: 101, receive: 201 }] }
          bob: { subscriber: bob, service: video, access: { port: access0 }, network: { tunnel: t0, send: 102, receive: 202 } }

        """

    /// The running edge has other numbers than the file: alice's paths are counted in 70 and 50, bob's in 60.
    private static func narrator(knowsPaths: Bool = true) -> TraceNarrator {
        var slots = TableSlots()
        slots.ports = [5: "access0", 6: "core0"]
        slots.tunnels = [8: "t0", 9: "t1"]
        slots.sessions = [50: "alice", 60: "bob", 70: "alice"]
        if knowsPaths { slots.paths = [70: 0, 50: 1] }
        return TraceNarrator(Edges.describe(text), slots)
    }

    private static func texts(_ step: Step, _ narrator: TraceNarrator) -> [String]? {
        let packet = TracedPacket(
            port: 5, link: .ip, timestamp: 1, frame: [0x45], steps: [step], outcome: .consumed)
        return narrator.explanation(packet)?.lines.map { "\($0.subject): \($0.text)" }
    }

    private static func up(_ slot: UInt32) -> ConversionIndex {
        ConversionIndex(SessionIndex(rawValue: slot), .up)
    }

    @Test("Each path of a session is told of as itself", arguments: [(UInt32(70), "t0"), (50, "t1")])
    func paths(_ slot: UInt32, _ tunnel: String) throws {
        let step = Step.path(Self.up(slot), FlowHash(rawValue: 0xab))
        let texts = try #require(Self.texts(step, Self.narrator()))
        let due = "path: tunnel \(tunnel), of the several of session alice: by the flow's hash ab"
        #expect(texts.contains(due), "\(texts)")
        #expect(Self.texts(step, Self.narrator(knowsPaths: false)) == nil, "it could be either")
    }

    @Test("An error's session is told by name, behind a session of several paths too")
    func related() throws {
        let step = Step.related(Self.up(60), isTurnedBack: false)
        for narrator in [Self.narrator(), Self.narrator(knowsPaths: false)] {
            let texts = try #require(Self.texts(step, narrator))
            #expect(texts.contains { $0.contains("about a packet of session bob") })
        }
        #expect(Self.texts(.related(Self.up(61), isTurnedBack: false), Self.narrator()) == nil)
    }

    @Test("PX-5 a fragment that is lost is told of with its reason") func lostFragment() throws {
        let texts = try #require(Self.texts(.fragmentLost(.transmitFailed), Self.narrator()))
        let due = "lost: a further fragment: transmitFailed. The output port did not take the packet."
        #expect(texts.contains(due), "\(texts)")
    }

    @Test("PX-5 what is beyond a port's limit is told of with the limit, and where to look for who sends it")
    func requestLimit() throws {
        let packet = TracedPacket(
            port: 6, link: .ethernet, timestamp: 1, frame: [UInt8](repeating: 0, count: 42),
            steps: [.punted(.arp)], outcome: .dropped(.requestLimit))
        let lines = try #require(Self.narrator().explanation(packet)?.lines)
        let why = try #require(lines.first { $0.subject == "why" }?.text)
        let remedy = try #require(lines.first { $0.subject == "remedy" }?.text)
        #expect(why.contains("core0") && why.contains("ten thousand"))
        #expect(remedy.contains("wayleave capture --dropped --port core0"))
    }

    @Test("Without names the steps are told in the same words, with numbers")
    func numbers() {
        let steps: [Step] = [
            .ipv4(
                source: IPv4Address(rawValue: 0x0a01_0005), destination: IPv4Address(rawValue: 0xc633_640a),
                protocol: .udp,
                timeToLive: 64, byteCount: 128),
            .subscriber(LookupResult(index: 3)), .service(LookupResult.local), .session(Self.up(60)),
            .everythingAdmitted, .converted(Self.up(60)),
        ]
        let packet = TracedPacket(
            port: 5, link: .ip, timestamp: 1, frame: [0x45], steps: steps, outcome: .forwarded)
        #expect(
            packet.numberedSteps.map { "\($0.subject): \($0.text)" } == [
                "parsed: IPv4 10.1.0.5 → 198.51.100.10, udp, TTL 64, 128 bytes", "subscriber: slot 3",
                "service: none: an address of this node", "session: session slot 60, up",
                "admission: the whole service: the condition has no rules",
                "conversion: for session slot 60, up",
            ])
    }
}

import Exchange
import Forwarder
import Offline
import Packets
import Testbed
import Testing

/// An explanation says what the forwarder does: outcome for outcome and byte for byte.
@Suite struct AgreementTests {
    @Test("PX-5: each packet has its outcome, and explanation and worker agree on it", arguments: packetTable)
    func agreement(expected: ExpectedPacket) throws {
        let exchange = try expected.fixture.describe()
        let packet = try expected.bytes()
        let edge = try Edge(exchange)
        let report = try edge.forward(packet, from: expected.port)
        let explanation = try Explanation(
            exchange, port: expected.port, packet: packet, assumingNeighbours: false)
        #expect(outcome(report) == expected.outcome)
        #expect(explanation.outcome == expected.outcome)
        #expect(
            explanation.frames.map(\.port) == edge.ports.flatMap { port in port.sent.map { _ in port.name } })
        #expect(explanation.frames.map(\.bytes) == edge.ports.flatMap { $0.sent.map(\.bytes) })
        #expect(report.balances)
    }

    @Test("PX-5: every drop reason is reached by a packet") func everyReason() throws {
        var reached = Set(
            packetTable.compactMap { if case .dropped(let reason) = $0.outcome { reason } else { nil } })
        // Those of MPLS in UDP are in cases of their own, which `ExplanationConformanceTests` explains.
        for example in ConformanceCase.all where example.name.hasPrefix("mplsudp") {
            let stated = try example.json("explained.json")
            let names = try example.exchange().ports.flatMap { stated.texts($0.name) }
            reached.formUnion(DropReason.allCases.filter { names.contains("\($0)") })
        }
        // Of ports, not of packets: see below. And of thousands of packets, in `SlowPathLimitsTests`.
        reached.formUnion([.portDown, .transmitFailed, .requestLimit])
        #expect(DropReason.allCases.filter { !reached.contains($0) } == [])
    }

    @Test("PX-5: what a port doesn't take is dropped, and on nobody's bill", arguments: [true, false])
    func failingPort(isDown: Bool) throws {
        let edge = try Edge(try edgeDescription())
        let core = try #require(edge.ports.first { $0.name == "core0" })
        if isDown { core.state = .down } else { core.failingSendCount = 1 }
        let ping = try ExpectedPacket.named("ping from alice to video")
        let report = try edge.forward(ping.bytes(), from: ping.port)
        #expect(outcome(report) == .dropped(isDown ? .portDown : .transmitFailed))
        #expect(report.sessions.allSatisfy { $0.up.packets == 0 && $0.up.bytes == 0 })
        #expect(report.balances)
        #expect(edge.ports.allSatisfy { $0.sent.isEmpty })
    }

    @Test("every drop reason has a sentence of its own") func sentences() {
        let sentences = DropReason.allCases.map(\.explanation)
        #expect(Set(sentences).count == DropReason.allCases.count)
        for sentence in sentences {
            #expect(sentence.hasSuffix("."))
            #expect(sentence.first?.isUppercase == true)
            #expect(!sentence.contains("\n"))
        }
    }

    @Test("a dropped packet's explanation says why in whole sentences", arguments: packetTable)
    func whole(expected: ExpectedPacket) throws {
        let explanation = try Explanation(
            try expected.fixture.describe(), port: expected.port, packet: expected.bytes(),
            assumingNeighbours: false)
        let why = explanation.lines.filter { $0.subject == "why" }
        guard case .dropped = explanation.outcome else {
            #expect(why == [])
            return
        }
        #expect(why.count == 1)
        for line in explanation.lines where ["why", "remedy"].contains(line.subject) {
            #expect(line.text.hasSuffix("."), "\(line.text)")
        }
    }

    @Test("bytes of any kind are explained as the worker treats them", arguments: SeededGenerator.seeds)
    func hostile(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let fixture = random.element([Fixture.plain, .rich])
        let exchange = try fixture.describe()
        let originals = packetTable.filter { $0.zeros == 0 && $0.fixture == fixture }
        for _ in 0..<200 {
            let original = random.element(originals)
            var packet = try original.bytes()
            if random.once(in: 2) { packet.removeLast(random.number(0...packet.count - 1)) }
            for _ in 0..<random.number(0...3) { packet[random.number(0...packet.count - 1)] = random.octet() }
            let explanation = try Explanation(exchange, port: original.port, packet: packet)
            let counted = outcome(try Edge(exchange).forward(packet, from: original.port))
            let isAssumed = explanation.assumedNeighbour != nil && counted == .dropped(.neighbourUnresolved)
            #expect(explanation.outcome == counted || isAssumed, "\(Hex.text(packet)) from \(original.port)")
        }
    }
}

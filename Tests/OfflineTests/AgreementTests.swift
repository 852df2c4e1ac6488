import Exchange
import ExchangeFile
import Forwarder
import Forwarding
import Offline
import Packets
import Ports
import Testing

/// An explanation says what the forwarder does: outcome for outcome and byte for byte.
@Suite struct AgreementTests {
    @Test("PX-5: each packet has its outcome, and explanation and worker agree on it", arguments: packetTable)
    func agreement(expected: ExpectedPacket) throws {
        let exchange = try edgeDescription()
        let packet = try expected.bytes()
        let edge = try Edge(exchange)
        let report = try edge.forward(packet, from: expected.port)
        let explanation = try Explanation(
            exchange, port: expected.port, packet: packet, assumingNeighbours: false)
        #expect(outcome(report) == expected.outcome)
        #expect(explanation.outcome == expected.outcome)
        #expect(explanation.frames == edge.takeSent())
        #expect(report.balances)
    }

    @Test("PX-5: every drop reason is reached by a packet") func everyReason() {
        var reached = Set(
            packetTable.compactMap { if case .dropped(let reason) = $0.outcome { reason } else { nil } })
        // Of ports, not of packets: see below.
        reached.formUnion([.portDown, .transmitFailed])
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
        #expect(report.sessions.allSatisfy { $0.up == Count() })
        #expect(report.balances)
        #expect(edge.takeSent() == [])
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
            try edgeDescription(), port: expected.port, packet: expected.bytes(), assumingNeighbours: false)
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

    @Test("bytes of any kind have an explanation, as long as they are and as they come", arguments: 0..<8)
    func hostile(seed: Int) throws {
        // A linear congruential generator (Knuth, MMIX): the same packets in every run.
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let exchange = try edgeDescription()
        let originals = packetTable.filter { $0.zeros == 0 }
        for _ in 0..<40 {
            let original = originals[random(originals.count)]
            var packet = try original.bytes()
            if random(2) == 0 { packet.removeLast(random(packet.count)) }
            for _ in 0..<random(4) { packet[random(packet.count)] = UInt8(random(256)) }
            let explanation = try Explanation(exchange, port: original.port, packet: packet)
            let edge = try Edge(exchange)
            let counted = outcome(try edge.forward(packet, from: original.port))
            let unresolved = explanation.assumedNeighbour != nil && counted == .dropped(.neighbourUnresolved)
            #expect(explanation.outcome == counted || unresolved, "\(Hex.text(packet)) from \(original.port)")
            #expect(explanation.json.hasSuffix("]}"))
        }
    }
}

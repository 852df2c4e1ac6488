import Forwarder
import Forwarding
import Packets
import Ports
import Testbed
import Testing
import Wire

@Suite("Counting") struct CountingTests {
    private let video = Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 100)

    @Test("PX-5 CD-6 a packet is counted to its user once it is sent, by its inner length")
    func countsWhatIsSent() throws {
        let node = Node()
        let padded = video.bytes + [0, 0, 0, 0]
        #expect(node.pass([video.bytes, padded], "access0", to: "core0").count == 2)
        let session = try #require(node.report.sessions.first { $0.name == "alice-video" })
        #expect((session.up.packets, session.up.bytes) == (2, 256))
        #expect((session.down.packets, session.down.bytes) == (0, 0))
        #expect(node.report.sessions.filter { $0.name != "alice-video" }.allSatisfy { $0.up.packets == 0 })
    }

    @Test("PX-5 CD-6 what a port did not take is on nobody's bill", arguments: [0, 1, 7, 10])
    func failedSend(_ failing: Int) throws {
        let node = Node()
        node["core0"].failingSendCount = failing
        node.pass(Array(repeating: video.bytes, count: 10), "access0", to: "core0")
        let session = try #require(node.report.sessions.first { $0.name == "alice-video" })
        #expect((Int(session.up.packets), Int(session.up.bytes)) == (10 - failing, (10 - failing) * 128))
        #expect((Int(node.report.forwarded), Int(node.dropCount(.transmitFailed))) == (10 - failing, failing))
        #expect(node.report.balances)

        node["core0"].state = .down
        node.pass([video.bytes], "access0", to: "core0")
        #expect(node.dropCount(.portDown) == 1)
        #expect(Int(try #require(node.report.sessions.first).up.packets) == 10 - failing)
        #expect(node.report.balances)
    }

    @Test("PX-5 sums balance for any mixture of outcomes", arguments: SeededGenerator.seeds)
    func account(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let counters = Counters()
        var sent = [Count](repeating: Count(), count: 10)
        var drops: [DropReason: UInt64] = [:]
        var totals = (forwarded: UInt64(0), consumed: UInt64(0), originated: UInt64(0), received: UInt64(0))
        for _ in 0..<200 {
            let isOurs = generator.once(in: 4)
            var packets = (0..<generator.number(0...256)).map { _ in randomPacket(&generator, isOurs: isOurs)
            }
            for packet in packets {
                switch packet.disposition {
                case .forwarded where packet.counter != Packet.noCounter:
                    sent[Int(packet.counter)].packets += 1
                    sent[Int(packet.counter)].bytes += UInt64(packet.meteredByteCount)
                    fallthrough
                case .forwarded: if isOurs { totals.originated += 1 } else { totals.forwarded += 1 }
                case .consumed: totals.consumed += 1
                default: if !isOurs { drops[packet.dropReason, default: 0] += 1 }
                }
            }
            if isOurs {
                accountOriginated(&packets, count: packets.count, counters: counters.view)
            } else {
                totals.received += UInt64(packets.count)
                let port = PortIndex(rawValue: UInt16(generator.number(0...2)))
                Forwarding.account(&packets, count: packets.count, from: port, counters: counters.view)
            }
        }
        #expect((0..<10).map { counters.session(conversion: $0) } == sent)
        for reason in DropReason.allCases { #expect(counters.dropped(reason) == drops[reason] ?? 0) }
        #expect((counters.forwarded, counters.consumed) == (totals.forwarded, totals.consumed))
        #expect(counters.originated == totals.originated)
        let report = CountersReport(counters, sessions: ["a", "b", "c", "d", "e"], ports: ["x", "y", "z"])
        #expect(report.ports.reduce(0) { $0 + $1.received } == totals.received)
        #expect(report.balances)
    }

    /// With an outcome that may stand after a send; a packet of our own is sent or dropped.
    private func randomPacket(_ generator: inout SeededGenerator, isOurs: Bool) -> Packet {
        var packet = Packet(offset: 128, byteCount: 64, timestamp: 0)
        packet.meteredByteCount = UInt32(generator.number(20...1500))
        packet.egress = PortIndex(rawValue: UInt16(generator.number(0...2)))
        packet.counter = generator.once(in: 3) ? Packet.noCounter : UInt32(generator.number(0...9))
        switch generator.number(0...3) {
        case 0: packet.drop(generator.element(DropReason.allCases))
        case 1 where !isOurs: packet.disposition = .consumed
        default: packet.disposition = .forwarded
        }
        return packet
    }

    @Test(
        "PX-5 in a storm of good and bad packets, with ports that fail, all sums balance",
        arguments: SeededGenerator.seeds, [1, 256])
    func storm(seed: UInt64, vectorCapacity: Int) {
        var generator = SeededGenerator(seed: seed)
        let node = Node(vectorCapacity: vectorCapacity)
        let names = node.ports.map(\.name)
        var hostile = names.map { HostilePackets(port: $0, seed: seed) }
        var offered = [UInt64](repeating: 0, count: names.count)
        var sent = [UInt64](repeating: 0, count: names.count)
        for round in 0..<40 {
            for (index, port) in node.ports.enumerated() {
                for _ in 0..<generator.number(0...60) {
                    port.offer(hostile[index].next(), timestamp: UInt64(round) * 300_000_000)
                    offered[index] += 1
                }
                port.failingSendCount = generator.once(in: 4) ? generator.number(1...9) : 0
                port.state = generator.once(in: 10) ? .down : .up
            }
            node.serveAll()
            for (index, port) in node.ports.enumerated() { sent[index] += UInt64(port.takeSent().count) }
        }
        node.worker.giveUpWaiting()
        let report = node.report
        #expect(report.balances)
        #expect(report.ports.map(\.received) == offered)
        #expect(report.ports.map(\.sent) == sent)
        #expect(report.forwarded > 300 && report.originated > 10 && report.consumed > 0, "\(report.json)")
        #expect(node.dropCount(.transmitFailed) > 0)
    }
}

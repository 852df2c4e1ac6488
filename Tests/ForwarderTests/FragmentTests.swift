import Packets
import Testbed
import Testing
import Wire

@testable import Forwarder

/// RFC 791 §3.2, judged by putting the pieces together again.
@Suite("Fragments") struct FragmentTests {
    /// All fragments of a packet, by the plan; nil if there is no plan.
    private func fragments(_ datagram: Datagram, limit: Int, capacity: Int = 256) throws -> [Datagram]? {
        let bytes = datagram.bytes
        let network = bytes.span.bytes
        guard let plan = FragmentPlan(try IPv4View(network), limit: limit, capacity: capacity) else {
            return nil
        }
        return try plan.parts.map { part in
            var buffer = [UInt8](repeating: 0xa5, count: 70_000)
            var elements = buffer.mutableSpan
            var span = elements.mutableBytes
            let byteCount = plan.emit(part, of: network, into: &span)
            return try #require(Datagram(buffer[..<byteCount]))
        }
    }

    @Test(
        "Fragments fit, and reassembled are the packet again: random sizes, limits and options",
        arguments: SeededGenerator.seeds)
    func reassemble(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            let datagram = randomDatagram(&generator)
            let limit = max(68, datagram.byteCount / generator.number(2...20))
            let fragments = try #require(try fragments(datagram, limit: limit))
            #expect(fragments.count > 1)
            #expect(fragments.allSatisfy { $0.byteCount <= limit })
            #expect(
                fragments.dropLast().allSatisfy {
                    $0.payload.count % 8 == 0 && $0.fragmentation & 0x2000 != 0
                })
            #expect(reassembled(fragments.shuffled(using: &generator)) == datagram)
        }
    }

    @Test("A fragment's fragments take their places in the original", arguments: SeededGenerator.seeds)
    func twice(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var datagram = randomDatagram(&generator)
            datagram.payload += generator.octets(1000)
            let coarse = try #require(try fragments(datagram, limit: 576))
            let fine = try coarse.flatMap { try #require(try fragments($0, limit: 100)) }
            #expect(fine.count > coarse.count)
            #expect(reassembled(fine.shuffled(using: &generator)) == datagram)
        }
    }

    @Test("Later fragments carry the options whose copied flag is set, and only those")
    func copiedOptions() throws {
        var datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 200)
        // No operation; record route (7, not copied); stream id (136, copied); router alert (148, copied);
        // end.
        datagram.options = [1, 7, 7, 4, 0, 0, 0, 0, 136, 4, 1, 2, 148, 4, 0, 0, 1, 1, 1, 0]
        let fragments = try #require(try fragments(datagram, limit: 100))
        #expect(fragments[0].options == datagram.options)
        #expect(fragments.count > 2)
        for later in fragments.dropFirst() { #expect(later.options == [136, 4, 1, 2, 148, 4, 0, 0]) }
    }

    @Test("No plan where 8 bytes of data find no room, or there would be too many parts")
    func noPlan() throws {
        let datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 200)
        #expect(try fragments(datagram, limit: 27) == nil)
        #expect(try fragments(datagram, limit: 28)?.count == 26)
        #expect(try fragments(datagram, limit: 28, capacity: 25) == nil)
    }

    @Test("No plan where a fragment's fragments would begin beyond the 13 bits of the offset")
    func beyondOffset() throws {
        var datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 0)
        datagram.payload = [UInt8](repeating: 7, count: 200)
        datagram.fragmentation = 8191 - 3 * 8
        let last = try #require(try fragments(datagram, limit: 84)?.last)
        #expect(last.fragmentation == 8191 && last.payload.count == 8)
        datagram.fragmentation += 1
        #expect(try fragments(datagram, limit: 84) == nil)
    }

    @Test("PX-5 CD-6 a packet that we fragment is metered as it crosses: 1,500 bytes in two are 1,520")
    func metered() throws {
        let node = Node()
        let datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 1500 - 28)
        let inner = try node.pass([datagram.bytes], "access0", to: "core0").map {
            let outer = try #require(try firstFrame([$0]).datagram)
            #expect(outer.byteCount <= 1320)
            return try #require(Datagram(outer.payload))
        }
        var expected = datagram
        expected.ttl -= 1
        #expect(reassembled(inner) == expected)
        let session = try #require(node.report.sessions.first { $0.name == "alice-music" })
        #expect((session.up.packets, session.up.bytes) == (2, 1520))
        #expect((node.report.forwarded, node.report.originated) == (1, 1))
        #expect(node.report.balances)
    }

    @Test(
        "PX-5 a packet whose first fragment can't be sent is dropped, and none of it leaves",
        arguments: [1, 3])
    func failedFirst(_ failing: Int) throws {
        let node = Node()
        node["core0"].failingSendCount = failing
        let datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 3800)
        #expect(node.pass([datagram.bytes], "access0", to: "core0").isEmpty)
        #expect(node.dropCount(.transmitFailed) == 1)
        #expect((node.report.forwarded, node.report.originated) == (0, 0))
        #expect(node.report.sessions.allSatisfy { $0.up == Count() })
        #expect(node.report.balances)
    }

    @Test(
        "PX-5 CD-6 a further fragment that can't be sent is dropped by name, and on no bill",
        arguments: [1, 2])
    func failedLater(_ failing: Int) throws {
        let node = Node()
        node["core0"].sendsBeforeFailing = 1
        node["core0"].failingSendCount = failing
        let datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 3800)
        node["access0"].offer(datagram.bytes)
        var recorder = StepRecorder()
        let packets = node.worker.trace(PortIndex(rawValue: 0), recorder: &recorder)
        #expect(packets.map(\.disposition) == [.forwarded])
        let sent = node["core0"].takeSent()
        #expect(sent.count == 3 - failing)
        let session = try #require(node.report.sessions.first { $0.name == "alice-music" })
        #expect(Int(session.up.packets) == sent.count)
        #expect(Int(session.up.bytes) == sent.reduce(0) { $0 + $1.bytes.count - 14 - 20 })
        #expect((node.report.forwarded, node.report.originated) == (1, 2))
        #expect(node.dropCount(.transmitFailed) == UInt64(failing))
        let lost = recorder.steps.count {
            if case .fragmentLost(.transmitFailed) = $0 { true } else { false }
        }
        #expect(lost == failing)
        #expect(node.report.balances)
    }

    @Test("PX-4 a packet is policed once, whole: red drops it, another colour marks all fragments")
    func policed() throws {
        let node = Node(
            Edges.subscriberEdge.replacing(
                "network: { tunnel: beta-west } }",
                with: "network: { tunnel: beta-west }, policer: { up: { committed: 8kbit, peak: 16kbit, "
                    + "burst: 2000, peakBurst: 3000, green: { dscp: 10 }, yellow: { dscp: 12 } } } }"))
        let datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 1400 - 28)
        func classes(at timestamp: UInt64) throws -> [UInt8] {
            try node.pass([datagram.bytes], "access0", to: "core0", at: timestamp).map {
                let outer = try #require(try firstFrame([$0]).datagram)
                return try #require(Datagram(outer.payload)).trafficClass
            }
        }
        // 3,000 bytes hold two packets of 1,400, and the fragments' 1,420 each; 2,000 one of them.
        #expect(try classes(at: 1) == [10 << 2, 10 << 2])
        #expect(try classes(at: 1) == [12 << 2, 12 << 2])
        #expect(try classes(at: 1) == [])
        #expect(node.dropCount(.policed) == 1)
        // After 600 ms at 16 kbit/s 200 and 1,200 bytes are in it: the packet's length counts, not its fragments'.
        #expect(try classes(at: 600_000_001) == [12 << 2, 12 << 2])
        let session = try #require(node.report.sessions.first { $0.name == "alice-music" })
        #expect((session.up.packets, session.up.bytes) == (6, 3 * 1420))
        #expect((node.report.forwarded, node.report.originated) == (3, 3))
        #expect(node.report.balances)
    }

    @Test("PX-4 a colour's traffic class stands in the labels of all fragments")
    func trafficClass() throws {
        let node = Node(
            Edges.subscriberEdge.replacing("acme-north: { line: north,", with: "acme-north: { line: slow,")
                .replacing(
                    "network: { tunnel: acme-north, send: 100042, receive: 200042 } }",
                    with: "network: { tunnel: acme-north, send: 100042, receive: 200042 }, "
                        + "policer: { up: { committed: 8kbit, burst: 2000, green: { trafficClass: 6 } } } }"))
        var datagram = Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 1400)
        datagram.protocol = .icmp
        let sent = node.pass([datagram.bytes], "access0", to: "core0").compactMap { Frame($0) }
        #expect(sent.count == 2)
        #expect(sent.allSatisfy { $0.labels.map(\.trafficClass) == [6, 6] })
        #expect(sent.allSatisfy { $0.datagram?.trafficClass == 0 })
    }

    @Test("Fragments leave in their packet's place: nothing of a vector overtakes anything")
    func order() throws {
        let frames = (UInt16(0)..<30).map { number in
            var datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: number % 3 == 1 ? 1400 : 100)
            datagram.identification = number
            return datagram.bytes
        }
        let sent = try Node().pass(frames, "access0", to: "core0").map {
            let outer = try #require(try firstFrame([$0]).datagram)
            return try #require(Datagram(outer.payload)).identification
        }
        #expect(sent == (UInt16(0)..<30).flatMap { $0 % 3 == 1 ? [$0, $0] : [$0] })
    }

    /// A packet of 28 bytes to some thousand, with options that are copied or none, DF clear.
    private func randomDatagram(_ generator: inout SeededGenerator) -> Datagram {
        var datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 0)
        datagram.payload = generator.octets(generator.number(200...3000))
        datagram.identification = UInt16(truncatingIfNeeded: generator.next())
        datagram.trafficClass = generator.octet()
        if generator.once(in: 3) { datagram.options = [136, 4, generator.octet(), 7, 1, 1, 1, 0] }
        return datagram
    }

    /// RFC 791 §3.2: sorts the pieces by offset; nil with a gap, an overlap or no end.
    private func reassembled(_ fragments: [Datagram]) -> Datagram? {
        let sorted = fragments.sorted { $0.fragmentation & 0x1fff < $1.fragmentation & 0x1fff }
        guard var whole = sorted.first, let last = sorted.last, last.fragmentation & 0x2000 == 0 else {
            return nil
        }
        for fragment in sorted.dropFirst() {
            guard Int(fragment.fragmentation & 0x1fff) * 8 == whole.payload.count,
                fragment.identification == whole.identification, fragment.protocol == whole.protocol
            else { return nil }
            whole.payload += fragment.payload
        }
        whole.fragmentation = 0
        return whole
    }
}

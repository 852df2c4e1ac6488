import Packets
import Testbed
import Testing
import Wire

@testable import Ports

/// A vector's packets as a TUN's other side would get them: train by train, each cut up again.
private struct Sent {
    var trains: [[[UInt8]]] = []
    var longestByteCount = 0

    init(
        _ frames: [[UInt8]], link: LinkType = .ip, joining: Coalescer.Transports = [.tcp, .udp],
        areOwn: Bool = false
    ) {
        let vector = PacketVector(slotByteCount: 2048)
        for frame in frames { frame.withUnsafeBytes { vector.append($0, timestamp: 0) } }
        for index in frames.indices { vector[index].isOwnDatagram = areOwn }
        let coalescer = Coalescer()
        let selection = frames.indices.map { UInt8($0) }
        selection.withUnsafeBufferPointer {
            coalescer.plan(vector, selection: $0, link: link, joining: joining)
        }
        for index in 0..<coalescer.trainCount {
            let train = coalescer.train(index)
            if train.packetCount == 1 {
                trains.append([frames[Int(train.first)]])
            } else {
                let whole = Self.superframe(train, coalescer, vector)
                longestByteCount = max(longestByteCount, whole.count - OffloadHeader.byteCount)
                trains.append(Self.segments(of: whole, link: link))
            }
        }
        for (index, frame) in frames.enumerated() {
            precondition(Array(vector.frame(index)) == frame, "packets are left as they are")
        }
    }

    private static func superframe(
        _ train: Coalescer.Train, _ coalescer: Coalescer, _ vector: PacketVector
    ) -> [UInt8] {
        // A dirty buffer: nothing may be taken for zero.
        var whole = [UInt8](repeating: 0xa5, count: OffloadHeader.byteCount + Coalescer.headerByteLimit)
        let count = whole.withUnsafeMutableBytes {
            coalescer.writeHeaders(of: train, vector, to: $0.baseAddress!)
        }
        whole.removeSubrange(count...)
        var packet = train.first
        for _ in 0..<train.packetCount {
            whole += coalescer.payload(of: packet, in: train, vector)
            packet = coalescer.packet(behind: packet)
        }
        return whole
    }

    private static func segments(of whole: [UInt8], link: LinkType) -> [[UInt8]] {
        let offload = OffloadHeader(whole.span.bytes)
        let frame = Array(whole[OffloadHeader.byteCount...])
        guard let superframe = Superframe(frame.span.bytes, offload: offload, link: link) else { return [] }
        return (0..<superframe.segmentCount).map { index in
            var slot = [UInt8](repeating: 0xa5, count: superframe.byteCount(ofSegment: index))
            _ = frame.withUnsafeBytes { whole in
                slot.withUnsafeMutableBytes { superframe.write(segment: index, of: whole, into: $0) }
            }
            return slot
        }
    }
}

/// Two packets in sequence behind each other, and how the second is to differ so that it leaves alone.
private struct Difference: CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout FlowPacket) -> Void

    init(_ description: String, _ change: @escaping @Sendable (inout FlowPacket) -> Void) {
        testDescription = description
        self.change = change
    }

    static let all = [
        Difference("TTL") { $0.ttl = 62 },
        Difference("DSCP") { $0.trafficClass = 0x28 },
        Difference("an ECN mark") { $0.trafficClass = 3 },
        Difference("DF") { $0.fragmentation = 0 },
        Difference("more fragments") { $0.fragmentation = 0x2000 },
        Difference("identification ahead") { $0.identification += 1 },
        Difference("identification back") { $0.identification -= 2 },
        Difference("IP options") { $0.ipOptions = [1, 1, 1, 0] },
        Difference("a wrong IP checksum") { $0.hasGoodHeaderChecksum = false },
        Difference("a wrong TCP checksum") { $0.hasGoodChecksum = false },
        Difference("a gap in the sequence") { $0.tcp.sequence += 100 },
        Difference("a repetition") { $0.tcp.sequence -= 100 },
        Difference("acknowledgement") { $0.tcp.acknowledgement += 1 },
        Difference("window") { $0.tcp.window += 1 },
        Difference("time stamp") { $0.tcp.options[7] += 1 },
        Difference("echoed time stamp") { $0.tcp.options[11] += 1 },
        Difference("no options") { $0.tcp.options = [] },
        Difference("reserved bits") { $0.tcp.reserved = 1 },
        Difference("urgent pointer") { $0.tcp.urgentPointer = 1 },
        Difference("SYN") { $0.tcp.flags |= 0x02 },
        Difference("RST") { $0.tcp.flags |= 0x04 },
        Difference("URG") { $0.tcp.flags |= 0x20 },
        Difference("ECE") { $0.tcp.flags |= 0x40 },
        Difference("CWR") { $0.tcp.flags |= 0x80 },
        Difference("no ACK") { $0.tcp.flags = 0 },
        Difference("no payload") { $0.payload = [] },
        Difference("more payload") { $0.payload.append(1) },
        Difference("source port") { $0.tcp.ports.0 += 1 },
        Difference("destination port") { $0.tcp.ports.1 += 1 },
        Difference("source") { $0.source = "192.0.2.9" },
        Difference("destination") { $0.destination = "198.51.100.9" },
    ]

    static let all6 = [
        Difference("hop limit") { $0.ttl = 62 },
        Difference("DSCP") { $0.trafficClass = 0x28 },
        Difference("flow label") { $0.flowLabel += 1 },
        Difference("a wrong checksum") { $0.hasGoodChecksum = false },
        Difference("source") { $0.source = "2001:db8::9" },
        Difference("destination") { $0.destination = "2001:db8:a::9" },
    ]
}

@Suite("Coalescing") struct CoalescerTests {
    private static let v6: FlowPacket = {
        var packet = FlowPacket()
        (packet.source, packet.destination) = ("2001:db8::1", "2001:db8:a::2")
        return packet
    }()

    private func sizes(
        _ packets: [FlowPacket], link: LinkType = .ip, joining: Coalescer.Transports = [.tcp, .udp]
    ) -> [Int] {
        Sent(packets.map(\.bytes), link: link, joining: joining).trains.map(\.count)
    }

    @Test("Packets of a flow in sequence leave as one, which is cut up into the same packets")
    func joined() {
        for first in [FlowPacket(), Self.v6] {
            let second = first.next()
            var third = second.next(payload: [1, 2, 3])
            third.tcp.flags |= 0x08
            let frames = [first, second, third].map(\.bytes)
            #expect(Sent(frames).trains == [frames])
        }
    }

    @Test("What differs in the second of three packets has it leave alone", arguments: Difference.all)
    fileprivate func difference(_ difference: Difference) {
        let first = FlowPacket()
        var second = first.next()
        difference.change(&second)
        let frames = [first, second].map(\.bytes)
        #expect(Sent(frames).trains == frames.map { [$0] })
    }

    @Test("The same over IPv6", arguments: Difference.all6)
    fileprivate func difference6(_ difference: Difference) {
        let first = Self.v6
        var second = first.next()
        difference.change(&second)
        let frames = [first, second].map(\.bytes)
        #expect(Sent(frames).trains == frames.map { [$0] })
    }

    @Test("FIN, PSH and a shorter packet end a superframe; CWR begins one")
    func ends() {
        let first = FlowPacket()
        for flag: UInt8 in [0x01, 0x08] {
            var second = first.next()
            second.tcp.flags |= flag
            var third = second.next()
            third.tcp.flags = first.tcp.flags
            let frames = [first, second, third, third.next()].map(\.bytes)
            #expect(Sent(frames).trains == [[frames[0], frames[1]], [frames[2], frames[3]]])
        }
        let short = first.next(payload: [1, 2])
        #expect(sizes([first, short, short.next(payload: [3, 4])]) == [2, 1])
        var reduced = first
        reduced.tcp.flags |= 0x80
        var second = reduced.next()
        second.tcp.flags = first.tcp.flags
        let frames = [reduced, second].map(\.bytes)
        #expect(Sent(frames).trains == [frames])
    }

    @Test("Marked by ECN throughout, packets are joined and the mark is kept")
    func marks() {
        var first = FlowPacket()
        first.trafficClass = 3
        first.tcp.flags |= 0x40
        let frames = [first, first.next()].map(\.bytes)
        #expect(Sent(frames).trains == [frames])
    }

    @Test("An identification that stays is no matter with DF, and one without")
    func identifications() {
        var first = FlowPacket()
        func packets(_ identifications: [UInt16]) -> [FlowPacket] {
            var packets = [first]
            for identification in identifications.dropFirst() {
                packets.append(packets[packets.count - 1].next())
                packets[packets.count - 1].identification = identification
            }
            packets[0].identification = identifications[0]
            return packets
        }
        #expect(sizes(packets([0, 0, 0])) == [3])
        #expect(sizes(packets([0, 0, 1])) == [2, 1])
        #expect(sizes(packets([0xffff, 0, 1])) == [3])
        first.fragmentation = 0
        #expect(sizes(packets([0, 0, 0])) == [1, 1, 1])
        #expect(sizes(packets([0xffff, 0, 1])) == [3])
    }

    @Test("A first packet with a wrong checksum stays alone")
    func firstIsBad() {
        var first = FlowPacket()
        let second = first.next()
        first.hasGoodChecksum = false
        #expect(sizes([first, second, second.next()]) == [1, 2])
        first = FlowPacket()
        first.hasGoodHeaderChecksum = false
        #expect(sizes([first, second, second.next()]) == [1, 2])
    }

    @Test("RFC 7510: datagrams of our own are joined without checksums too, and leave with right ones")
    func ownDatagrams() {
        var first = FlowPacket()
        first.transport = .udp(ports: (50_000, 6635))
        let packets = [first, first.next(), first.next().next(payload: [1, 2, 3])]
        func withoutChecksum(_ packet: FlowPacket) -> [UInt8] {
            var bytes = packet.bytes
            (bytes[26], bytes[27]) = (0, 0)
            return bytes
        }
        let frames = packets.map { withoutChecksum($0) }
        #expect(Sent(frames).trains.map(\.count) == [1, 1, 1])
        #expect(Sent(frames, areOwn: true).trains == [packets.map(\.bytes)])
    }

    @Test("UDP of equal lengths is joined, where it has checksums and the kernel can")
    func datagrams() {
        var first = FlowPacket()
        first.transport = .udp(ports: (4000, 5000))
        let second = first.next()
        let short = second.next(payload: [9])
        let frames = [first, second, short].map(\.bytes)
        #expect(Sent(frames).trains == [frames])
        #expect(sizes([first, second, short], joining: .tcp) == [1, 1, 1])
        let early = first.next(payload: [9])
        #expect(sizes([first, early, early.next()]) == [2, 1])
        var other = second
        other.transport = .udp(ports: (4000, 5001))
        #expect(sizes([first, other]) == [1, 1])
        var bad = second
        bad.hasGoodChecksum = false
        #expect(sizes([first, bad, second.next()]) == [1, 1, 1])
        var bare = frames
        for index in bare.indices { (bare[index][26], bare[index][27]) = (0, 0) }
        #expect(Sent(bare).trains.map(\.count) == [1, 1, 1])
        var many = [first]
        for _ in 1..<100 { many.append(many[many.count - 1].next()) }
        #expect(sizes(many) == [64, 36])
    }

    @Test("A superframe is as long as IPv4's total length can say")
    func longest() {
        var packets = [FlowPacket()]
        packets[0].payload = [UInt8](repeating: 3, count: 1400)
        for _ in 1..<60 { packets.append(packets[packets.count - 1].next()) }
        let sent = Sent(packets.map(\.bytes))
        #expect(sent.trains.map(\.count) == [46, 14])
        #expect(sent.longestByteCount == 52 + 46 * 1400)
        #expect(sent.longestByteCount + 1400 > 65_535)
    }

    @Test("Flows may be mixed; each is joined, and none is put out of order")
    func mixed() {
        let a = FlowPacket()
        var b = a
        b.tcp.ports.0 += 1
        #expect(sizes([a, b, a.next(), b.next()]) == [2, 2])
        // A pure acknowledgement ends what its flow has begun.
        var acknowledgement = a.next(payload: [])
        acknowledgement.tcp.acknowledgement += 1
        #expect(sizes([a, b, acknowledgement, a.next(), b.next()]) == [1, 2, 1, 1])
        // A fragment may be of any flow, ICMP of none.
        var fragment = a
        fragment.fragmentation = 0x2000
        #expect(sizes([a, b, fragment, a.next(), b.next()]) == [1, 1, 1, 1, 1])
        var ping = Datagram(IPAddress("192.0.2.1")!, IPAddress("198.51.100.2")!, .icmp, [8, 0, 0, 0])
        ping.identification = 101
        #expect(
            Sent([a.bytes, ping.bytes, a.next().bytes]).trains
                == [[a.bytes, a.next().bytes], [ping.bytes]])
    }

    @Test("What has extension headers leaves alone, and nothing overtakes it")
    func extensionHeaders() {
        let (first, second) = (Self.v6, Self.v6.next())
        for kind: UInt8 in [0, 43, 44, 60] {
            var extended = second.bytes
            let payloadLength = UInt16(extended[4]) << 8 + UInt16(extended[5]) + 8
            extended.replaceSubrange(
                4...5, with: [UInt8(payloadLength >> 8), UInt8(truncatingIfNeeded: payloadLength)])
            // Padding; as a routing header none that says where to, as a fragment the only one.
            extended.insert(contentsOf: [6, 0, kind == 44 ? 0 : 1, kind == 44 ? 0 : 4, 0, 0, 0, 0], at: 40)
            extended[6] = kind
            let frames = [first.bytes, extended, second.next().bytes, second.next().next().bytes]
            #expect(Sent(frames).trains == [[frames[0]], [frames[1]], [frames[2], frames[3]]], "\(kind)")
        }
    }

    @Test("Acknowledgements without payload leave alone, SYN, RST and URG end what comes before")
    func alone() {
        let first = FlowPacket()
        for flags: UInt8 in [0x12, 0x14, 0x30] {
            var special = first.next()
            special.tcp.flags = flags
            #expect(sizes([first, special]) == [1, 1])
            // What comes behind it has other flags again.
            var plain = special.next()
            plain.tcp.flags = 0x10
            let frames = [first, special, plain, plain.next()].map(\.bytes)
            #expect(Sent(frames).trains == [[frames[0]], [frames[1]], [frames[2], frames[3]]])
        }
        let acknowledgement = first.next(payload: [])
        #expect(sizes([acknowledgement, acknowledgement, acknowledgement]) == [1, 1, 1])
        // FIN ends a train, and nothing is joined behind it.
        var last = first.next()
        last.tcp.flags |= 0x01
        #expect(sizes([first, last, last.next()]) == [2, 1])
    }

    @Test("On Ethernet the header and its tags have to be the same; padding is left out")
    func ethernet() {
        var first = FlowPacket()
        first.ethernet = FlowPacket.ethernetIPv4
        let second = first.next()
        let frames = [first, second].map(\.bytes)
        #expect(Sent(frames, link: .ethernet).trains == [frames])
        var other = first.next()
        other.ethernet[5] = 3
        #expect(sizes([first, other], link: .ethernet) == [1, 1])
        func tagged(_ frame: [UInt8], _ tags: [UInt8]) -> [UInt8] { frame[..<12] + tags + frame[12...] }
        for tags: [UInt8] in [[0x81, 0, 0, 5], [0x88, 0xa8, 0, 6, 0x81, 0, 0x20, 5]] {
            let frames = frames.map { tagged($0, tags) }
            #expect(Sent(frames, link: .ethernet).trains == [frames])
            var others = tags
            others[3] += 1
            let mixed = [frames[0], tagged(second.bytes, others)]
            #expect(Sent(mixed, link: .ethernet).trains == mixed.map { [$0] })
        }
        // More tags than two are nobody's.
        let deep = frames.map { tagged($0, [0x81, 0, 0, 5, 0x81, 0, 0, 5, 0x81, 0, 0, 5]) }
        #expect(Sent(deep, link: .ethernet).trains == deep.map { [$0] })
        // No kernel cuts up what is encapsulated.
        let labelled = frames.map { $0[..<12] + [0x88, 0x47, 0, 0x10, 1, 64] + $0[14...] }.map { Array($0) }
        #expect(Sent(labelled, link: .ethernet).trains == labelled.map { [$0] })
        let padded = [frames[0], frames[1] + [0, 0, 0]]
        #expect(Sent(padded, link: .ethernet).trains == [frames])
    }

    @Test(
        "Any stream leaves whole, in the order of each flow, bad checksums as they are",
        arguments: SeededGenerator.seeds)
    func streams(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var joined = 0
        for _ in 0..<60 {
            var stream = FlowStream(&random)
            let packets = stream.packets(random.number(1...200), &random)
            // Bare, or behind an Ethernet header with or without tags.
            let tags: [UInt8]? = random.element([
                nil, [], [0x81, 0, 0, 5], [0x88, 0xa8, 0, 6, 0x81, 0, 0, 5],
            ])
            func framed(_ packet: FlowPacket) -> [UInt8] {
                guard let tags else { return packet.bytes }
                let etherType: [UInt8] = packet.source.contains(":") ? [0x86, 0xdd] : [8, 0]
                return FlowPacket.ethernetIPv4[..<12] + tags + etherType + packet.bytes
            }
            let frames = packets.map(framed)
            let sent = Sent(frames, link: tags == nil ? .ip : .ethernet)
            joined += sent.trains.count { $0.count > 1 }
            let bad = Set(packets.filter { !$0.isGood }.map(framed))
            let joinedBadCount = sent.trains.filter { $0.count > 1 }.flatMap { $0 }.count(where: bad.contains)
            #expect(joinedBadCount == 0, "a wrong checksum has been put right")
            let linkByteCount = tags.map { 14 + $0.count } ?? 0
            #expect(sent.longestByteCount <= 65_535 + linkByteCount)
            let after = sent.trains.flatMap { $0 }
            #expect(
                after.allSatisfy {
                    $0.prefix(linkByteCount).dropLast(2) == frames[0].prefix(linkByteCount).dropLast(2)
                })
            func packet(_ frame: [UInt8]) -> [UInt8] { Array(frame.dropFirst(linkByteCount)) }
            for flow in Set(frames.map { Self.flow(packet($0)) }) {
                func own(_ frames: [[UInt8]]) -> [[UInt8]] {
                    frames.map(packet).filter { Self.flow($0) == flow }.map(Self.comparable)
                }
                let isSame = own(after) == own(frames)
                #expect(isSame, "flow \(flow)")
            }
            #expect(after.count == frames.count)
        }
        #expect(joined > 100, "the test is void if nothing is joined")
    }

    /// Each flow of a stream has addresses of its own, so that its fragments belong to it too.
    private static func flow(_ packet: [UInt8]) -> [UInt8] {
        packet[0] >> 4 == 4 ? Array(packet[12..<20]) : Array(packet[8..<40])
    }

    /// A packet but for an identification that means nothing (RFC 6864 §4.1), and the checksum over it.
    private static func comparable(_ packet: [UInt8]) -> [UInt8] {
        guard packet[0] >> 4 == 4, packet[6] & 0x40 != 0 else { return packet }
        var packet = packet
        for offset in [4, 5, 10, 11] { packet[offset] = 0 }
        return packet
    }
}

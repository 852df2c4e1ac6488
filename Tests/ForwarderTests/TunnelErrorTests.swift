import Packets
import Tables
import Testbed
import Testing
import Wire

@testable import Forwarder

/// What the two edges' subscriber side says of packets in tunnels, and makes of what is said of its own there.
@Suite("ICMP errors and tunnels") struct TunnelErrorTests {
    private static let second: UInt64 = 1_000_000_000
    private let node = Node()

    /// An ICMP error in a packet: its IPv4 header, and the message.
    private func message(_ datagram: Datagram) throws -> (type: UInt8, code: UInt8, mtu: UInt16) {
        #expect(datagram.protocol == .icmp)
        let isSound = try datagram.payload.span.bytes.withMessage { $0.hasValidChecksum() }
        #expect(isSound)
        let payload = datagram.payload
        return (payload[0], payload[1], UInt16(payload[6]) << 8 | UInt16(payload[7]))
    }

    /// The label stack that an error tells (RFC 4950); empty where there is none.
    private func toldStack(_ datagram: Datagram) -> [LabelStackEntry] {
        let start = 8 + Int(datagram.payload[5]) * 4
        guard start > 8 else { return [] }
        let structure = datagram.payload[start...]
        #expect(InternetChecksum.isValid(InternetChecksum.sum(Array(structure).span.bytes)))
        return Frame(
            [UInt8](repeating: 0, count: 12) + octets(EtherType.mpls.rawValue) + structure.dropFirst(8))?
            .labels ?? []
    }

    // MARK: Sessions

    /// An edge whose video tunnel keeps the labels' TTL to itself, so that it is the packet's own that is used up.
    private static let pipe = Edges.subscriberEdge.replacing(
        "mpls: { send: 16001, receive: 17001 }", with: "mpls: { send: 16001, receive: 17001, ttl: pipe }")

    /// From the video service to alice, as it comes in the tunnel.
    private func video(_ change: (inout Datagram) -> Void = { _ in }, label ttl: UInt8 = 9) -> [UInt8] {
        var datagram = Datagram.udp("198.51.100.7", "10.1.0.5", ports: (5004, 40_000))
        change(&datagram)
        return Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls,
            labels: [LabelStackEntry(17001, ttl: ttl), LabelStackEntry(200042, ttl: ttl, bottom: true)],
            datagram.bytes
        ).bytes
    }

    @Test(
        "RFC 3443, RFC 4950: a hop used up behind a tunnel is told through the tunnel, with the stack as it came",
        arguments: [UInt8(1), 0])
    func timeExceeded(ttl: UInt8) throws {
        let node = Node(Self.pipe)
        let sent = node.pass([video { $0.ttl = ttl }], "core0", to: "core0")
        let frame = try firstFrame(sent)
        #expect(sent.count == 1 && node.dropCount(.ttlExpired) == 1)
        #expect(frame.labels.map { $0.label.rawValue } == [16001, 100042])
        #expect(frame.destination == Edges.providerMAC)
        let datagram = try #require(frame.datagram)
        #expect((datagram.source.description, datagram.ttl) == ("10.0.0.1", 64))
        #expect(datagram.destination.description == "198.51.100.7")
        #expect(try message(datagram).type == 11)
        #expect(
            toldStack(datagram) == [
                LabelStackEntry(17001, ttl: 9), LabelStackEntry(200042, ttl: 9, bottom: true),
            ])
        // It is ours, and on nobody's bill.
        #expect((node.report.originated, node.report.forwarded) == (1, 0))
        #expect(node.report.sessions.allSatisfy { $0.up.packets == 0 && $0.down.packets == 0 })
        #expect(node.report.balances)
    }

    @Test("a label's TTL used up is told likewise: the session's own way back")
    func labelTimeExceeded() throws {
        let slow = node.worker.slowPath
        let vector = PacketVector(capacity: 1)
        let frame = video(label: 1)
        unsafe frame.withUnsafeBytes { unsafe vector.append($0, timestamp: 7) }
        let place = try #require(node.report.sessions.firstIndex { $0.name == "alice-video" })
        vector[0].counter = ConversionIndex(SessionIndex(rawValue: UInt32(place)), .down).rawValue
        vector[0].networkOffset = 14
        vector[0].punt(.labelTTLExpired)
        slow.handle(vector, 0, from: PortIndex(rawValue: 2))
        #expect(vector[0].disposition == .dropped && vector[0].dropReason == .ttlExpired)
        #expect(slow.derived.count == 1)
        #expect(
            slow.derived[0].counter == ConversionIndex(SessionIndex(rawValue: UInt32(place)), .up).rawValue)
        let datagram = try #require(Datagram(unsafe Array(slow.derived.frame(0))))
        #expect(datagram.destination.description == "198.51.100.7")
        #expect(toldStack(datagram).map(\.ttl) == [1, 1])
        #expect(datagram.payload[8] == 0x45)
    }

    @Test("about an ICMP error that came by a tunnel there is no other, nor one beyond a thousand a second")
    func restraint() throws {
        let node = Node(Self.pipe)
        let error = video {
            $0.ttl = 1
            $0.protocol = .icmp
            $0.payload = [11, 0, 0xf4, 0xff, 0, 0, 0, 0]
        }
        #expect(node.pass([error], "core0", to: "core0").isEmpty)
        let frames = Array(repeating: video { $0.ttl = 1 }, count: 1200)
        #expect(node.pass(frames, "core0", to: "core0", at: Self.second).count == 1000)
        #expect(node.report.balances)
    }

    @Test("a flood by one port doesn't silence us to the other")
    func budgets() {
        var alice = Datagram.udp("10.1.0.5", "198.51.100.7")
        alice.ttl = 1
        let flood = [[UInt8]](repeating: alice.bytes, count: 2000)
        #expect(node.pass(flood, "access0", to: "access0").count == 1000)
        #expect(node.pass([transit(ttl: 1)], "core0", to: "core0").count == 1)
    }

    @Test("a port that tells nobody anything is silent")
    func silentPort() throws {
        let port = try #require(
            node.tables.contents.changes.compactMap { change -> PortObject? in
                if case .set(.port(let port)) = change, port.name == "access0" { port } else { nil }
            }.first)
        var silent = port
        silent.sendsErrors = false
        try node.tables.stage(
            Transaction(number: node.tables.number + 1, changes: [.set(.port(silent))]))
        node.publish()
        var datagram = Datagram.udp("10.1.0.5", "198.51.100.7")
        datagram.ttl = 1
        #expect(node.pass([datagram.bytes], "access0", to: "access0").isEmpty)
        #expect(node.dropCount(.ttlExpired) == 1)
    }

    @Test(
        "RFC 1812 §5.2.7.1, RFC 4443 §3.1: who is denied is told so",
        arguments: [
            ("10.1.0.5", "192.0.2.9", UInt8(3), UInt8(13)), ("2001:db8:1:5::9", "2001:db8:f::1", 1, 1),
        ])
    func prohibited(source: String, destination: String, type: UInt8, code: UInt8) throws {
        let slow = node.worker.slowPath
        let vector = PacketVector(capacity: 1)
        unsafe Datagram.udp(source, destination).bytes.withUnsafeBytes {
            unsafe vector.append($0, timestamp: 7)
        }
        vector[0].prohibit(.unknownService)
        slow.handle(vector, 0, from: PortIndex(rawValue: 0))
        #expect(vector[0].disposition == .dropped && vector[0].dropReason == .unknownService)
        let answer = try #require(Datagram(unsafe Array(slow.originated.frame(0))))
        #expect(answer.destination.description == source)
        #expect((answer.payload[0], answer.payload[1]) == (type, code))
    }

    // MARK: Transit labels

    private func transit(
        _ label: UInt32 = 18000, ttl: UInt8, below: [LabelStackEntry] = [], _ payload: [UInt8]? = nil
    ) -> [UInt8] {
        let top = LabelStackEntry(label, ttl: ttl, trafficClass: 3, bottom: below.isEmpty)
        return Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls, labels: [top] + below,
            payload ?? Datagram.udp("192.0.2.7", "192.0.2.200").bytes
        ).bytes
    }

    @Test("RFC 3032 §2.3.2: about a transit label the error goes on along the LSP, under the outgoing stack")
    func transitTimeExceeded() throws {
        let below = [LabelStackEntry(777, ttl: 33, bottom: true)]
        for (label, below, labels) in [
            (UInt32(18000), [], [UInt32(18001)]), (18002, below, [18003, 18004, 777]), (18005, below, [777]),
            (18000, below, [18001, 777]), (18008, below, [16001, 777]),
        ] {
            let frame = try firstFrame(
                node.pass([transit(label, ttl: 1, below: below)], "core0", to: "core0"))
            #expect(frame.labels.map { $0.label.rawValue } == labels)
            #expect(frame.labels.allSatisfy { $0.ttl == 255 })
            #expect(frame.labels.map(\.isBottomOfStack) == labels.indices.map { $0 == labels.count - 1 })
            let datagram = try #require(frame.datagram)
            #expect(datagram.source.description == "10.0.0.1")
            #expect(datagram.destination.description == "192.0.2.7")
            #expect(try message(datagram).type == 11)
            #expect(
                toldStack(datagram).map { $0.label.rawValue } == [label] + below.map { $0.label.rawValue })
            #expect(toldStack(datagram).map(\.ttl) == [1] + below.map(\.ttl))
        }
        #expect(node.dropCount(.ttlExpired) == 5 && node.report.originated == 5)
    }

    @Test("RFC 3032 §2.4: where the last label is popped, the error goes on as bare IP")
    func transitPopped() throws {
        let frame = try firstFrame(node.pass([transit(18005, ttl: 1)], "core0", to: "core0"))
        #expect(frame.etherType == .ipv4 && frame.destination == Edges.providerMAC)
        #expect(try message(try #require(frame.datagram)).type == 11)
    }

    @Test("none about what isn't IP, has no bottom, or is an ICMP error")
    func transitSilence() {
        var error = Datagram.udp("192.0.2.7", "192.0.2.200")
        error.protocol = .icmp
        error.payload = [3, 1, 0xfc, 0xfe, 0, 0, 0, 0]
        var broken = Datagram.udp("192.0.2.7", "192.0.2.200").bytes
        broken[10] ^= 1
        let endless = (0..<20).map { LabelStackEntry(500 + $0, ttl: 9) }
        let frames = [
            transit(ttl: 1, error.bytes), transit(ttl: 1, broken), transit(ttl: 1, [0x11, 2, 3, 4]),
            transit(ttl: 1, []), transit(ttl: 1, below: endless),
        ]
        #expect(node.pass(frames, "core0", to: "core0").isEmpty)
        #expect(node.dropCount(.ttlExpired) == UInt64(frames.count))
        #expect(node.report.balances)
    }

    /// An edge whose transit labels leave by a line of 1,320 bytes.
    private static let narrow = Edges.subscriberEdge.replacing(
        "{ in: 18000, swap: 18001, via: north }", with: "{ in: 18000, swap: 18001, via: slow }")

    @Test("RFC 3032 §3.4: IPv4 that is too long under a transit label is fragmented under the same stack")
    func transitFragments() throws {
        let node = Node(Self.narrow)
        let datagram = Datagram.udp("192.0.2.7", "192.0.2.200", byteCount: 1400)
        let below = [LabelStackEntry(777, ttl: 33, trafficClass: 1, bottom: true)]
        let sent = node.pass([transit(ttl: 9, below: below, datagram.bytes)], "core0", to: "core0")
        let frames = sent.compactMap { Frame($0) }
        #expect(frames.count == 2)
        for frame in frames {
            #expect(
                frame.labels == [LabelStackEntry(18001, ttl: 8, trafficClass: 3)] + below)
            #expect(frame.bytes.count - 14 <= 1320)
        }
        let parts = frames.compactMap(\.datagram)
        #expect(parts.flatMap(\.payload) == datagram.payload)
        #expect(parts.map(\.ttl) == [64, 64] && parts[0].fragmentation == 0x2000)
        #expect((node.report.forwarded, node.report.originated) == (1, 1))
        #expect(node.report.balances)
    }

    @Test("RFC 3032 §3.4, §3.6: what must not be fragmented is answered along the LSP with what fits")
    func transitTooBig() throws {
        let node = Node(Self.narrow)
        var datagram = Datagram.udp("192.0.2.7", "192.0.2.200", byteCount: 1400)
        datagram.dontFragment = true
        let frame = try firstFrame(
            node.pass(
                [transit(ttl: 9, below: [LabelStackEntry(777, bottom: true)], datagram.bytes)], "core0",
                to: "core0"))
        #expect(frame.labels.map { $0.label.rawValue } == [18001, 777])
        let error = try message(try #require(frame.datagram))
        #expect((error.type, error.code, error.mtu) == (3, 4, 1320 - 8))

        let long = Datagram.udp("2001:db8:7::7", "2001:db8:7::9", byteCount: 1400)
        let frame6 = try firstFrame(node.pass([transit(ttl: 9, long.bytes)], "core0", to: "core0"))
        let answer = try #require(frame6.datagram)
        #expect(answer.payload[0] == 2 && Array(answer.payload[4..<8]) == octets(UInt32(1320 - 4)))
        #expect(node.dropCount(.tooBig) == 2)
    }
}

extension RawSpan {
    fileprivate func withMessage<Result>(_ body: (borrowing ICMPView) -> Result) throws -> Result {
        body(try ICMPView(self, over: .v4))
    }
}

import Packets
import Tables
import Testbed
import Testing
import Wire

/// Rules about DSCPs and ICMP types, and the mirrored ones on the way back.
@Suite("Rules") struct RuleTests {
    private static func loop(_ rules: [Rule], denied: Bool = false) -> Loop {
        Loop(Edges.subscriberEdge) {
            $0.editSession(Slot.aliceVideo) { $0.rules = rules }
            $0.editPort(Slot.access0) { $0.answersDenied = denied }
        }
    }

    /// As `echo`, 8 and 0, 128 and 129.
    static let echo = Rule(icmpTypes: .init(v4Up: 8, v4Down: 0, v6Up: 128, v6Down: 129))
    /// As `too-big`, which IPv4 doesn't know.
    static let tooBig = Rule(icmpTypes: .init(v4Up: 255, v4Down: 255, v6Up: 2, v6Down: 2))

    private func up(_ type: UInt8, isIPv4: Bool) -> [UInt8] {
        (isIPv4
            ? Datagram.icmp("10.1.0.5", "198.51.100.7", type: type, [])
            : .icmp("2001:db8:1:5::9", "2001:db8:a::7", type: type, [])).bytes
    }
    private func down(_ type: UInt8, isIPv4: Bool) -> [UInt8] {
        let labels = [LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)]
        return Frame.toCore(
            labels,
            isIPv4
                ? .icmp("198.51.100.7", "10.1.0.5", type: type, [])
                : .icmp("2001:db8:a::7", "2001:db8:1:5::9", type: type, []))
    }

    @Test("PX-3 an ICMP type is a rule's on the way up, its reply on the way down (RFC 792, RFC 4443)")
    func types() {
        let loop = Self.loop([Self.echo])
        for type in UInt8.min...UInt8.max {
            for isIPv4 in [true, false] {
                let request: UInt8 = isIPv4 ? 8 : 128
                let reply: UInt8 = isIPv4 ? 0 : 129
                let sent = loop.forward(up(type, isIPv4: isIPv4), from: "access0")
                #expect((sent.frame != nil) == (type == request), "\(type) up")
                let got = loop.forward(down(type, isIPv4: isIPv4), from: "core0")
                #expect((got.frame != nil) == (type == reply), "\(type) down")
            }
        }
    }

    @Test("PX-3 a type that a version doesn't know is none, 255 neither")
    func unknownType() {
        let loop = Self.loop([Self.tooBig])
        #expect(loop.forward(up(255, isIPv4: true), from: "access0") == .dropped(.notAdmitted))
        #expect(loop.forward(up(255, isIPv4: false), from: "access0") == .dropped(.notAdmitted))
        #expect(loop.forward(up(2, isIPv4: false), from: "access0").frame != nil)
    }

    @Test("PX-4 a later fragment has no type, and a message cut short neither")
    func typeless() {
        let loop = Self.loop([Self.echo])
        var later = Datagram.icmp("10.1.0.5", "198.51.100.7", type: 8, [])
        later.fragmentation = 1
        #expect(loop.forward(later.bytes, from: "access0") == .dropped(.fragmentWithoutPorts))
        var empty = Datagram.icmp("10.1.0.5", "198.51.100.7", type: 8, [])
        empty.payload = []
        #expect(loop.forward(empty.bytes, from: "access0") == .dropped(.truncatedTransport))
    }

    @Test("PX-3 a rule with DSCPs admits those, in both directions and versions (RFC 2474)")
    func codePoints() {
        var rule = Rule(ipv4Protocol: .udp, ipv6Protocol: .udp)
        rule.dscps = 1 << 46 | 1 << 0 | 1 << 63
        let loop = Self.loop([rule])
        for codePoint in UInt8(0)...63 {
            let isAdmitted = [0, 46, 63].contains(codePoint)
            for (source, destination) in [
                ("10.1.0.5", "198.51.100.7"), ("2001:db8:1:5::9", "2001:db8:a::7"),
            ] {
                var packet = Datagram.udp(source, destination)
                packet.trafficClass = codePoint << 2 | 3
                let sent = loop.forward(packet.bytes, from: "access0")
                #expect((sent.frame != nil) == isAdmitted, "\(codePoint) up")
                swap(&packet.source, &packet.destination)
                let labels = [LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)]
                let got = loop.forward(Frame.toCore(labels, packet), from: "core0")
                #expect((got.frame != nil) == isAdmitted, "\(codePoint) down")
            }
        }
    }

    @Test("PX-3 RFC 1812 §5.2.7.1 what nothing admits is prohibited where the port says so, and only there")
    func denied() {
        let ports = Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: 5000...5100)
        let loop = Self.loop([ports], denied: true)
        var later = Datagram.udp("10.1.0.5", "198.51.100.7")
        later.fragmentation = 1
        let cases: [(Datagram, DropReason)] = [
            (.udp("10.1.0.5", "198.51.100.7", ports: (1, 80)), .notAdmitted),
            (.udp("10.1.0.5", "192.0.2.99"), .unknownService), (later, .fragmentWithoutPorts),
        ]
        for (datagram, reason) in cases {
            let packet = loop.packet(datagram.bytes, from: "access0")
            #expect(packet.disposition == .punt && packet.punt == .prohibited)
            #expect(packet.denial == reason)
            #expect(packet.networkOffset == 0 && packet.counter == Packet.noCounter)
            // Not on bob's port.
            #expect(Self.loop([ports]).forward(datagram.bytes, from: "access0") == .dropped(reason))
        }
        // What isn't denied but wrong stays what it is.
        #expect(
            loop.forward(Datagram.udp("10.2.0.5", "198.51.100.7").bytes, from: "access0")
                == .dropped(.spoofedSource))
        var short = Datagram.udp("10.1.0.5", "198.51.100.7")
        short.payload = [1]
        #expect(loop.forward(short.bytes, from: "access0") == .dropped(.truncatedTransport))
    }
}

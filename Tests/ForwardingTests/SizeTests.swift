import Packets
import Testbed
import Testing
import Wire

/// Packets at the edge of what fits, and transit labels.
@Suite("Sizes, TTL and transit labels") struct SizeTests {
    struct Limit: Sendable, CustomStringConvertible {
        let source: String
        let destination: String
        let byteCount: Int
        var description: String { "\(source) to \(destination), \(byteCount) bytes" }
    }

    /// Line MTU less two labels, or less an outer header.
    static let limits = [
        Limit(source: "10.1.0.5", destination: "198.51.100.7", byteCount: 1492),
        Limit(source: "2001:db8:1:5::9", destination: "2001:db8:a::7", byteCount: 1492),
        Limit(source: "10.1.0.5", destination: "203.0.113.9", byteCount: 1300),
        Limit(source: "2001:db8:1:5::9", destination: "2001:db8:b::9", byteCount: 1300),
    ]

    @Test("The longest packet that fits passes; a byte more is the slow path's", arguments: limits)
    func limit(_ limit: Limit) {
        let loop = Loop(Edges.subscriberEdge)
        var datagram = Datagram.udp(limit.source, limit.destination)
        let isIPv4 = datagram.source.version == .v4
        datagram.payload += [UInt8](repeating: 7, count: limit.byteCount - datagram.byteCount)
        let sent = loop.forward(datagram.bytes, from: "access0")
        #expect(sent.frame?.count == 14 + (limit.byteCount == 1492 ? 1500 : 1320))

        datagram.payload.append(7)
        #expect(loop.forward(datagram.bytes, from: "access0") == .punted(isIPv4 ? .fragment : .tooBig))
        datagram.dontFragment = true
        #expect(loop.forward(datagram.bytes, from: "access0") == .punted(.tooBig))
        // RFC 1812 §5.2.1.2: a packet that has come to its end is not measured.
        datagram.ttl = 1
        #expect(loop.forward(datagram.bytes, from: "access0") == .punted(.ttlExpired))
    }

    @Test("Out of a tunnel too, what is too long is told of")
    func tooLongOutOfTunnel() {
        let text = Edges.subscriberEdge
            .replacing("wl-access0, role: access,", with: "wl-access0, role: access, mtu: 1300,")
        let loop = Loop(text)
        var datagram = Datagram.udp("198.51.100.7", "10.1.0.5", ports: (5004, 9), byteCount: 1273)
        let labels = [LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)]
        func frame() -> [UInt8] {
            Frame(to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls, labels: labels, datagram.bytes)
                .bytes
        }
        #expect(datagram.byteCount == 1301)
        #expect(loop.forward(frame(), from: "core0") == .punted(.fragment))
        datagram.dontFragment = true
        #expect(loop.forward(frame(), from: "core0") == .punted(.tooBig))
    }

    @Test("A neighbour that has not answered is asked for, and nothing is rewritten before")
    func unresolved() {
        let loop = Loop(Edges.subscriberEdge)
        // On core1 every destination is its own next hop.
        let news = Datagram.udp("10.1.0.5", "10.0.1.130").bytes
        #expect(loop.forward(news, from: "access0") == .punted(.resolve))
    }

    /// A label, what stands below it, and what both become; `ttl` 9 on top, 50 below.
    struct Transit: Sendable, CustomStringConvertible {
        let label: UInt32
        let below: [UInt32]
        let becomes: [LabelStackEntry]
        var description: String { "\(label) over \(below)" }
    }

    static let transits = [
        Transit(label: 18000, below: [], becomes: [entry(18001, 8, bottom: true)]),
        Transit(label: 18000, below: [99], becomes: [entry(18001, 8), entry(99, 50, bottom: true)]),
        Transit(label: 18002, below: [], becomes: [entry(18003, 8), entry(18004, 8, bottom: true)]),
        Transit(
            label: 18006, below: [99],
            becomes: [entry(16001, 8), entry(18007, 8), entry(99, 50, bottom: true)]),
        Transit(label: 18005, below: [99], becomes: [entry(99, 8, bottom: true)]),
        Transit(label: 18005, below: [], becomes: []),
        Transit(label: 18008, below: [99], becomes: [entry(16001, 8), entry(99, 8, bottom: true)]),
    ]

    private static func entry(_ label: UInt32, _ ttl: UInt8, bottom: Bool = false) -> LabelStackEntry {
        LabelStackEntry(label, ttl: ttl, trafficClass: 3, bottom: bottom)
    }

    @Test("CD-4 swap, push above and penultimate-hop pop, whatever the payload", arguments: transits, [4, 6])
    func transit(_ transit: Transit, version: Int) throws {
        let datagram =
            version == 4
            ? Datagram.udp("192.0.2.1", "192.0.2.2") : Datagram.udp("2001:db8:77::1", "2001:db8:77::2")
        let top = Self.entry(transit.label, 9, bottom: transit.below.isEmpty)
        let below = transit.below.map { Self.entry($0, 50, bottom: true) }
        let frame = Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls, labels: [top] + below, datagram.bytes)
        let outcome = Loop(Edges.subscriberEdge).forward(frame.bytes, from: "core0")
        guard case .sent("core0", let bytes, Packet.noCounter, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        let sent = try #require(Frame(bytes))
        var expected = datagram
        if transit.becomes.isEmpty { expected.ttl = 8 }
        let plain: EtherType = version == 4 ? .ipv4 : .ipv6
        #expect(sent.etherType == (transit.becomes.isEmpty ? plain : .mpls))
        #expect(sent.labels == transit.becomes)
        #expect(sent.datagram == expected)
        #expect((sent.destination, sent.source) == (Edges.providerMAC, Edges.subscriberMAC))
    }
}

import Packets
import Tables
import Testbed
import Testing
import Wire

/// IP-in-IP over IPv6 as it arrives (RFC 2473): beta-west's ends are IPv6 addresses here.
@Suite("IP-in-IP over IPv6") struct OuterIPv6Tests {
    static let remote = "2001:db8:99::2"
    static let local = "2001:db8:99::1"

    private static func loop(_ innerClass: TunnelObject.InnerClass = .keep) -> Loop {
        Loop(Edges.subscriberEdge) {
            $0.editTunnel(Slot.betaWest) {
                guard let remote = IPAddress(remote), let local = IPAddress(local) else {
                    preconditionFailure("a test's address is none")
                }
                $0.end = .ipip(remote: remote, local: local)
                $0.innerClass = innerClass
            }
        }
    }

    static let music4 = Datagram.udp("203.0.113.9", "10.1.0.5")
    static let music6 = Datagram.udp("2001:db8:b::9", "2001:db8:1:5::9")

    private static func outer(_ inner: Datagram, trafficClass: UInt8 = 0) -> Datagram {
        inner.encapsulated(remote, local, trafficClass: trafficClass)
    }

    typealias Headers = [(number: UInt8, body: [UInt8])]

    struct Chain: Sendable, CustomStringConvertible {
        let name: String
        let headers: [(number: UInt8, body: [UInt8])]
        /// Nil: it gets through.
        let reason: DropReason?
        var description: String { name }

        init(_ name: String, _ headers: [(number: UInt8, body: [UInt8])], _ reason: DropReason? = nil) {
            self.name = name
            self.headers = headers
            self.reason = reason
        }
    }

    private static let pad: [UInt8] = [1, 4, 0, 0, 0, 0]
    static let chains = [
        Chain("nothing between", []),
        // RFC 2473 §4.1.1
        Chain("a tunnel encapsulation limit", [(60, [4, 1, 0, 1, 1, 0])]),
        Chain("hop-by-hop, routing, destination options", [(0, pad), (43, [4, 0, 0, 0, 0, 0]), (60, pad)]),
        Chain("six times Pad1", [(60, [0, 0, 0, 0, 0, 0])]),
        Chain("an option that may be skipped", [(60, [0x1e, 4, 9, 9, 9, 9])]),
        Chain("sixteen bytes of options", [(60, [1, 12] + [UInt8](repeating: 0, count: 12))]),
        Chain("an atomic fragment (RFC 6946)", [(44, [0, 0, 1, 2, 3, 4])]),
        Chain("eight headers", Array(repeating: (60, pad), count: 8)),
        // RFC 8200 §4.2: the high two bits say discard.
        Chain("an option to be discarded", [(60, [0x41, 4, 0, 0, 0, 0])], .outerExtensionHeader),
        Chain("an option to be reported", [(0, [0x8a, 4, 0, 0, 0, 0])], .outerExtensionHeader),
        Chain("a jumbo payload", [(0, [0xc2, 4, 0, 0, 0, 0])], .outerExtensionHeader),
        Chain("an option longer than its header", [(60, [1, 5, 0, 0, 0, 0])], .outerExtensionHeader),
        Chain("an option without a length", [(60, [1, 3, 0, 0, 0, 1])], .outerExtensionHeader),
        Chain("nine options", [(60, [UInt8](repeating: 0, count: 14))], .outerExtensionHeader),
        // RFC 8200 §4.1, §4.3, §4.4
        Chain("hop-by-hop in second place", [(60, pad), (0, pad)], .outerExtensionHeader),
        Chain("segments left", [(43, [4, 1, 0, 0, 0, 0])], .outerExtensionHeader),
        Chain("nine headers", Array(repeating: (60, pad), count: 9), .outerExtensionHeader),
        Chain("a first fragment", [(44, [0, 1, 1, 2, 3, 4])], .outerFragment),
        Chain("a later fragment", [(44, [0, 8, 1, 2, 3, 4])], .outerFragment),
        Chain("a fragment of options", [(44, [0, 1, 1, 2, 3, 4]), (60, pad)], .outerFragment),
    ]

    @Test(
        "CD-5 RFC 2473 §3.3, RFC 8200 §4: extension headers of the outer header", arguments: chains, [4, 6])
    func chain(_ chain: Chain, version: Int) {
        let inner = version == 4 ? Self.music4 : Self.music6
        let loop = Self.loop()
        let outcome = loop.forward(Frame.toCore(Self.outer(inner).extended(chain.headers)), from: "core0")
        guard let reason = chain.reason else {
            var expected = inner
            expected.ttl -= 1
            #expect(
                outcome
                    == .sent(
                        "access0", expected.bytes, counter: loop.counter("alice-music", .down),
                        metered: UInt32(inner.byteCount)))
            return
        }
        #expect(outcome == .dropped(reason))
    }

    @Test("CD-5 RFC 2473 a chain that the packet ends in, at every byte, and with lengths that agree")
    func truncatedChain() {
        let loop = Self.loop()
        let whole = Self.outer(Self.music4).extended([
            (0, Self.pad), (43, [4, 0, 0, 0, 0, 0]), (44, [0, 0, 0, 0, 0, 0]),
        ])
        for byteCount in 0..<whole.payload.count {
            var cut = whole
            cut.payload = Array(whole.payload.prefix(byteCount))
            let outcome = loop.forward(Frame.toCore(cut), from: "core0")
            let expected: DropReason =
                byteCount < 24 ? .outerExtensionHeader : byteCount < 44 ? .truncatedIPv4 : .badIPv4TotalLength
            #expect(outcome == .dropped(expected), "\(byteCount) bytes")
        }
        let frame = Frame.toCore(whole)
        for byteCount in 14..<frame.count {
            let expected: DropReason = byteCount < 54 ? .truncatedIPv6 : .badIPv6PayloadLength
            #expect(
                loop.forward(Array(frame.prefix(byteCount)), from: "core0") == .dropped(expected),
                "\(byteCount) bytes of the frame")
        }
    }

    @Test("PX-4 RFC 2473 §3.3 only the tunnel's ends are its ends, and only on its line's port")
    func ends() {
        let loop = Self.loop()
        let stranger = Self.music4.encapsulated("2001:db8:99::3", Self.local)
        #expect(loop.forward(Frame.toCore(stranger), from: "core0") == .dropped(.unknownTunnelEndpoint))
        let elsewhere = Self.music4.encapsulated(Self.remote, "2001:db8:ff::1")
        #expect(loop.forward(Frame.toCore(elsewhere), from: "core0") == .dropped(.unknownTunnelEndpoint))
        #expect(
            loop.forward(Frame.toCore1(Self.outer(Self.music4)), from: "core1")
                == .dropped(.unknownTunnelEndpoint))
        // On an access port it is for the slow path, which ends no tunnels.
        let spoof = Self.outer(Datagram.udp("203.0.113.9", "10.1.0.5"))
        #expect(loop.forward(spoof.bytes, from: "access0") == .punted(.local))
    }

    @Test("PX-4 what isn't encapsulated is for the slow path, behind extension headers too")
    func other() {
        let loop = Self.loop()
        let ping = Datagram.icmp(Self.remote, Self.local, type: 128, [1, 2, 3, 4])
        for headers in [[], [(0, [5, 2, 0, 0, 1, 0])], [(44, [0, 1, 0, 0, 0, 0])]] as [Headers] {
            #expect(loop.forward(Frame.toCore(ping.extended(headers)), from: "core0") == .punted(.local))
        }
    }

    @Test(
        "CD-5 RFC 6040 §4.2 the congestion table holds for an outer IPv6 header",
        arguments: CongestionTests.decapsulation)
    func congestion(_ row: CongestionTests.Row) {
        var inner = Self.music6
        inner.trafficClass = 0xb8 | row.inner.rawValue
        let outer = Self.outer(inner, trafficClass: 0x28 | row.outer.rawValue)
        let outcome = Self.loop().forward(Frame.toCore(outer), from: "core0")
        guard let forwarded = row.forwarded else {
            #expect(outcome == .dropped(.ecnMismatch))
            return
        }
        #expect(outcome.frame.flatMap { Datagram($0) }?.trafficClass == 0xb8 | forwarded.rawValue)
    }

    @Test("CD-5 RFC 2983 §3 uniform: the outer DSCP is taken over, ECN by its own rule", arguments: [4, 6])
    func outerClass(version: Int) {
        var inner = version == 4 ? Self.music4 : Self.music6
        inner.trafficClass = 0xb9
        for (loop, outer) in [
            (Self.loop(.outer), Self.outer(inner, trafficClass: 0x28)),
            (
                Loop(Edges.subscriberEdge) { $0.editTunnel(Slot.betaWest) { $0.innerClass = .outer } },
                inner.encapsulated("10.0.0.2", "10.0.0.1", trafficClass: 0x28)
            ),
        ] {
            let sent = loop.forward(Frame.toCore(outer), from: "core0").frame
            #expect(sent.flatMap { Datagram($0) }?.trafficClass == 0x29)
        }
    }
}

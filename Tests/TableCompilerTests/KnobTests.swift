import Exchange
import TableCompiler
import Tables
import Testbed
import Testing
import Wire

/// Every key of an exchange file that packets meet, and the field of the tables that it leads to.
@Suite("From keys to fields") struct KnobTests {
    private static func text(
        port: String = "", line: String = "", tunnel: String = "mpls: { send: 16001, receive: 17001 }",
        rules: String = "", user: String = ", send: 100, receive: 200", session: String = ""
    ) -> String {
        """
        ports:
          access0: { tun: a0, role: access\(port) }
          core0: { packet: c0, role: network, addresses: [10.0.0.1/24, "2001:db8:f::1/64"] }
        lines: { north: { port: core0, nextHop: 10.0.0.2\(line) } }
        providers: { acme: }
        services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
        tunnels: { t: { line: north, \(tunnel) } }
        subscribers: { alice: { port: access0, addresses: [10.1.0.5] } }
        conditions: [{ subscriber: alice, service: video\(rules) }]
        sessions:
          s: { subscriber: alice, service: video, access: { port: access0 }, network: { tunnel: t\(user) }\(session) }
        labels: [{ in: 18000, swap: [1001, 1002], via: { tunnel: t } }]

        """
    }

    private static let ipip = "ipip: { local: 10.0.0.1, remote: 192.0.2.9"

    private func session(_ text: String) throws -> SessionObject {
        try #require(Edges.compile(text).sessionObjects.first)
    }

    private func tunnel(_ text: String) throws -> TunnelObject {
        try #require(
            Edges.compile(text).transaction.changes.lazy.compactMap {
                if case .set(.tunnel(let tunnel)) = $0 { tunnel } else { nil }
            }.first)
    }

    private func flags(_ push: SessionWay.Push) -> Conversion.Flags {
        switch push {
        case .nothing: []
        case .labels(_, let flags), .outer(_, _, _, _, let flags), .datagram(_, let flags): flags
        }
    }

    @Test("PX-2 MPLS-in-UDP: the outer header's keys, labels, and checksums by the outer version")
    func datagrams() throws {
        func datagram(_ keys: String) throws -> (SessionWay.Datagram, TunnelObject, UInt16?) {
            let text = Self.text(tunnel: "mplsudp: { \(keys) }")
                .replacing("labels: [{ in: 18000, swap: [1001, 1002], via: { tunnel: t } }]", with: "")
            let way = try session(text).up
            var found: SessionWay.Datagram?
            if case .datagram(let datagram, _) = way.push { found = datagram }
            return (try #require(found), try tunnel(text), way.maximumInnerByteCount)
        }
        let (plain, end, room) = try datagram("local: 10.0.0.1, remote: 192.0.2.9")
        #expect(plain.userLabel.rawValue == 100 && plain.pathLabel == nil && plain.ttl == 64)
        #expect(!plain.hasChecksum && room == 1500 - 32)
        #expect(
            end.end
                == .mplsudp(
                    remote: try #require(IPAddress("192.0.2.9")), local: try #require(IPAddress("10.0.0.1")),
                    receive: nil, needsChecksum: false))
        let (other, otherEnd, otherRoom) = try datagram(
            "local: \"2001:db8:f::1\", remote: \"2001:db8:f::9\", send: 16001, receive: 17001, ttl: 9, dscp: 46, "
                + "innerDSCP: outer")
        #expect(other.pathLabel?.rawValue == 16001 && other.ttl == 9 && other.dscp == 46)
        #expect(other.hasChecksum && otherRoom == 1500 - 56)
        #expect(otherEnd.innerClass == .outer)
        guard case .mplsudp(_, _, let receive, let needsChecksum) = otherEnd.end else {
            Issue.record("\(otherEnd.end)")
            return
        }
        #expect(receive?.rawValue == 17001 && needsChecksum)
        let (off, offEnd, _) = try datagram(
            "local: \"2001:db8:f::1\", remote: \"2001:db8:f::9\", checksum: off")
        #expect(!off.hasChecksum)
        guard case .mplsudp(_, _, nil, false) = offEnd.end else {
            Issue.record("\(offEnd.end)")
            return
        }
        let (on, onEnd, _) = try datagram("local: 10.0.0.1, remote: 192.0.2.9, checksum: on")
        #expect(on.hasChecksum)
        // Over IPv4 anybody may do without (RFC 768).
        guard case .mplsudp(_, _, nil, false) = onEnd.end else {
            Issue.record("\(onEnd.end)")
            return
        }
    }

    @Test("PX-4 a port tells senders of errors unless told not to, and of what is denied only if told to")
    func answers() {
        let plain = Edges.compile(Self.text()).ports[0]
        #expect(plain.sendsErrors && !plain.answersDenied)
        let other = Edges.compile(Self.text(port: ", denied: prohibited, icmpErrors: false")).ports[0]
        #expect(!other.sendsErrors && other.answersDenied)
    }

    @Test("CD-3 a packet port can be shared with the kernel")
    func shared() {
        let text = Self.text().replacing("packet: c0,", with: "packet: c0, shared: true,")
        #expect(Edges.compile(text).ports[1].medium == .sharedPacket(interface: "c0"))
        #expect(Edges.compile(Self.text()).ports[1].medium == .packet(interface: "c0"))
    }

    @Test("PX-2 a line's VLAN tags are those of its tunnels, of what is sent into them and of labels over it")
    func vlan() throws {
        let text = Self.text(line: ", vlan: [100, 7]")
        #expect(try tunnel(text).tags == [100, 7])
        #expect(try session(text).up.nextHop.tags == [100, 7])
        #expect(try session(text).down.nextHop.tags == [])
        #expect(Edges.compile(text).labelObjects.values.map(\.nextHop.tags) == [[100, 7]])
        #expect(try tunnel(Self.text()).tags == [])
    }

    @Test("PX-2 several path labels stand above the user label and above the label table's")
    func labelStacks() throws {
        let text = Self.text(tunnel: "mpls: { send: [16001, 16002, 16003], receive: 17001, ttl: 9 }")
        let session = try session(text)
        guard case .labels(let stack, _) = session.up.push else {
            Issue.record("no labels are pushed")
            return
        }
        #expect(stack.map(\.label.rawValue) == [16001, 16002, 16003, 100])
        #expect(stack.map(\.isBottomOfStack) == [false, false, false, true])
        #expect(stack.allSatisfy { $0.ttl == 9 })
        #expect(session.up.maximumInnerByteCount == 1484 && session.up.tunnel == TunnelIndex(rawValue: 0))
        #expect(session.down.tunnel == nil)
        #expect(
            Edges.compile(text).labelObjects.values.map { $0.labels.map(\.rawValue) }
                == [[16001, 16002, 16003, 1001, 1002]])
    }

    @Test("CD-4 RFC 3270: a map of DSCPs to traffic classes has 64 entries, the others as its default says")
    func trafficClasses() throws {
        let copied = try session(
            Self.text(tunnel: "mpls: { send: 16001, receive: 17001, trafficClass: { ef: 5, 10: 1 } }"))
        let map = try #require(copied.up.classMap)
        #expect(
            map.count == 64 && map[46] == 5 && map[10] == 1 && map[48] == 6 && map[0] == 0 && map[63] == 7)
        #expect(!flags(copied.up.push).contains(.copyClass) && copied.down.classMap == nil)
        let fixed = try session(
            Self.text(tunnel: "mpls: { send: 16001, receive: 17001, trafficClass: { ef: 5, default: 2 } }"))
        #expect(fixed.up.classMap == (0..<64).map { $0 == 46 ? 5 : 2 })
        #expect(try session(Self.text()).up.classMap == nil)
    }

    @Test("PX-2 RFC 3270 §2.6, RFC 2983: the inner DSCP on arrival")
    func innerDSCP() throws {
        #expect(try tunnel(Self.text()).innerClass == .keep)
        let mpls = "mpls: { send: 16001, receive: 17001, innerDSCP: { 5: ef, 1: af11, 0: 0 } }"
        #expect(try tunnel(Self.text(tunnel: mpls)).innerClass == .map([0, 10, 64, 64, 64, 46, 64, 64]))
        let kept = "mpls: { send: 16001, receive: 17001, innerDSCP: keep }"
        #expect(try tunnel(Self.text(tunnel: kept)).innerClass == .keep)
        #expect(
            try tunnel(Self.text(tunnel: Self.ipip + ", innerDSCP: outer }", user: "").withoutLabels)
                .innerClass == .outer)
        #expect(try tunnel(Self.text(tunnel: Self.ipip + " }", user: "").withoutLabels).innerClass == .keep)
    }

    /// Keys of an IP-in-IP tunnel, and the push that they lead to.
    private static let outerKnobs: [(keys: String, ttl: UInt8, dscp: UInt8, flags: Conversion.Flags)] = [
        ("", 64, 0, [.copyClass, .copyDontFragment]),
        (", ttl: copy", 0, 0, [.copyTTL, .copyClass, .copyDontFragment]),
        (", ttl: 1", 1, 0, [.copyClass, .copyDontFragment]),
        (", dscp: af41", 64, 34, [.copyDontFragment]), (", dscp: 63", 64, 63, [.copyDontFragment]),
        (", dscp: { ef: cs6 }", 64, 0, [.copyDontFragment]),
        (
            ", ecn: compatibility", 64, 0,
            [.copyClass, .copyDontFragment, Conversion.Flags(rawValue: 8)]
        ),
        (", ecn: normal, df: set", 64, 0, [.copyClass]),
    ]

    @Test(
        "PX-2 RFC 2003, RFC 2983, RFC 6040 §4.1: the knobs of an outer header", arguments: outerKnobs.indices)
    func outer(index: Int) throws {
        let knob = Self.outerKnobs[index]
        let session = try session(Self.text(tunnel: Self.ipip + knob.keys + " }", user: "").withoutLabels)
        let (local, remote) = (try #require(IPAddress("10.0.0.1")), try #require(IPAddress("192.0.2.9")))
        #expect(
            session.up.push
                == .outer(source: local, destination: remote, ttl: knob.ttl, dscp: knob.dscp, knob.flags))
        #expect(session.up.maximumInnerByteCount == 1480)
        if knob.keys.contains("{") {
            let map = try #require(session.up.classMap)
            #expect(map[46] == 48 && map[45] == 45)
        } else {
            #expect(session.up.classMap == nil)
        }
    }

    @Test("PX-2 RFC 2473: an outer IPv6 header has 40 bytes, and no don't-fragment bit")
    func outerIPv6() throws {
        let text = Self.text(
            tunnel: "ipip: { local: \"2001:db8:f::1\", remote: \"2001:db8:e::9\" }", user: ""
        )
        .withoutLabels
        let (local, remote) = (
            try #require(IPAddress("2001:db8:f::1")), try #require(IPAddress("2001:db8:e::9"))
        )
        let session = try session(text)
        #expect(
            session.up.push == .outer(source: local, destination: remote, ttl: 64, dscp: 0, [.copyClass]))
        #expect(session.up.maximumInnerByteCount == 1460)
        #expect(try tunnel(text).end == .ipip(remote: remote, local: local))
    }

    @Test(
        "PX-4 RFC 2698: policers of sessions by direction, and of tunnels; what isn't given follows from the rates"
    )
    func policers() throws {
        let text = Self.text(
            tunnel:
                "policer: { committed: 100Mbit, peak: 200Mbit, burst: 9000, peakBurst: 18000, yellow: { dscp: af13 }, "
                + "red: { trafficClass: 1 } }, mpls: { send: 16001, receive: 17001 }",
            session:
                ", policer: { up: { committed: 1Mbit, red: pass }, down: { committed: 8kbit, green: drop } }")
        #expect(
            try tunnel(text).policer
                == Tables.Policer(
                    committedBitsPerSecond: 100_000_000, peakBitsPerSecond: 200_000_000,
                    committedBurstByteCount: 9_000, peakBurstByteCount: 18_000, yellow: .dscp(14),
                    red: .trafficClass(1)))
        // 125 ms at 1 Mbit/s are 15,625 bytes; at 8 kbit/s 125, so that the least holds.
        #expect(
            try session(text).up.policer
                == Tables.Policer(
                    committedBitsPerSecond: 1_000_000, peakBitsPerSecond: 1_000_000,
                    committedBurstByteCount: 15_625, peakBurstByteCount: 15_625, red: .pass))
        #expect(
            try session(text).down.policer
                == Tables.Policer(
                    committedBitsPerSecond: 8_000, peakBitsPerSecond: 8_000, committedBurstByteCount: 3_000,
                    peakBurstByteCount: 3_000, green: .drop))
        // One rate: nothing is yellow. Two: the peak bucket takes what the committed one does.
        func bursts(_ policer: String) throws -> [UInt32?] {
            let up = try self.session(Self.text(session: ", policer: { up: { \(policer) } }")).up.policer
            return [up?.committedBurstByteCount, up?.peakBurstByteCount]
        }
        #expect(try bursts("committed: 10Mbit, burst: 20000") == [20_000, 20_000])
        #expect(try bursts("committed: 10Mbit, peak: 10Mbit, burst: 20000") == [20_000, 20_000])
        #expect(try bursts("committed: 8kbit, peak: 16kbit, burst: 9000") == [9_000, 9_000])
        #expect(try bursts("committed: 8kbit, peak: 64Mbit, burst: 9000") == [9_000, 1_000_000])
        #expect(try bursts("committed: 8kbit, burst: 9000, peakBurst: 4000") == [9_000, 4_000])
        let fastest = Self.text(session: ", policer: { up: { committed: 1Tbit } }")
        #expect(try session(fastest).up.policer?.committedBurstByteCount == UInt32(Int32.max))
        #expect(try session(fastest).down.policer == nil && tunnel(fastest).policer == nil)
        _ = Edges.tables(Edges.compile(text))
    }

    @Test("PX-4 segments are held to what a clamping tunnel takes, in both directions")
    func segments() throws {
        let text = Self.text(tunnel: "mssClamp: true, mpls: { send: 16001, receive: 17001 }")
        #expect(try session(text).up.segmentLimit == 1492 && session(text).down.segmentLimit == 1492)
        #expect(try session(Self.text()).up.segmentLimit == nil)
    }

    @Test("PX-4 rules by DSCP, in both directions")
    func dscps() throws {
        let rules = try session(
            Self.text(rules: ", allow: [{ dscp: [ef, af11] }, { protocol: udp, ports: 53, dscp: 0 }, {}]")
        ).rules
        var any = Tables.Rule.any
        any.dscps = 1 << 46 | 1 << 10
        #expect(
            rules == [
                any, Tables.Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: 53...53, dscps: 1), .any,
            ])
    }

    @Test("PX-4 RFC 792, RFC 4443: ICMP types under either version, and what answers them")
    func types() throws {
        let rules = try session(
            Self.text(
                rules: ", allow: [{ protocol: icmp, types: [echo, timestamp, unreachable, time-exceeded, "
                    + "parameter-problem, too-big] }, { protocol: 1, types: [echo, 13, 0, 5] }, "
                    + "{ protocol: 58, types: [echo, 129, 135], dscp: 0 }]")
        ).rules
        func types(_ up4: UInt8, _ down4: UInt8, _ up6: UInt8, _ down6: UInt8, _ dscps: UInt64 = .max)
            -> Tables.Rule
        {
            Tables.Rule(icmpTypes: .init(v4Up: up4, v4Down: down4, v6Up: up6, v6Down: down6), dscps: dscps)
        }
        #expect(
            rules == [
                types(8, 0, 128, 129), types(13, 14, 255, 255), types(3, 3, 1, 1), types(11, 11, 3, 3),
                types(12, 12, 4, 4), types(255, 255, 2, 2),
                types(8, 0, 255, 255), types(13, 14, 255, 255), types(0, 8, 255, 255), types(5, 5, 255, 255),
                types(255, 255, 128, 129, 1), types(255, 255, 129, 128, 1), types(255, 255, 135, 135, 1),
            ])
    }

    @Test("PX-4 subscribers reach one another: a plain network leg on an access port")
    func hairpin() throws {
        let text = Self.text().replacing("{ tunnel: t, send: 100, receive: 200 }", with: "{ port: access0 }")
        let session = try session(text)
        #expect(session.up.nextHop.port == 0 && session.up.push == .nothing)
        #expect(session.down.arrival == Arrival(port: 0))
        _ = Edges.tables(Edges.compile(text))
    }
}

extension String {
    /// A text without its label table, for tunnels that take no labels.
    fileprivate var withoutLabels: String {
        split(separator: "\n").filter { !$0.hasPrefix("labels:") }.joined(separator: "\n") + "\n"
    }
}

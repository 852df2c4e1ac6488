import Packets
import Tables
import Testbed
import Testing
import Wire

/// What goes before a packet, whichever the session's other leg.
@Suite("What is pushed") struct PushTests {
    private static func stack(_ count: Int, _ trafficClass: UInt8 = 0, _ ttl: UInt8 = 0) -> [LabelStackEntry]
    {
        (0..<count).map {
            LabelStackEntry(16000 + UInt32($0), ttl: ttl, trafficClass: trafficClass, bottom: $0 == count - 1)
        }
    }

    @Test(
        "RFC 3032 §2.1, RFC 3443: stacks of one to eight labels, alike in TTL and class, S on the last",
        arguments: 1...8, [4, 6])
    func deepStacks(_ count: Int, _ version: Int) throws {
        let leg = try Leg(.labels(Self.stack(count), [.copyTTL, .copyClass]))
        var datagram = Leg.up(version)
        (datagram.ttl, datagram.trafficClass) = (64, 0xb9)
        let sent = try #require(leg.sent(datagram.bytes))
        datagram.ttl = 63
        #expect(sent.labels == Self.stack(count, 5, 63))
        #expect(sent.datagram == datagram)
        #expect((sent.destination, sent.source) == (Edges.providerMAC, Edges.subscriberMAC))
    }

    @Test("RFC 3443 pipe model: fixed TTL and class on all labels", arguments: [1, 2, 3, 8])
    func fixed(_ count: Int) throws {
        let leg = try Leg(.labels(Self.stack(count, 3, 200), []))
        let sent = try #require(leg.sent(Leg.up().bytes))
        #expect(sent.labels == Self.stack(count, 3, 200))
    }

    @Test("What the flags copy is not mixed with what the entries say")
    func copiedStandsAlone() throws {
        let leg = try Leg(.labels(Self.stack(2, 7, 255), [.copyTTL, .copyClass]))
        var datagram = Leg.up()
        (datagram.ttl, datagram.trafficClass) = (5, 0x20)
        let sent = try #require(leg.sent(datagram.bytes))
        #expect(sent.labels == Self.stack(2, 1, 4))
    }

    @Test(
        "RFC 3270: a class map gives the traffic class, whatever the flags say", arguments: [1, 2, 5],
        [[], .copyClass] as [Conversion.Flags])
    func classMap(_ count: Int, _ flags: Conversion.Flags) throws {
        let map = (0..<64).map { UInt8($0 * 5 % 8) }
        let leg = try Leg(.labels(Self.stack(count, 6, 9), flags)) { $0.up.classMap = map }
        for dscp in 0..<64 as Range<UInt8> {
            var datagram = Leg.up(dscp % 2 == 0 ? 4 : 6)
            datagram.trafficClass = dscp << 2 | 1
            let sent = try #require(leg.sent(datagram.bytes))
            #expect(sent.labels == Self.stack(count, map[Int(dscp)], 9))
            #expect(sent.datagram?.trafficClass == datagram.trafficClass)
        }
    }

    struct Outer: Sendable, CustomStringConvertible {
        let isIPv6: Bool
        let inner: Int
        var description: String { "\(inner)-in-\(isIPv6 ? 6 : 4)" }

        var push: (_ ttl: UInt8, _ dscp: UInt8, _ flags: Conversion.Flags) -> SessionWay.Push {
            { ttl, dscp, flags in
                isIPv6
                    ? .outer(
                        source: .v6(Leg.own6), destination: .v6(Leg.remote6), ttl: ttl, dscp: dscp, flags)
                    : .outer(source: .v4(Leg.own), destination: .v4(Leg.remote), ttl: ttl, dscp: dscp, flags)
            }
        }

        /// The outer packet of an inner one.
        func around(_ inner: Datagram, ttl: UInt8, trafficClass: UInt8, dontFragment: Bool = true) -> Datagram
        {
            let number: IPProtocol = inner.source.version == .v4 ? .ipv4 : .ipv6
            var outer =
                isIPv6
                ? Datagram(.v6(Leg.own6), .v6(Leg.remote6), number, inner.bytes)
                : Datagram(.v4(Leg.own), .v4(Leg.remote), number, inner.bytes)
            (outer.ttl, outer.trafficClass) = (ttl, trafficClass)
            outer.dontFragment = !isIPv6 && dontFragment
            return outer
        }
    }

    static let outers = [false, true].flatMap { isIPv6 in [4, 6].map { Outer(isIPv6: isIPv6, inner: $0) } }

    @Test("RFC 2003, RFC 4213, RFC 2473: fixed TTL and DSCP, ECN out with the packet", arguments: outers)
    func outerFixed(_ outer: Outer) throws {
        let leg = try Leg(outer.push(77, 10, []))
        for ecn in 0..<4 as Range<UInt8> {
            var datagram = Leg.up(outer.inner)
            (datagram.ttl, datagram.trafficClass) = (9, 46 << 2 | ecn)
            let sent = try #require(leg.sent(datagram.bytes))
            datagram.ttl = 8
            #expect(sent.datagram == outer.around(datagram, ttl: 77, trafficClass: 10 << 2 | ecn))
            #expect(sent.etherType == (outer.isIPv6 ? .ipv6 : .ipv4))
        }
    }

    @Test("RFC 2983, RFC 2473 §6.3: TTL as it goes on, and DSCP, copied", arguments: outers)
    func outerCopied(_ outer: Outer) throws {
        let leg = try Leg(outer.push(77, 10, [.copyTTL, .copyClass, .copyDontFragment]))
        for ttl in [2, 3, 64, 128, 255] as [UInt8] {
            var datagram = Leg.up(outer.inner)
            (datagram.ttl, datagram.trafficClass) = (ttl, ttl)
            datagram.dontFragment = outer.inner == 4
            let sent = try #require(leg.sent(datagram.bytes))
            datagram.ttl = ttl - 1
            #expect(sent.datagram == outer.around(datagram, ttl: ttl - 1, trafficClass: ttl))
        }
    }

    @Test("RFC 6040 §4.1: compatibility mode sends Not-ECT, with any DSCP", arguments: outers)
    func compatibleECN(_ outer: Outer) throws {
        for flags in [.compatibleECN, [.compatibleECN, .copyClass]] as [Conversion.Flags] {
            let leg = try Leg(outer.push(64, 10, flags))
            for ecn in 0..<4 as Range<UInt8> {
                var datagram = Leg.up(outer.inner)
                datagram.trafficClass = 46 << 2 | ecn
                let sent = try #require(leg.sent(datagram.bytes))
                #expect(sent.datagram?.trafficClass == (flags.contains(.copyClass) ? 46 : 10) << 2)
            }
        }
    }

    @Test("RFC 2983: a class map gives the outer DSCP; ECN goes out as without", arguments: outers)
    func outerClassMap(_ outer: Outer) throws {
        let map = (0..<64).map { UInt8(63 - $0) }
        let leg = try Leg(outer.push(64, 10, [.copyClass])) { $0.up.classMap = map }
        for dscp in 0..<64 as Range<UInt8> {
            var datagram = Leg.up(outer.inner)
            datagram.trafficClass = dscp << 2 | 2
            let sent = try #require(leg.sent(datagram.bytes))
            #expect(sent.datagram?.trafficClass == (63 - dscp) << 2 | 2)
        }
    }

    @Test("RFC 2003 §3.2: what comes from the tunnel's other end doesn't go into it", arguments: outers)
    func recursion(_ outer: Outer) throws {
        let leg = try Leg(outer.push(64, 0, []))
        let datagram =
            outer.inner == 4
            ? Datagram.udp("10.0.0.2", "198.51.100.7") : .udp("2001:db8:ff::2", "2001:db8:a::7")
        let (packet, bytes) = leg.forward(datagram.bytes)
        if outer.isIPv6 == (outer.inner == 6) {
            #expect(packet.disposition == .dropped && packet.dropReason == .recursiveEncapsulation)
            #expect(bytes == datagram.bytes)
        } else {
            #expect(packet.disposition == .transmit)
        }
    }
}

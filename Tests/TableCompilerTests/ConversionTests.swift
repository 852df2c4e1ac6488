import Exchange
import TableCompiler
import Tables
import Testbed
import Testing
import Wire

@Suite("From sessions to conversions") struct ConversionTests {
    /// A tunnel as the file has it, and what a session in it puts before a packet.
    struct Knob: Sendable, CustomStringConvertible {
        let tunnel: String
        let user: String
        let encapsulation: Conversion.Encapsulation
        let header: [UInt8]
        let flags: Conversion.Flags
        let maximumInnerByteCount: UInt16
        var description: String { tunnel }

        static func mpls(
            _ knobs: String, _ header: [UInt8], _ flags: Conversion.Flags, fits: UInt16 = 1492
        ) -> Knob {
            Knob(
                tunnel: "mpls: { \(knobs) }", user: ", send: 100042, receive: 200042", encapsulation: .mpls,
                header: header, flags: flags, maximumInnerByteCount: fits)
        }
        static func ipip(
            _ knobs: String, dscp: UInt8, ttl: UInt8, checksum: [UInt8], _ flags: Conversion.Flags
        )
            -> Knob
        {
            Knob(
                tunnel: "ipip: { local: 10.0.0.1, remote: 192.0.2.9\(knobs) }", user: "",
                encapsulation: .ipv4,
                header: [0x45, dscp << 2, 0, 0, 0, 0, 0, 0, ttl, 0] + checksum + [10, 0, 0, 1, 192, 0, 2, 9],
                flags: flags, maximumInnerByteCount: 1480)
        }
    }

    /// Label 16001 is 0x03e81, 100042 is 0x186ca. An outer header comes with the sum over its TTL and
    /// addresses: 0x4000 + 0x0a00 + 0x0001 + 0xc000 + 0x0209 = 0x10c0a, folded 0x0c0b.
    static let knobs: [Knob] = [
        .mpls(
            "send: 16001, receive: 17001", [0x03, 0xe8, 0x10, 0, 0x18, 0x6c, 0xa1, 0], [.copyTTL, .copyClass]),
        .mpls(
            "send: 16001, receive: 17001, ttl: pipe", [0x03, 0xe8, 0x10, 255, 0x18, 0x6c, 0xa1, 255],
            [.copyClass]),
        .mpls(
            "send: 16001, receive: 17001, ttl: 32, trafficClass: 5",
            [0x03, 0xe8, 0x1a, 32, 0x18, 0x6c, 0xab, 32], []),
        .mpls(
            "null: explicit, receive: 17001", [0, 0, 0, 0, 0x18, 0x6c, 0xa1, 0], [.copyTTL, .copyClass]),
        .mpls(
            "null: implicit, receive: 17001", [0x18, 0x6c, 0xa1, 0], [.copyTTL, .copyClass], fits: 1496),
        .mpls("send: 16001, php: true", [0x03, 0xe8, 0x10, 0, 0x18, 0x6c, 0xa1, 0], [.copyTTL, .copyClass]),
        .ipip("", dscp: 0, ttl: 64, checksum: [0x0c, 0x0b], [.copyClass, .copyDontFragment]),
        .ipip(", ttl: 32", dscp: 0, ttl: 32, checksum: [0xec, 0x0a], [.copyClass, .copyDontFragment]),
        .ipip(", dscp: 46", dscp: 46, ttl: 64, checksum: [0x0c, 0x0b], [.copyDontFragment]),
        .ipip(", df: set", dscp: 0, ttl: 64, checksum: [0x0c, 0x0b], [.copyClass]),
    ]

    @Test("PX-2 the header of every kind of tunnel, with every knob", arguments: knobs)
    func header(_ knob: Knob) {
        let tables = Edges.tables(Edges.compile(Self.exchange(knob))).publication
        let up = conversion(tables, 0)
        #expect(up.encapsulation == knob.encapsulation)
        #expect(Array(up.headerBytes.suffix(Int(up.headerByteCount))) == knob.header)
        #expect(up.headerBytes.prefix(40 - knob.header.count).allSatisfy { $0 == 0 })
        #expect(up.flags == knob.flags)
        #expect(up.maximumInnerByteCount == knob.maximumInnerByteCount)
        #expect(up.arrival == Arrival(port: 0))

        let down = conversion(tables, 1)
        #expect(down.encapsulation == .plain)
        #expect(down.headerByteCount == 0)
        #expect(down.arrival == Arrival(tunnel: TunnelIndex(rawValue: 0)))
    }

    private func conversion(_ tables: TablesPublication, _ index: UInt32) -> Conversion {
        withExtendedLifetime(tables) {
            tables.view.conversion(ConversionIndex(rawValue: index)).pointee
        }
    }

    @Test(
        "PX-3 the way back: a user label has its meaning under its path label, or alone on the port with php",
        arguments: [false, true])
    func userLabels(php: Bool) throws {
        let knob = Knob.mpls("send: 16001, \(php ? "php: true" : "receive: 17001, ttl: pipe")", [], [])
        let compiled = Edges.compile(Self.exchange(knob))
        let session = try #require(compiled.sessionObjects.first)
        let label = try #require(session.down.userLabel)
        #expect(session.up.userLabel == nil)
        #expect(label.context == (php ? .port(1) : .tunnel(TunnelIndex(rawValue: 0))))
        #expect(label.label == Label(rawValue: 200042))
        let tunnel = TunnelObject(
            slot: TunnelIndex(rawValue: 0), port: 1,
            end: .mpls(receive: php ? nil : Label(rawValue: 17001), handsOnTTL: php))
        #expect(compiled.transaction.changes.contains(.set(.tunnel(tunnel))))
        let tables = Edges.tables(compiled).publication
        let found = withExtendedLifetime(tables) {
            tables.view.userLabel(label.label, in: label.context)
        }
        #expect(found == ConversionIndex(SessionIndex(rawValue: 0), .down))
    }

    @Test("PX-1 a session between two tunnels converts in both directions")
    func transit() throws {
        let compiled = Edges.compile(
            """
            ports: { core0: { tap: c0, role: network, addresses: [10.0.0.1/24] } }
            lines: { north: { port: core0, nextHop: 10.0.0.2 } }
            providers: { acme: }
            services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
            tunnels:
              labels: { line: north, mpls: { send: 16001, receive: 17001 } }
              outer:  { line: north, ipip: { local: 10.0.0.1, remote: 192.0.2.9 } }
            subscribers: { alice: { addresses: [10.1.0.5] } }
            conditions: [{ subscriber: alice, service: video }]
            sessions:
              s: { subscriber: alice, service: video, access: { tunnel: labels, send: 100, receive: 200 },
                   network: { tunnel: outer } }

            """)
        let tables = Edges.tables(compiled).publication
        let (up, down) = (conversion(tables, 0), conversion(tables, 1))
        #expect((up.arrival.isTunnel, up.arrival.index, up.encapsulation) == (true, 0, .ipv4))
        #expect((down.arrival.isTunnel, down.arrival.index, down.encapsulation) == (true, 1, .mpls))
        let session = try #require(compiled.sessionObjects.first)
        #expect((session.up.userLabel?.label, session.down.userLabel) == (Label(rawValue: 200), nil))
        let remote = try #require(IPv4Address("192.0.2.9"))
        let local = try #require(IPv4Address("10.0.0.1"))
        let tunnel = withExtendedLifetime(tables) { tables.view.tunnel(from: remote, to: local) }
        #expect(tunnel == TunnelIndex(rawValue: 1))
    }

    private static func exchange(_ knob: Knob) -> String {
        """
        ports:
          access0: { tun: a0, role: access }
          core0: { tap: c0, role: network, addresses: [10.0.0.1/24] }
        lines: { north: { port: core0, nextHop: 10.0.0.2 } }
        providers: { acme: }
        services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
        tunnels: { t: { line: north, \(knob.tunnel) } }
        subscribers: { alice: { port: access0, addresses: [10.1.0.5] } }
        conditions: [{ subscriber: alice, service: video }]
        sessions:
          s: { subscriber: alice, service: video, access: { port: access0 },
               network: { tunnel: t\(knob.user) } }

        """
    }
}

extension Conversion {
    /// All 40 bytes of the prebaked header, as they lie in memory.
    var headerBytes: [UInt8] {
        [header.0, header.1, header.2, header.3, header.4].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
    }
}

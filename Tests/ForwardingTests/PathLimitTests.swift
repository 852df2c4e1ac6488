import Packets
import Tables
import Testbed
import Testing
import Wire

/// What a packet may be long, where a tunnel's path is narrower than its line, and who is told.
@Suite("Path MTU, and who is told of errors") struct PathLimitTests {
    private static let outer4 = SessionWay.Push.outer(
        source: .v4(Leg.own), destination: .v4(Leg.remote), ttl: 64, dscp: 0, [])
    private static let outer6 = SessionWay.Push.outer(
        source: .v6(Leg.own6), destination: .v6(Leg.remote6), ttl: 64, dscp: 0, [])

    /// A packet that may not be fragmented, of so many bytes.
    private static func packet(_ version: Int, _ byteCount: Int) -> [UInt8] {
        var datagram = Leg.up(version, byteCount: byteCount - (version == 4 ? 28 : 48))
        datagram.dontFragment = version == 4
        precondition(datagram.byteCount == byteCount)
        return datagram.bytes
    }

    /// The longest packet that goes through.
    private func limit(_ leg: Leg, _ version: Int) -> Int? {
        (60...1420).last { leg.forward(Self.packet(version, $0)).packet.disposition == .transmit }
    }

    @Test("RFC 2003 §5.1, RFC 2473 §7: learned path MTUs bound the inner packet, down to what IP must take")
    func learned() throws {
        for (push, overhead) in [(Self.outer4, 20), (Self.outer6, 40)] {
            let leg = try Leg(push)
            #expect(limit(leg, 4) == 1400 && limit(leg, 6) == 1400)
            leg.worker.setPathMTU(1380, of: Leg.tunnel)
            #expect(limit(leg, 4) == 1380 - overhead && limit(leg, 6) == 1380 - overhead)
            leg.worker.setPathMTU(1000, of: Leg.tunnel)
            #expect(limit(leg, 4) == 1000 - overhead && limit(leg, 6) == 1280)
            leg.worker.setPathMTU(20, of: Leg.tunnel)
            #expect(limit(leg, 4) == 68)
            leg.worker.setPathMTU(nil, of: Leg.tunnel)
            #expect(limit(leg, 4) == 1400)
        }
    }

    @Test("A label stack's path isn't the tunnel's MTU")
    func labels() throws {
        let leg = try Leg(.labels([LabelStackEntry(16001, bottom: true)], [.copyTTL])) {
            $0.up.segmentLimit = 1300
        }
        leg.worker.setPathMTU(1000, of: Leg.tunnel)
        #expect(limit(leg, 4) == 1400)
    }

    @Test("RFC 791: what may be fragmented is, to the learned limit")
    func fragments() throws {
        let leg = try Leg(Self.outer4)
        leg.worker.setPathMTU(1000, of: Leg.tunnel)
        let packet = leg.forward(Leg.up(byteCount: 953).bytes).packet
        #expect(packet.disposition == .punt && packet.punt == .fragment)
        #expect(leg.worker.view.maximumInnerByteCount(ConversionIndex(rawValue: packet.counter), .v4) == 980)
        #expect(leg.forward(Leg.up(byteCount: 952).bytes).packet.disposition == .transmit)
    }

    @Test("A port that sends no errors drops what others tell of", arguments: [true, false])
    func silent(_ sendsErrors: Bool) throws {
        let leg = try Leg(Self.outer4, sendsErrors: sendsErrors)
        var dying = Leg.up()
        dying.ttl = 1
        let cases: [([UInt8], Punt, DropReason)] = [
            (dying.bytes, .ttlExpired, .ttlExpired), (Self.packet(4, 1401), .tooBig, .tooBig),
            (Self.packet(6, 1401), .tooBig, .tooBig),
        ]
        for (bytes, punt, reason) in cases {
            let (packet, after) = leg.forward(bytes)
            if sendsErrors {
                #expect(packet.disposition == .punt && packet.punt == punt)
            } else {
                #expect(packet.disposition == .dropped && packet.dropReason == reason)
            }
            #expect(after == bytes)
        }
        // Fragments are no errors.
        #expect(leg.forward(Leg.up(byteCount: 1400).bytes).packet.punt == .fragment)
    }

    @Test("Out of a tunnel senders are told as well", arguments: [true, false])
    func outOfTunnel(_ sendsErrors: Bool) throws {
        let leg = try Leg(sendsErrors: sendsErrors)
        var datagram = Datagram.udp("198.51.100.7", "10.1.0.5", byteCount: 1400)
        datagram.dontFragment = true
        let stack = [LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)]
        let packet = leg.forward(Leg.labelled(stack, datagram.bytes), from: Leg.core).packet
        #expect(packet.counter == ConversionIndex(SessionIndex(rawValue: 0), .down).rawValue)
        if sendsErrors {
            #expect(packet.disposition == .punt && packet.punt == .tooBig)
        } else {
            #expect(packet.disposition == .dropped && packet.dropReason == .tooBig)
        }
    }
}

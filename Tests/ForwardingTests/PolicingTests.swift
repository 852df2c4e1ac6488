import Packets
import Tables
import Testbed
import Testing
import Trace
import Wire

/// Policers on the way of packets: RFC 2698, and what becomes of each colour.
@Suite("Policing") struct PolicingTests {
    /// 1 Mbit/s with 1,000 bytes of burst, twice as much at the peak.
    private static func policer(
        green: Policer.Action = .pass, yellow: Policer.Action = .pass, red: Policer.Action = .drop
    ) -> Policer {
        Policer(
            committedBitsPerSecond: 1_000_000, peakBitsPerSecond: 2_000_000, committedBurstByteCount: 1000,
            peakBurstByteCount: 2000, green: green, yellow: yellow, red: red)
    }

    private static let labels = SessionWay.Push.labels(
        [LabelStackEntry(16001), LabelStackEntry(100042, bottom: true)], [.copyTTL, .copyClass])

    /// 500 bytes.
    private static let datagram = Leg.up(byteCount: 472)

    private func colours(_ leg: Leg) -> [String] {
        leg.steps.compactMap {
            if case .policed(let owner, let colour, _) = $0 { "\(owner) \(colour)" } else { nil }
        }
    }

    @Test("Beyond the peak packets are dropped, as they came, and time lets further ones through")
    func drops() throws {
        let leg = try Leg(Self.labels) { $0.up.policer = Self.policer() }
        func isSent(at time: UInt64) -> Bool {
            let (packet, bytes) = leg.forward(Self.datagram.bytes, at: time)
            if packet.disposition == .dropped {
                #expect(packet.dropReason == .policed && bytes == Self.datagram.bytes)
            }
            return packet.disposition == .transmit
        }
        #expect((0..<6).map { _ in isSent(at: 7) } == [true, true, true, true, false, false])
        // 500 bytes at 2 Mbit/s: 2 ms.
        #expect(!isSent(at: 7 + 1_999_999))
        #expect(isSent(at: 7 + 2_000_000))
        #expect(!isSent(at: 7 + 2_000_000))
        // The buckets are full again, and not more than full.
        #expect((0..<6).map { _ in isSent(at: 1 << 62) } == [true, true, true, true, false, false])
    }

    @Test("Both directions of a session have policers of their own")
    func directions() throws {
        let leg = try Leg(Self.labels) {
            $0.up.policer = Self.policer()
            $0.down.policer = Self.policer()
        }
        for _ in 0..<5 { _ = leg.forward(Self.datagram.bytes) }
        #expect(leg.forward(Self.datagram.bytes).packet.disposition == .dropped)
        let down = Datagram.udp("198.51.100.7", "10.1.0.5", byteCount: 472)
        let frame = Leg.labelled([LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)], down.bytes)
        #expect(leg.forward(frame, from: Leg.core).packet.disposition == .transmit)
    }

    @Test("The session's policer comes first; what it drops the tunnel's never meters")
    func order() throws {
        let narrow = Policer(
            committedBitsPerSecond: 1, peakBitsPerSecond: 1, committedBurstByteCount: 500,
            peakBurstByteCount: 500)
        let leg = try Leg(Self.labels, tunnelPolicer: Self.policer()) { $0.up.policer = narrow }
        #expect(leg.sent(Self.datagram.bytes) != nil)
        #expect(colours(leg) == ["session green", "tunnel green"])
        for _ in 0..<10 {
            #expect(leg.forward(Self.datagram.bytes).packet.dropReason == .policed)
            #expect(colours(leg) == ["session red"])
        }
        let place = leg.worker.view.tunnel(Leg.tunnel).policer
        #expect(leg.worker.view.meter(place, byteCount: 1500, at: 0) == .yellow)
        #expect(leg.worker.view.meter(place, byteCount: 1, at: 0) == .red)
    }

    @Test(
        "A colour's DSCP is written into the packet before it is encapsulated, ECN kept", arguments: [4, 6])
    func marksDSCP(_ version: Int) throws {
        let leg = try Leg(Self.labels) {
            $0.up.policer = Self.policer(green: .dscp(10), yellow: .dscp(12), red: .dscp(14))
        }
        var datagram = Leg.up(version, byteCount: 900)
        datagram.trafficClass = 46 << 2 | 1
        for expected in [10, 12, 14] as [UInt8] {
            let sent = try #require(leg.sent(datagram.bytes))
            #expect(sent.datagram?.trafficClass == expected << 2 | 1)
            #expect(sent.labels.map(\.trafficClass) == [expected >> 3, expected >> 3])
            let remarked = leg.steps.contains {
                if case .remarked(from: 46, to: expected) = $0 { true } else { false }
            }
            #expect(remarked)
        }
    }

    @Test("A colour's traffic class goes into the labels, over the class map; the packet stays")
    func marksTrafficClass() throws {
        let leg = try Leg(Self.labels) {
            $0.up.policer = Self.policer(green: .trafficClass(6), yellow: .trafficClass(0), red: .pass)
            $0.up.classMap = Array(repeating: 3, count: 64)
        }
        var datagram = Leg.up(byteCount: 900)
        datagram.trafficClass = 46 << 2
        for expected in [6, 0, 3] as [UInt8] {
            let sent = try #require(leg.sent(datagram.bytes))
            #expect(sent.labels.map(\.trafficClass) == [expected, expected])
            #expect(sent.datagram?.trafficClass == datagram.trafficClass)
        }
    }

    @Test("The traffic class has no effect without labels")
    func trafficClassElsewhere() throws {
        let leg = try Leg(
            .outer(source: .v4(Leg.own), destination: .v4(Leg.remote), ttl: 64, dscp: 0, [.copyClass])
        ) { $0.up.policer = Self.policer(green: .trafficClass(6)) }
        var datagram = Leg.up()
        datagram.trafficClass = 46 << 2
        #expect(leg.sent(datagram.bytes)?.datagram?.trafficClass == 46 << 2)
    }

    @Test("The last policer's word stands; a drop leaves the packet as it came")
    func twoActions() throws {
        let leg = try Leg(Self.labels, tunnelPolicer: Self.policer(green: .dscp(20))) {
            $0.up.policer = Self.policer(green: .dscp(10), yellow: .dscp(11), red: .dscp(12))
        }
        #expect(leg.sent(Self.datagram.bytes)?.datagram?.trafficClass == 20 << 2)
        for _ in 0..<3 { _ = leg.forward(Self.datagram.bytes) }
        let (packet, bytes) = leg.forward(Self.datagram.bytes)
        #expect(packet.dropReason == .policed && bytes == Self.datagram.bytes)
    }

    @Test("What can't go on anyway isn't metered: TTL, length, next hop")
    func metersOnlyWhatGoesOn() throws {
        let leg = try Leg(Self.labels, isResolved: false) { $0.up.policer = Self.policer() }
        var dying = Self.datagram
        dying.ttl = 1
        var long = Leg.up(byteCount: 1400)
        long.dontFragment = true
        #expect(leg.forward(dying.bytes).packet.punt == .ttlExpired)
        #expect(leg.forward(long.bytes).packet.punt == .tooBig)
        #expect(leg.forward(Leg.up(byteCount: 1400).bytes).packet.punt == .fragment)
        #expect(leg.forward(Self.datagram.bytes).packet.punt == .resolve)
        let place = leg.worker.view.treatment(ConversionIndex(rawValue: 0)).pointee.policer
        #expect(leg.worker.view.meter(place, byteCount: 1000, at: 0) == .green)
    }

    @Test("What we originate goes as it is: no hop off it, not policed, on nobody's bill")
    func originated() throws {
        let leg = try Leg(Self.labels, tunnelPolicer: Self.policer()) { $0.up.policer = Self.policer() }
        for _ in 0..<20 {
            let (packet, bytes) = leg.originate(Self.datagram.bytes)
            #expect(packet.disposition == .transmit && packet.counter == Packet.noCounter)
            let sent = try #require(Frame(bytes))
            #expect(sent.datagram == Self.datagram)
            #expect(sent.labels.map(\.ttl) == [64, 64])
        }
        #expect(colours(leg).isEmpty)
        // Nobody is told of an answer's end.
        let long = leg.originate(Leg.up(byteCount: 1400).bytes).packet
        #expect(long.disposition == .dropped && long.dropReason == .tooBig)
        var last = Self.datagram
        last.ttl = 1
        #expect(leg.originate(last.bytes).packet.disposition == .transmit)
    }
}

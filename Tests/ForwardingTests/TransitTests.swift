import Packets
import Tables
import Testbed
import Testing
import Wire

/// Transit labels: deep stacks in and out, and what their packets can die of.
@Suite("Transit labels") struct TransitTests {
    private static let payload = Datagram.udp("192.0.2.1", "192.0.2.2")

    private static func top(_ ttl: UInt8 = 9, bottom: Bool = false) -> LabelStackEntry {
        LabelStackEntry(Leg.transitLabel, ttl: ttl, trafficClass: 3, bottom: bottom)
    }
    private static func below(_ count: Int) -> [LabelStackEntry] {
        (0..<count).map {
            LabelStackEntry(100 + UInt32($0), ttl: 50, trafficClass: 1, bottom: $0 == count - 1)
        }
    }
    private static func frame(_ below: Int, ttl: UInt8 = 9, _ payload: Datagram = Self.payload) -> [UInt8] {
        Leg.labelled([top(ttl, bottom: below == 0)] + self.below(below), payload.bytes)
    }

    @Test(
        "RFC 3031 §3.10: one label becomes one to eight, TTL less one, class kept on each", arguments: 1...8,
        [0, 1, 7])
    func swaps(_ count: Int, _ below: Int) throws {
        let labels = (0..<count).map { 18001 + UInt32($0) }
        let sent = try #require(Leg(transit: labels).sent(Self.frame(below), from: Leg.core))
        let expected = labels.enumerated().map {
            LabelStackEntry($1, ttl: 8, trafficClass: 3, bottom: below == 0 && $0 == count - 1)
        }
        #expect(sent.labels == expected + Self.below(below))
        #expect(sent.datagram == Self.payload)
    }

    @Test("RFC 3443 §3.3: popped, and up to eight labels put on what it exposes", arguments: [0, 1, 3, 8])
    func popsAndPushes(_ count: Int) throws {
        let labels = (0..<count).map { 18001 + UInt32($0) }
        let leg = try Leg(transit: labels, pops: true)
        let sent = try #require(leg.sent(Self.frame(2), from: Leg.core))
        var exposed = Self.below(2)
        exposed[0].ttl = 8
        #expect(sent.labels == labels.map { LabelStackEntry($0, ttl: 8, trafficClass: 3) } + exposed)
    }

    @Test(
        "RFC 3032 §2.4.2: a TTL that ends is told of, with the NHLFE and the stack as it came",
        arguments: [0, 1])
    func timeToLive(_ ttl: UInt8) throws {
        let frame = Self.frame(2, ttl: ttl)
        let (packet, bytes) = try Leg().forward(frame, from: Leg.core)
        #expect(packet.disposition == .punt && packet.punt == .labelTTLExpired)
        #expect(packet.adjacency == Leg.transitLabel && packet.counter == Packet.noCounter)
        #expect(packet.networkOffset == 14 && bytes == frame)
        let silent = try Leg(sendsErrors: false).forward(frame, from: Leg.core).packet
        #expect(silent.disposition == .dropped && silent.dropReason == .ttlExpired)
    }

    @Test(
        "RFC 3032 §3.4: what is too long with its new stack is the slow path's, IPv4 or not",
        arguments: [true, false])
    func tooBig(_ sendsErrors: Bool) throws {
        let leg = try Leg(sendsErrors: sendsErrors, transit: [1, 2, 3].map { 18000 + $0 })
        var payload = Self.payload
        // Line MTU 1,500: three labels, one below them, and this.
        payload.payload += [UInt8](repeating: 0, count: 1484 - payload.byteCount)
        #expect(leg.sent(Self.frame(1, payload), from: Leg.core)?.payload.count == 1484)
        payload.payload.append(0)
        let frame = Self.frame(1, payload)
        let (packet, bytes) = leg.forward(frame, from: Leg.core)
        #expect(packet.disposition == .punt && packet.punt == .labelTooBig)
        #expect(packet.adjacency == Leg.transitLabel && packet.networkOffset == 14 && bytes == frame)
    }

    @Test("RFC 3032 §2.3.2: what we originate goes along the path with its TTL whole")
    func originated() throws {
        let leg = try Leg(transit: [18001, 18002])
        let stack = [
            LabelStackEntry(Leg.transitLabel, ttl: 255), LabelStackEntry(99, ttl: 255, bottom: true),
        ]
        let (packet, bytes) = leg.originate(stack.flatMap { octets($0.rawValue) } + Self.payload.bytes, nil)
        #expect(packet.disposition == .transmit && packet.counter == Packet.noCounter)
        let sent = try #require(Frame(bytes))
        #expect(sent.labels.map(\.ttl) == [255, 255, 255])
        #expect(sent.labels.map(\.label.rawValue) == [18001, 18002, 99])
        #expect(sent.datagram == Self.payload)

        let popped = try Leg(transit: [], pops: true)
        let bottom = LabelStackEntry(Leg.transitLabel, ttl: 255, bottom: true)
        let exposed = popped.originate(octets(bottom.rawValue) + Self.payload.bytes, nil)
        #expect(Frame(exposed.bytes)?.datagram == Self.payload)
    }

    @Test(
        "RFC 3443 §3.4: below explicit nulls a label goes on with what the topmost one said", arguments: 1...7
    )
    func belowNulls(_ count: Int) throws {
        var nulls = [LabelStackEntry(0, ttl: 20, trafficClass: 6)]
        for place in 1..<8 { nulls.append(LabelStackEntry(UInt32(place % 2 * 2), ttl: 1, trafficClass: 1)) }
        nulls.removeLast(8 - count)
        let frame = Leg.labelled(nulls + [Self.top()] + Self.below(2), Self.payload.bytes)
        let swapped = try #require(Leg(transit: [18001]).sent(frame, from: Leg.core))
        #expect(swapped.labels == [LabelStackEntry(18001, ttl: 19, trafficClass: 6)] + Self.below(2))
        #expect(swapped.datagram == Self.payload)
        var exposed = Self.below(2)
        exposed[0].ttl = 19
        #expect(try Leg(transit: [], pops: true).sent(frame, from: Leg.core)?.labels == exposed)
    }

    @Test("RFC 3032 §2.4.2: it is the topmost null's TTL that ends", arguments: [0, 1])
    func timeToLiveBelowNull(_ ttl: UInt8) throws {
        let frame = Leg.labelled(
            [LabelStackEntry(0, ttl: ttl), Self.top(40)] + Self.below(1), Self.payload.bytes)
        let packet = try Leg().forward(frame, from: Leg.core).packet
        #expect(packet.disposition == .punt && packet.punt == .labelTTLExpired)
        #expect(packet.adjacency == Leg.transitLabel && packet.networkOffset == 18)
    }

    @Test("Every truncation of a deep stack is dropped or leaves in order")
    func truncated() throws {
        let legs = try [
            Leg(transit: [1, 2, 3].map { 18000 + $0 }), Leg(transit: [], pops: true),
            Leg(transit: [18001], pops: true),
        ]
        let frame = Self.frame(7)
        for leg in legs {
            for byteCount in 14..<frame.count {
                let (packet, bytes) = leg.forward(Array(frame.prefix(byteCount)), from: Leg.core)
                guard packet.disposition == .transmit else {
                    #expect(packet.disposition == .dropped)
                    continue
                }
                #expect(bytes.count >= 18)
            }
        }
    }
}

import Packets
import Tables
import Testbed
import Testing
import Wire

/// MPLS in UDP (RFC 7510): beta's tunnel between the edges is one here.
@Suite("MPLS in UDP") struct MPLSInUDPTests {
    struct Kind: Sendable, CustomStringConvertible {
        let local: String
        let remote: String
        /// Of the first edge; the other end's are the same, the other way round.
        var path: (send: Int, receive: Int)?
        var settings = ""

        var isIPv6: Bool { local.contains(":") }
        var byteCount: Int { (isIPv6 ? 48 : 28) + (path == nil ? 4 : 8) }
        var description: String { isIPv6 ? "over IPv6\(settings)" : "over IPv4\(settings)" }

        /// A tunnel as a file has it.
        func text(isFirst: Bool) -> String {
            let ends = isFirst ? (local, remote) : (remote, local)
            let labels = path.map { isFirst ? ($0.send, $0.receive) : ($0.receive, $0.send) }
            let path = labels.map { ", send: \($0.0), receive: \($0.1)" } ?? ""
            return "mplsudp: { local: \"\(ends.0)\", remote: \"\(ends.1)\"\(path)\(settings) }"
        }
    }

    private static let (ends6, ends4) = (
        ("2001:db8:99::1", "2001:db8:99::2"), ("10.0.0.1", "10.0.0.2")
    )
    static let kinds = [
        Kind(local: ends4.0, remote: ends4.1),
        Kind(local: ends4.0, remote: ends4.1, settings: ", checksum: on, ttl: copy, ecn: compatibility"),
        Kind(local: ends4.0, remote: ends4.1, path: (16900, 17900)),
        Kind(local: ends6.0, remote: ends6.1),
        Kind(local: ends6.0, remote: ends6.1, path: (16900, 17900), settings: ", checksum: off"),
    ]
    static let trips = Trip.all.filter { $0.session == "alice-music" }

    private static func edges(_ kind: Kind) -> (subscriber: Loop, provider: Loop) {
        func edge(_ text: String, _ ipip: String, isFirst: Bool) -> Loop {
            let leg = isFirst ? ", send: 100044, receive: 200044" : ", send: 200044, receive: 100044"
            let name = isFirst ? "beta-west" : "beta-south"
            let changed = text.replacing(ipip, with: kind.text(isFirst: isFirst))
                .replacing("{ tunnel: \(name) }", with: "{ tunnel: \(name)\(leg) }")
                .replacing("mtu: 1320", with: "mtu: 1400")
            precondition(changed.contains("mplsudp") && changed.contains("044"))
            return Loop(changed)
        }
        return (
            edge(Edges.subscriberEdge, "ipip: { local: 10.0.0.1, remote: 10.0.0.2 }", isFirst: true),
            edge(Edges.providerEdge, "ipip: { local: 10.0.0.2, remote: 10.0.0.1 }", isFirst: false)
        )
    }

    private static func frame(_ outer: [UInt8], at edge: MACAddress = Edges.subscriberMAC) -> [UInt8] {
        Frame(
            to: edge, from: edge == Edges.subscriberMAC ? Edges.providerMAC : Edges.subscriberMAC,
            outer[0] >> 4 == 6 ? .ipv6 : .ipv4, outer
        ).bytes
    }

    @Test(
        "PX-1 PX-3 CD-5 encapsulated and decapsulated, a packet is the same but for a TTL less by two",
        arguments: kinds, trips)
    func comesBack(_ kind: Kind, _ trip: Trip) throws {
        let edges = Self.edges(kind)
        let (first, second) =
            trip.direction == .up ? (edges.subscriber, edges.provider) : (edges.provider, edges.subscriber)
        for seed in SeededGenerator.seeds {
            var generator = SeededGenerator(seed: seed)
            for _ in 0..<40 {
                var datagram = trip.randomDatagram(&generator)
                let sent = first.forward(trip.frame(datagram), from: trip.arrival)
                guard case .sent("core0", let frame, let counter, let metered) = sent else {
                    Issue.record("\(datagram): \(sent)")
                    continue
                }
                #expect(counter == first.counter(trip.session, trip.direction))
                #expect(Int(metered) == datagram.byteCount)
                #expect(frame.count == 14 + kind.byteCount + datagram.byteCount)
                let arrived = second.forward(frame, from: "core0")
                guard case .sent(trip.departure, let last, let counterThere, _) = arrived else {
                    Issue.record("\(datagram): \(arrived)")
                    continue
                }
                #expect(counterThere == second.counter(trip.session, trip.direction))
                datagram.ttl -= 2
                #expect(trip.datagram(last) == datagram)
            }
        }
    }

    private static func ports(_ outer: Datagram) -> (source: UInt16, destination: UInt16) {
        let bytes = outer.payload
        return (UInt16(bytes[0]) << 8 | UInt16(bytes[1]), UInt16(bytes[2]) << 8 | UInt16(bytes[3]))
    }

    @Test("RFC 7510 §3: flows are spread over source ports from 49152 on, and each has one", arguments: kinds)
    func entropy(_ kind: Kind) throws {
        let edge = Self.edges(kind).subscriber
        var ports: [UInt16: Set<UInt16>] = [:]
        for flow in UInt16(1)...200 {
            for byteCount in [0, 700] {
                let packet = Datagram.udp(
                    "10.1.0.5", "203.0.113.9", ports: (flow, 443), byteCount: byteCount)
                let frame = try #require(edge.forward(packet.bytes, from: "access0").frame)
                let outer = try #require(Frame(frame)?.datagram)
                #expect(outer.protocol == .udp && Self.ports(outer).destination == 6635)
                ports[flow, default: []].insert(Self.ports(outer).source)
            }
        }
        #expect(ports.values.allSatisfy { $0.count == 1 && $0.allSatisfy { $0 >= 49_152 } })
        // Of 16,384 ports, 200 flows miss one another nearly always.
        #expect(Set(ports.values.compactMap(\.first)).count > 180)
    }

    /// A packet that has come to the subscriber's edge.
    private static func arriving(_ kind: Kind, checksum: (UInt16) -> UInt16 = { $0 }) throws -> [UInt8] {
        let sent = edges(kind).provider.forward(
            Datagram.udp("203.0.113.9", "10.1.0.5", byteCount: 333).bytes, from: "server0")
        var frame = try #require(sent.frame)
        let field = 14 + (kind.isIPv6 ? 40 : 20) + 6
        let changed = checksum(UInt16(frame[field]) << 8 | UInt16(frame[field + 1]))
        (frame[field], frame[field + 1]) = (UInt8(changed >> 8), UInt8(changed & 0xff))
        return frame
    }

    @Test("RFC 768, RFC 7510 §3.1: a wrong checksum is found wherever a bit has changed")
    func damaged() throws {
        let kind = Self.kinds[3]
        let frame = try Self.arriving(kind)
        let edge = Self.edges(kind).subscriber
        #expect(edge.forward(frame, from: "core0").frame != nil)
        var seen: Set<String> = []
        for bit in stride(from: (14 + 40 + 8) * 8, to: frame.count * 8, by: 13) {
            var damaged = frame
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            seen.insert("\(edge.forward(damaged, from: "core0"))")
        }
        #expect(seen == ["\(Outcome.dropped(.badUDPChecksum))"])
    }

    @Test("A checksum that the host or a network card has vouched for isn't looked at again")
    func vouched() throws {
        let kind = Self.kinds[3]
        let frame = try Self.arriving(kind) { $0 ^ 0x0100 }
        let edge = Self.edges(kind).subscriber
        let vector = PacketVector(capacity: 2, slotByteCount: 2048)
        for isSound in [false, true] {
            frame.withUnsafeBytes { vector.append($0, timestamp: 0) }
            vector[vector.count - 1].hasSoundChecksum = isSound
        }
        edge.forward(vector, from: edge.port("core0"))
        #expect(edge.outcome(vector, 0) == .dropped(.badUDPChecksum))
        #expect(edge.outcome(vector, 1).frame != nil)
    }

    @Test("RFC 768: a length that is no datagram's, or more than has come, is called by its name")
    func lengths() throws {
        let kind = Self.kinds[0]
        let frame = try Self.arriving(kind)
        let edge = Self.edges(kind).subscriber
        let field = 14 + 20 + 4
        let length = frame.count - 14 - 20
        for (stated, isBad) in [(0, true), (7, true), (length, false), (length + 1, true), (0xffff, true)] {
            var changed = frame
            (changed[field], changed[field + 1]) = (UInt8(stated >> 8), UInt8(stated & 0xff))
            let outcome = edge.forward(changed, from: "core0")
            #expect((outcome == .dropped(.badUDPLength)) == isBad, "\(stated)")
            #expect((outcome.frame != nil) == !isBad, "\(stated)")
        }
    }

    @Test("RFC 6936: none over IPv6 only where the tunnel says so", arguments: kinds)
    func missing(_ kind: Kind) throws {
        let frame = try Self.arriving(kind) { _ in 0 }
        let outcome = Self.edges(kind).subscriber.forward(frame, from: "core0")
        if kind.isIPv6 && !kind.settings.contains("off") {
            #expect(outcome == .dropped(.missingUDPChecksum))
        } else {
            #expect(outcome.frame != nil)
        }
    }

    @Test("What leaves in UDP says that its header is our own, and nothing else does")
    func own() {
        let edge = Self.edges(Self.kinds[0]).subscriber
        let music = edge.packet(Datagram.udp("10.1.0.5", "203.0.113.9").bytes, from: "access0")
        let video = edge.packet(
            Datagram.udp("10.1.0.5", "198.51.100.7", ports: (1, 5004)).bytes, from: "access0")
        #expect(music.disposition == .transmit && music.isOwnDatagram)
        #expect(video.disposition == .transmit && !video.isOwnDatagram)
    }

    @Test(
        "CD-5 one bit, or the end of the frame, anywhere: nothing but a packet of its session comes out",
        arguments: kinds, SeededGenerator.seeds)
    func hostile(_ kind: Kind, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let frame = try Self.arriving(kind) { _ in 0 }
        let edge = Self.edges(kind).subscriber
        for _ in 0..<400 {
            var changed = frame
            for _ in 0..<generator.number(1...3) {
                changed[generator.number(14...frame.count - 1)] ^= 1 << UInt8(generator.number(0...7))
            }
            if generator.once(in: 3) { changed.removeLast(generator.number(1...frame.count - 14)) }
            let outcome = edge.forward(changed, from: "core0")
            guard case .sent(let port, let sent, let counter, _) = outcome else { continue }
            #expect(port == "access0" && counter == edge.counter("alice-music", .down))
            #expect(Datagram(sent)?.destination == IPAddress("10.1.0.5"))
        }
    }

    @Test("RFC 2983 §3, RFC 6040 §4.2: the outer DSCP and mark are taken over; for rules the class is kept")
    func uniform() throws {
        let kind = Kind(
            local: Self.ends4.0, remote: Self.ends4.1, settings: ", innerDSCP: outer")
        let edges = Self.edges(kind)
        var packet = Datagram.udp("203.0.113.9", "10.1.0.5")
        packet.trafficClass = 0x2a
        var outer = try #require(
            edges.provider.forward(packet.bytes, from: "server0").frame.flatMap { Frame($0)?.datagram })
        outer.trafficClass = 0xbb
        let vector = PacketVector(capacity: 1, slotByteCount: 2048)
        Self.frame(outer.bytes).withUnsafeBytes { vector.append($0, timestamp: 0) }
        edges.subscriber.forward(vector, from: edges.subscriber.port("core0"))
        let sent = try #require(edges.subscriber.outcome(vector, 0).frame.flatMap { Datagram($0) })
        #expect(sent.trafficClass == 0xbb)
        #expect(vector[0].arrivalClass == 0x2a)
    }

    @Test("CD-4 CD-5 no byte of the packet moves in memory, on the way in or out", arguments: kinds)
    func nothingIsCopied(_ kind: Kind) throws {
        let edges = Self.edges(kind)
        let packet = Datagram.udp("10.1.0.5", "203.0.113.9").bytes
        let sent = try #require(edges.subscriber.forward(packet, from: "access0").frame)
        for (loop, port, frame) in [(edges.subscriber, "access0", packet), (edges.provider, "core0", sent)] {
            let vector = PacketVector(capacity: 1, slotByteCount: 4096)
            frame.withUnsafeBytes { vector.append($0, timestamp: 0) }
            let end = Int(vector[0].offset) + frame.count
            loop.forward(vector, from: loop.port(port))
            #expect(vector[0].disposition == .transmit)
            #expect(Int(vector[0].offset + vector[0].byteCount) == end)
        }
    }
}

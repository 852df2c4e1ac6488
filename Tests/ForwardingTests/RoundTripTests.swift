import Forwarding
import Packets
import Tables
import Testbed
import Testing
import Wire

/// Both edges, one after the other: what enters one by a plain port leaves the other by one.
@Suite("Through both edges") struct RoundTripTests {
    let subscriberEdge = Loop(Edges.subscriberEdge)
    let providerEdge = Loop(Edges.providerEdge)

    init() {
        // Bob's MAC address is asked for in life; here it has answered.
        for index in subscriberEdge.tables.addedAdjacencies.map({ Int($0.rawValue) })
        where subscriberEdge.tables.adjacencies[index].tags == [100] {
            subscriberEdge.tables.adjacencies[index].destination = Edges.bobMAC
        }
    }

    private func edges(_ trip: Trip) -> (first: Loop, second: Loop) {
        trip.direction == .up ? (subscriberEdge, providerEdge) : (providerEdge, subscriberEdge)
    }

    @Test(
        "PX-1 PX-3 CD-4 CD-5 encapsulated and decapsulated, a packet is the same but for a TTL less by two",
        arguments: Trip.all, SeededGenerator.seeds)
    func comesBack(_ trip: Trip, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let (first, second) = edges(trip)
        for _ in 0..<60 {
            let datagram = trip.randomDatagram(&generator)
            let sent = first.forward(trip.frame(datagram), from: trip.arrival)
            guard case .sent("core0", let frame, let counter, let metered) = sent else {
                Issue.record("\(datagram): \(sent)")
                continue
            }
            #expect(counter == first.counter(trip.session, trip.direction))
            #expect(Int(metered) == datagram.byteCount)
            let arrived = second.forward(frame, from: "core0")
            guard case .sent(trip.departure, let last, let counterThere, let meteredThere) = arrived else {
                Issue.record("\(datagram): \(arrived)")
                continue
            }
            #expect(counterThere == second.counter(trip.session, trip.direction))
            #expect(meteredThere == metered)
            var expected = datagram
            expected.ttl -= 2
            #expect(trip.datagram(last) == expected)
        }
    }

    @Test(
        "PX-2 between the edges stand path label, user label, IP; or outer IP, inner IP", arguments: Trip.all,
        SeededGenerator.seeds)
    func betweenTheEdges(_ trip: Trip, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let (first, _) = edges(trip)
        for _ in 0..<30 {
            let datagram = trip.randomDatagram(&generator)
            var inner = datagram
            inner.ttl -= 1
            let sent = try #require(first.forward(trip.frame(datagram), from: trip.arrival).frame)
            let frame = try #require(Frame(sent))
            let macs = [Edges.subscriberMAC, Edges.providerMAC]
            #expect([frame.source, frame.destination] == (trip.direction == .up ? macs : macs.reversed()))
            if trip.session == "alice-music" {
                let outer = try #require(frame.datagram)
                #expect(frame.etherType == .ipv4)
                #expect(outer == encapsulated(inner, trip, outer.identification))
                #expect(outer.dontFragment ? outer.identification == 0 : true)
            } else {
                #expect(frame.etherType == .mpls)
                #expect(frame.labels == labels(inner, trip))
                #expect(frame.datagram == inner)
            }
        }
    }

    private func encapsulated(_ inner: Datagram, _ trip: Trip, _ identification: UInt16) -> Datagram {
        let ends = [Edges.subscriberMAC, Edges.providerMAC].indices.map {
            IPAddress.v4(IPv4Address(rawValue: 0x0a00_0001 + UInt32($0)))
        }
        let isIPv4 = inner.source.version == .v4
        var outer = Datagram(ends[0], ends[1], isIPv4 ? .ipv4 : .ipv6, inner.bytes)
        if trip.direction == .down { swap(&outer.source, &outer.destination) }
        outer.trafficClass = inner.trafficClass
        outer.dontFragment = isIPv4 ? inner.dontFragment : true
        outer.identification = identification
        return outer
    }

    /// Uniform copies TTL and the top of the DSCP; Bob's pipe has 255 and traffic class 5, and on the way
    /// down an implicit null, so that the user label stands alone.
    private func labels(_ inner: Datagram, _ trip: Trip) -> [LabelStackEntry] {
        let isUp = trip.direction == .up
        let copied = (ttl: inner.ttl, class: inner.trafficClass >> 5)
        let path: UInt32? = trip.session == "alice-video" ? (isUp ? 16001 : 17001) : isUp ? 16002 : nil
        let user: UInt32 =
            trip.session == "alice-video" ? (isUp ? 100042 : 200042) : isUp ? 100043 : 200043
        let (ttl, trafficClass) = trip.session == "alice-video" ? copied : (255, 5)
        return [path, user].compactMap { $0 }.map {
            LabelStackEntry($0, ttl: ttl, trafficClass: trafficClass, bottom: $0 == user)
        }
    }

    @Test("CD-4 CD-5 no byte of the packet moves in memory, on the way in or out", arguments: Trip.all)
    func nothingIsCopied(_ trip: Trip) throws {
        var generator = SeededGenerator(seed: 1)
        let (first, second) = edges(trip)
        let datagram = trip.randomDatagram(&generator)
        let sent = try #require(first.forward(trip.frame(datagram), from: trip.arrival).frame)
        for (loop, port, frame) in [(first, trip.arrival, trip.frame(datagram)), (second, "core0", sent)] {
            let vector = PacketVector(capacity: 1, slotByteCount: 4096)
            frame.withUnsafeBytes { vector.append($0, timestamp: 0) }
            let end = Int(vector[0].offset) + frame.count
            loop.forward(vector, from: loop.port(port))
            #expect(vector[0].disposition == .transmit)
            #expect(Int(vector[0].offset + vector[0].byteCount) == end)
        }
    }

    @Test(
        "PX-1 MPLS arrives in uniform mode with the label's TTL, in pipe mode with the packet's own",
        arguments: [UInt8(2), 9, 64, 255], [UInt8(2), 30, 255])
    func timeToLiveModels(label: UInt8, packet: UInt8) throws {
        var datagram = Datagram.udp("198.51.100.7", "10.1.0.5", ports: (5004, 1))
        datagram.ttl = packet
        let uniform = [LabelStackEntry(17001, ttl: label), LabelStackEntry(200042, ttl: 7, bottom: true)]
        let frame = Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls, labels: uniform, datagram.bytes)
        let sent = try #require(subscriberEdge.forward(frame.bytes, from: "core0").frame)
        #expect(Datagram(sent)?.ttl == label - 1)

        datagram.destination = .v4(IPv4Address(rawValue: 0x0a02_0005))
        let pipe = [LabelStackEntry(200043, ttl: label, bottom: true)]
        let alone = Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls, labels: pipe, datagram.bytes)
        let popped = try #require(subscriberEdge.forward(alone.bytes, from: "core0").frame)
        #expect(Frame(popped)?.datagram?.ttl == packet - 1)
    }
}

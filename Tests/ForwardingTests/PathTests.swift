import Packets
import Tables
import Testbed
import Testing
import Wire

/// Alice's use of acme-video by three tunnels at once (RFC 2991): acme-north, acme-pipe and beta-west.
@Suite("Several paths") struct PathTests {
    private static let slots = [
        SessionIndex(rawValue: 0), SessionIndex(rawValue: 5), SessionIndex(rawValue: 6),
    ]

    private static func loop(without missing: Int? = nil, rules: [Rule] = []) -> Loop {
        Loop(Edges.subscriberEdge) { objects in
            var paths = (0..<3).map {
                objects.session([Slot.aliceVideo, Slot.bobVideo, Slot.aliceMusic][$0])
            }
            let model = paths[0]
            for place in paths.indices {
                paths[place].slot = slots[place]
                paths[place].session = 1000
                paths[place].leg = UInt32(place)
                paths[place].subscriber = model.subscriber
                paths[place].service = model.service
                paths[place].rules = rules
                paths[place].up.arrival = Arrival(port: Slot.access0)
                paths[place].down.nextHop = model.down.nextHop
                paths[place].isGrouped = true
            }
            objects.removeAll {
                if case .session(let session) = $0 {
                    [Slot.aliceVideo, Slot.bobVideo].contains(session.slot.rawValue)
                } else {
                    false
                }
            }
            if let missing { paths.remove(at: missing) }
            objects += paths.map { .session($0) }
            objects.append(
                .group(
                    PathGroupObject(
                        slot: paths[0].slot, subscriber: model.subscriber, service: model.service,
                        sessions: paths.map(\.slot))))
        }
    }

    private func flow(_ number: Int, isIPv4: Bool = true) -> Datagram {
        let ports = (UInt16(40_000 + number % 97), UInt16(5000 + number % 89))
        return isIPv4
            ? .udp("10.1.0.5", "198.51.100.\(number % 250)", ports: ports)
            : .udp("2001:db8:1:5::\(number % 99)", "2001:db8:a::7", ports: ports)
    }

    private func path(_ loop: Loop, _ datagram: Datagram) -> SessionIndex {
        ConversionIndex(rawValue: loop.packet(datagram.bytes, from: "access0").counter).session
    }

    @Test(
        "PX-1 RFC 2991 flows are spread, each keeps to its path, whatever else its packets have",
        arguments: [true, false])
    func spread(isIPv4: Bool) {
        let loop = Self.loop()
        var counts: [SessionIndex: Int] = [:]
        for number in 0..<900 {
            var datagram = flow(number, isIPv4: isIPv4)
            let path = path(loop, datagram)
            counts[path, default: 0] += 1
            datagram.trafficClass = 0xb8
            datagram.ttl = 9
            datagram.payload += [1, 2, 3]
            #expect(self.path(loop, datagram) == path)
        }
        #expect(Set(counts.keys) == Set(Self.slots))
        for (path, count) in counts { #expect(count > 200 && count < 400, "\(path): \(count)") }
    }

    @Test("PX-1 RFC 2991 §4 when a path goes, only its flows move", arguments: [0, 1, 2])
    func removal(missing: Int) {
        let whole = Self.loop()
        let less = Self.loop(without: missing)
        for number in 0..<300 {
            let before = path(whole, flow(number))
            let after = path(less, flow(number))
            #expect(before == Self.slots[missing] ? after != before : after == before)
        }
    }

    @Test("PX-1 all fragments of a packet go by one path, ports or not")
    func fragments() {
        let loop = Self.loop()
        for number in 0..<100 {
            var first = flow(number)
            first.fragmentation = 0x2000
            var later = first
            later.fragmentation = 7
            later.payload = [UInt8(number), 2, 3, 4, 5, 6, 7, 8]
            #expect(path(loop, first) == path(loop, later))
            let whole = flow(number, isIPv4: false)
            let first6 = whole.extended([(44, [0, 1, 0, 0, 0, 9]), (60, [1, 4, 0, 0, 0, 0])])
            let later6 = whole.extended([(44, [0, 80, 0, 0, 0, 9])])
            #expect(path(loop, first6) == path(loop, later6))
        }
    }

    @Test("PX-1 what comes back arrives in any of the paths' tunnels, and is counted to that one")
    func arrivals() {
        let loop = Self.loop()
        let back = Datagram.udp("198.51.100.7", "10.1.0.5", ports: (5004, 9))
        let frames = [
            Frame.toCore([LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)], back),
            Frame.toCore([LabelStackEntry(200043, bottom: true)], back),
            Frame.toCore(back.encapsulated("10.0.0.2", "10.0.0.1")),
        ]
        for (frame, slot) in zip(frames, Self.slots) {
            let packet = loop.packet(frame, from: "core0")
            #expect(packet.disposition == .transmit)
            #expect(packet.counter == ConversionIndex(slot, .down).rawValue)
        }
        #expect(loop.forward(Frame.toCore(back), from: "core0") == .dropped(.wrongLeg))
    }

    @Test("PX-3 ICMP errors about a flow come back by any of its session's tunnels")
    func related() {
        let loop = Self.loop(rules: [Rule(ipv4Protocol: .udp, ipv6Protocol: .udp)])
        for number in 0..<20 {
            let error = Datagram.error(from: "192.0.2.200", to: "10.1.0.5", about: flow(number))
            let packet = loop.packet(Frame.toCore(error.encapsulated("10.0.0.2", "10.0.0.1")), from: "core0")
            #expect(packet.counter == ConversionIndex(Self.slots[2], .down).rawValue)
            let reply = Datagram.udp("198.51.100.7", "10.1.0.5", ports: (5004, 9))
            let up = Datagram.error(from: "10.1.0.5", to: "198.51.100.7", about: reply)
            let sent = loop.packet(up.bytes, from: "access0")
            #expect(sent.disposition == .transmit)
            #expect(Self.slots.contains(ConversionIndex(rawValue: sent.counter).session))
        }
    }

    /// Alice is behind beta-west or, under a user label, acme-pipe, with three paths to her service.
    private static func shared(without missing: Int? = nil, byLabel: Bool) -> Loop {
        Loop(Edges.subscriberEdge) { objects in
            let model = objects.session(Slot.aliceVideo)
            let other = objects.session(byLabel ? Slot.bobVideo : Slot.aliceMusic)
            objects.removeAll {
                if case .session(let session) = $0 {
                    [Slot.aliceVideo, Slot.bobVideo, Slot.aliceMusic].contains(session.slot.rawValue)
                } else {
                    false
                }
            }
            var paths = [model, model, model]
            for place in paths.indices {
                paths[place].slot = slots[place]
                paths[place].leg = UInt32(place)
                paths[place].rules = []
                paths[place].up.arrival = other.down.arrival
                paths[place].up.userLabel = other.down.userLabel
                paths[place].down.userLabel?.label = Label(unchecked: 300_000 + UInt32(place))
                paths[place].isGrouped = true
            }
            if let missing { paths.remove(at: missing) }
            objects += paths.map { .session($0) }
            objects.append(
                .group(
                    PathGroupObject(
                        slot: paths[0].slot, subscriber: model.subscriber, service: model.service,
                        sessions: paths.map(\.slot))))
        }
    }

    @Test(
        "PX-1 RFC 2991 what arrives by a tunnel that the paths share goes by its flow's, labelled or not",
        arguments: [true, false])
    func sharedArrival(byLabel: Bool) {
        let loop = Self.shared(byLabel: byLabel)
        let less = Self.shared(without: 0, byLabel: byLabel)
        var used: Set<SessionIndex> = []
        for number in 0..<60 {
            let inner = flow(number)
            let frame =
                byLabel
                ? Frame.toCore([LabelStackEntry(200043, bottom: true)], inner)
                : Frame.toCore(inner.encapsulated("10.0.0.2", "10.0.0.1"))
            let packet = loop.packet(frame, from: "core0")
            #expect(packet.disposition == .transmit)
            let path = ConversionIndex(rawValue: packet.counter).session
            #expect(ConversionIndex(rawValue: packet.counter).direction == .up)
            used.insert(path)
            let after = ConversionIndex(rawValue: less.packet(frame, from: "core0").counter).session
            #expect(path == Self.slots[0] ? after != path : after == path)
        }
        #expect(used == Set(Self.slots))
    }
}

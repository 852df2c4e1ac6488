import Packets
import Tables
import Testbed
import Testing
import Wire

/// One subscriber's addresses are a service that another one uses, both on one port.
@Suite("Subscriber to subscriber") struct HairpinTests {
    /// Carl, 10.1.0.6, is beside alice on access0; his address is the service that she uses in session `slot`.
    private static let slot = SessionIndex(rawValue: 4)

    private static func loop(rules: [Rule] = [], denied: Bool = false) -> Loop {
        Loop(Edges.subscriberEdge) { objects in
            let carl = SubscriberIndex(rawValue: 2)
            let service = ServiceIndex(rawValue: 3)
            guard let prefix = IPPrefix("10.1.0.6/32") else { preconditionFailure("no prefix") }
            objects.append(
                .subscriber(SubscriberObject(slot: carl, port: Slot.access0, tags: [], prefixes: [prefix])))
            objects.append(.service(ServiceObject(slot: service, prefixes: [prefix])))
            let way = SessionWay(
                arrival: Arrival(port: Slot.access0), nextHop: NextHop(port: Slot.access0), push: .nothing,
                maximumInnerByteCount: nil)
            objects.append(
                .session(
                    SessionObject(
                        slot: slot, session: 99, leg: 0, subscriber: SubscriberIndex(rawValue: 0),
                        service: service, rules: rules, up: way, down: way)))
            objects.editPort(Slot.access0) { $0.answersDenied = denied }
        }
    }

    private func counter(_ direction: Direction) -> UInt32 { ConversionIndex(Self.slot, direction).rawValue }

    @Test("PX-1 what alice sends to carl goes up, what he answers comes down: on her bill")
    func bothWays() {
        let loop = Self.loop()
        let question = Datagram.udp("10.1.0.5", "10.1.0.6")
        var expected = question
        expected.ttl -= 1
        #expect(
            loop.forward(question.bytes, from: "access0")
                == .sent("access0", expected.bytes, counter: counter(.up), metered: 92))
        let answer = Datagram.udp("10.1.0.6", "10.1.0.5", ports: (5004, 40_000))
        expected = answer
        expected.ttl -= 1
        #expect(
            loop.forward(answer.bytes, from: "access0")
                == .sent("access0", expected.bytes, counter: counter(.down), metered: 92))
    }

    @Test("PX-3 rules hold mirrored, and the first refusal is the one that is told")
    func rules() {
        let loop = Self.loop(rules: [Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: 5004...5004)])
        let answer = Datagram.udp("10.1.0.6", "10.1.0.5", ports: (5004, 40_000))
        #expect(loop.forward(answer.bytes, from: "access0").frame != nil)
        let other = Datagram.udp("10.1.0.6", "10.1.0.5", ports: (80, 40_000))
        #expect(loop.forward(other.bytes, from: "access0") == .dropped(.unknownService))
        // Another subscriber on the port, without such a session.
        #expect(
            loop.forward(Datagram.udp("10.1.0.6", "10.2.0.5").bytes, from: "access0")
                == .dropped(.unknownService))
    }

    @Test("PX-3 carl's ICMP errors about what alice sent are hers")
    func related() {
        let loop = Self.loop(rules: [Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: 5004...5004)])
        let question = Datagram.udp("10.1.0.5", "10.1.0.6")
        let error = Datagram.error(from: "10.1.0.6", to: "10.1.0.5", about: question, type: 3)
        #expect(loop.packet(error.bytes, from: "access0").counter == counter(.down))
        let web = Datagram.udp("10.1.0.5", "10.1.0.6", ports: (1, 80))
        let stray = Datagram.error(from: "10.1.0.6", to: "10.1.0.5", about: web, type: 3)
        #expect(loop.forward(stray.bytes, from: "access0") == .dropped(.unknownService))
    }

    @Test("PX-4 a spoofed source stays one, and a denied packet is told so for its first reason")
    func denied() {
        let loop = Self.loop(denied: true)
        let spoof = Datagram.udp("10.2.0.5", "10.1.0.5")
        #expect(loop.forward(spoof.bytes, from: "access0") == .dropped(.spoofedSource))
        let packet = loop.packet(Datagram.udp("10.1.0.6", "10.2.0.5").bytes, from: "access0")
        #expect(packet.punt == .prohibited && packet.denial == .unknownService)
    }
}

import Forwarder
import Packets
import Ports
import Testbed
import Testing
import Wire

@Suite("Neighbours") struct NeighbourTests {
    let node = Node()
    private let news = "10.0.1.130"

    /// The ARP packet in a frame.
    private func arp(_ frame: [UInt8]) throws -> ARPPacket {
        let payload = try #require(Frame(frame)).payload
        return try ARPPacket(ARPView(payload.span.bytes))
    }

    @Test("ARP: who asks for a port's own address is answered, on that port only")
    func answersARP() throws {
        let question = Station.arp(
            .request, from: "10.0.1.9", at: Station.newsMAC, for: "10.0.1.1", to: .broadcast)
        let answers = node.pass([question], "core1", to: "core1")
        let reply = try arp(firstFrame(answers).bytes)
        #expect(answers.count == 1)
        #expect(reply.operation == .reply)
        #expect(
            (reply.senderHardware, reply.senderProtocol) == (
                Edges.subscriberMAC1, Station.address("10.0.1.1")
            ))
        #expect(
            (reply.targetHardware, reply.targetProtocol) == (Station.newsMAC, Station.address("10.0.1.9")))
        #expect(Frame(answers[0])?.destination == Station.newsMAC)

        let others = ["10.0.1.2", "10.0.0.1"].map {
            Station.arp(.request, from: "10.0.1.9", at: Station.newsMAC, for: $0, to: .broadcast)
        }
        #expect(node.pass(others, "core1", to: "core1").isEmpty)
        #expect((node.report.consumed, node.report.originated) == (3, 1))
    }

    @Test("ARP: an answer bears the tags of the question", arguments: [[], [100], [7, 100]] as [[UInt16]])
    func answersUnderTags(_ tags: [UInt16]) throws {
        let question = Station.arp(
            .request, from: "10.0.1.9", at: Station.newsMAC, for: "10.0.1.1", to: .broadcast, tags: tags)
        let answer = try firstFrame(node.pass([question], "core1", to: "core1"))
        #expect(answer.tags == tags && answer.etherType == .arp && answer.destination == Station.newsMAC)
        #expect(try arp(answer.bytes).operation == .reply)
    }

    @Test("Neighbour discovery: a solicitation for our address is answered by an advertisement")
    func answersSolicitation() throws {
        let source = try #require(IPv6Address("2001:db8:ff::2"))
        let target = try #require(IPv6Address("2001:db8:ff::1"))
        let question = Station.emitted(72) {
            NeighbourSolicitation(target: target, sourceLinkLayerAddress: Edges.providerMAC)
                .emit(from: source, into: &$0)
        }
        let group = MACAddress(multicast: target.solicitedNode)
        let frame = Frame(to: group, from: Edges.providerMAC, .ipv6, question)
        let answer = try #require(Frame(try node.first([frame.bytes], "core0", to: "core0")))
        let advertisement = try NeighbourAdvertisement(IPv6View(answer.payload.span.bytes))
        #expect(advertisement.target == target)
        #expect(advertisement.targetLinkLayerAddress == Edges.subscriberMAC)
        #expect(advertisement.isSolicited && advertisement.isRouter && advertisement.isOverride)
        #expect((answer.destination, answer.datagram?.destination) == (Edges.providerMAC, .v6(source)))
    }

    @Test("Who verifies our link-local address by unicast is answered, default route or not")
    func answersLinkLocal() throws {
        let exchange = Edges.subscriberEdge.replacing(
            "203.0.113.0/24, \"2001:db8:b::/48\"", with: "0.0.0.0/0, \"::/0\"")
        let node = Node(exchange)
        let target = IPv6Address(linkLocalFor: Edges.accessMAC)
        let question = Station.emitted(72) {
            NeighbourSolicitation(target: target, sourceLinkLayerAddress: Edges.bobMAC)
                .emit(from: IPv6Address(linkLocalFor: Edges.bobMAC), to: target, into: &$0)
        }
        let frame = Frame(to: Edges.accessMAC, from: Edges.bobMAC, .ipv6, question)
        let answer = try #require(Frame(try node.first([frame.bytes], "access1", to: "access1")))
        let advertisement = try NeighbourAdvertisement(IPv6View(answer.payload.span.bytes))
        #expect(advertisement.target == target)
    }

    @Test("An unknown next hop is asked for at most once a second, whoever wants to know")
    func asksOnceASecond() throws {
        let second: UInt64 = 1_000_000_000
        var asked: [UInt64] = []
        for time in [
            5 * second, 5 * second + 1, 6 * second - 1, 6 * second, 6 * second + second / 2, 9 * second,
        ] {
            let questions = node.pass(
                [Station.news(news), Station.news(news)], "access0", to: "core1", at: time)
            guard let question = questions.first else { continue }
            #expect(questions.count == 1)
            #expect(try arp(question).targetProtocol == Station.address(news))
            #expect(Frame(question)?.destination == .broadcast)
            asked.append(time / second)
        }
        #expect(asked == [5, 6, 9])
        node.worker.giveUpWaiting()
        #expect(node.dropCount(.neighbourUnresolved) == 12)
        #expect(node.report.balances)
    }

    /// How the edge hears of a station on core1, and whether it may believe it.
    struct Hearing: Sendable, CustomStringConvertible {
        let description: String
        let asks: Bool
        let frame: [UInt8]
        let isLearned: Bool
    }

    static let hearings: [Hearing] = [
        Hearing(
            description: "an answer to our question", asks: true,
            frame: Station.arp(.reply, from: "10.0.1.130", at: Station.newsMAC, for: "10.0.1.1"),
            isLearned: true),
        Hearing(
            description: "an answer that nobody asked for", asks: false,
            frame: Station.arp(.reply, from: "10.0.1.130", at: Station.newsMAC, for: "10.0.1.1"),
            isLearned: false),
        Hearing(
            description: "a question to us", asks: false,
            frame: Station.arp(
                .request, from: "10.0.1.130", at: Station.newsMAC, for: "10.0.1.1", to: .broadcast),
            isLearned: true),
        Hearing(
            description: "a question to another", asks: false,
            frame: Station.arp(
                .request, from: "10.0.1.130", at: Station.newsMAC, for: "10.0.1.2", to: .broadcast),
            isLearned: false),
        Hearing(
            description: "an answer with a group address", asks: true,
            frame: Station.arp(
                .reply, from: "10.0.1.130", at: MACAddress(rawValue: 0x0100_5e00_0001), for: "10.0.1.1"),
            isLearned: false),
    ]

    @Test("A station is learned only where we asked or it asks us", arguments: hearings)
    func learns(_ hearing: Hearing) throws {
        if hearing.asks { node.pass([Station.news(news)], "access0", to: "core1") }
        node.pass([hearing.frame], "core1", to: "core1")
        let sent = node.pass([Station.news(news)], "access0", to: "core1", at: 3_000_000_000)
        let frame = try firstFrame(sent)
        #expect(frame.etherType == (hearing.isLearned ? .ipv4 : .arp))
        #expect(frame.destination == (hearing.isLearned ? Station.newsMAC : .broadcast))
    }

    @Test("A known station may move; one that the file states may not")
    func moves() throws {
        node.pass([Station.news(news)], "access0", to: "core1")
        for mac in [Station.newsMAC, Station.evilMAC] {
            node.pass([Station.arp(.reply, from: news, at: mac, for: "10.0.1.1")], "core1", to: "core1")
            let sent = node.pass([Station.news(news)], "access0", to: "core1")
            #expect(try firstFrame(sent).destination == mac)
        }
        let lies = [ARPPacket.Operation.reply, .request].map {
            Station.arp($0, from: "10.0.0.2", at: Station.evilMAC, for: "10.0.0.1", to: Edges.subscriberMAC)
        }
        node.pass(lies, "core0", to: "core0")
        let video = Datagram.udp("10.1.0.5", "198.51.100.7").bytes
        #expect(
            Frame(try node.first([video], "access0", to: "core0"))?.destination
                == Edges.providerMAC)
    }

    @Test("On a VLAN, question and answer bear its tag")
    func asksOnVLAN() throws {
        let down = Datagram.udp("198.51.100.7", "10.2.0.5")
        let frame = Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls,
            labels: [LabelStackEntry(200043, bottom: true)],
            down.bytes
        ).bytes
        let question = try #require(Frame(try node.first([frame], "core0", to: "access1")))
        #expect((question.etherType, question.tags) == (.arp, [100]))
        for (tags, isTaken) in [([UInt16](), false), ([101], false), ([100], true)] {
            let answer = Station.arp(
                .reply, from: "10.2.0.5", at: Edges.bobMAC, for: "10.2.0.1", to: Edges.accessMAC, tags: tags)
            node.pass([answer], "access1", to: "access1")
            let sent = node.pass([frame], "core0", to: "access1").first.flatMap { Frame($0) }
            #expect((sent?.destination == Edges.bobMAC) == isTaken)
        }
    }

    @Test("A MAC address that comes with the interface is taken over, into headers and answers")
    func lateMAC() throws {
        let node = Node(Edges.subscriberEdge.replacing("mac: \"02:00:00:00:00:01\",", with: ""))
        let late = MACAddress(rawValue: 0x0200_0000_7777)
        let video = Datagram.udp("10.1.0.5", "198.51.100.7").bytes
        #expect(try firstFrame(node.pass([video], "access0", to: "core0")).source != late)
        let staged = node.tables.portFacts(2, mac: late, mtu: nil)
        #expect(staged.changedPorts == [2])
        node.publish()
        #expect(try firstFrame(node.pass([video], "access0", to: "core0")).source == late)
        let question = Station.arp(
            .request, from: "10.0.0.2", at: Edges.providerMAC, for: "10.0.0.1", to: .broadcast)
        #expect(try firstFrame(node.pass([question], "core0", to: "core0")).source == late)
    }

    @Test("Another MAC address is another interface: what was learned of its neighbours is forgotten")
    func forgetsOnOtherInterface() throws {
        let node = Node(Edges.subscriberEdge.replacing("mac: \"02:00:00:00:00:11\"", with: "mtu: 1500"))
        let learned = Station.arp(
            .request, from: news, at: Station.newsMAC, for: "10.0.1.1", to: .broadcast)
        node.pass([learned], "core1", to: "core1")
        #expect(try firstFrame(node.pass([Station.news(news)], "access0", to: "core1")).etherType == .ipv4)
        node.tables.portFacts(3, mac: MACAddress(rawValue: 0x0200_0000_7777), mtu: nil)
        node.publish()
        #expect(try firstFrame(node.pass([Station.news(news)], "access0", to: "core1")).etherType == .arp)
    }
}

import Forwarder
import Packets
import Tables
import Testbed
import Testing
import Wire

@Suite("RFC 1122 §2.3.2.2: packets wait for their next hops") struct WaitingTests {
    private static let second: UInt64 = 1_000_000_000
    private let node = Node()
    private let news = "10.0.1.130"

    private func answer(_ host: String? = nil) -> [UInt8] {
        Station.arp(.reply, from: host ?? news, at: Station.newsMAC, for: "10.0.1.1")
    }
    private func numbered(_ host: String, _ number: UInt16) -> [UInt8] {
        var datagram = Datagram.udp("10.1.0.5", host)
        datagram.identification = number
        return datagram.bytes
    }
    private func numbers(_ frames: [[UInt8]]) -> [UInt16] {
        frames.compactMap { Frame($0)?.datagram?.identification }
    }

    @Test("the first packet to a host is sent when the host has answered, and is counted then")
    func waits() throws {
        let questions = node.pass([Station.news(news)], "access0", to: "core1")
        #expect(try firstFrame(questions).etherType == .arp && questions.count == 1)
        #expect(node.report.ports.allSatisfy { $0.received == 0 })
        #expect((node.report.forwarded, node.report.originated) == (0, 1))
        #expect(node.report.balances)

        let sent = try firstFrame(node.pass([answer()], "core1", to: "core1"))
        #expect(sent.etherType == .ipv4 && sent.destination == Station.newsMAC)
        #expect(sent.datagram?.ttl == 63)
        #expect((node.report.forwarded, node.report.consumed) == (1, 1))
        #expect(node.report.ports.first { $0.name == "access0" }?.received == 1)
        let session = try #require(node.report.sessions.first { $0.name == "alice-news" })
        #expect((session.up.packets, session.up.bytes) == (1, 92))
        #expect(node.report.balances)
    }

    @Test("of several packets the latest waits, and each next hop has one of its own")
    func latest() {
        let hosts = ["10.0.1.130", "10.0.1.131"]
        let frames = (UInt16(1)...6).map { numbered(hosts[Int($0) % 2], $0) }
        node.pass(frames, "access0", to: "core1")
        #expect(node.dropCount(.neighbourUnresolved) == 4)
        #expect(node.report.balances)
        #expect(numbers(node.pass([answer("10.0.1.130")], "core1", to: "core1")) == [6])
        #expect(numbers(node.pass([answer("10.0.1.131")], "core1", to: "core1")) == [5])
        #expect(node.report.forwarded == 2 && node.dropCount(.neighbourUnresolved) == 4)
        #expect(node.report.balances)
    }

    @Test(
        "RFC 2475 §2.3.1: rules go by the DSCP that came in, also of a packet that has waited behind a tunnel",
        arguments: [(UInt8(0), UInt64(1)), (46, 0)])
    func classBeforeTunnel(dscp: UInt8, forwarded: UInt64) throws {
        // The tunnel's class 5 makes EF of every DSCP; only best effort is allowed.
        let node = Node(
            Edges.subscriberEdge
                .replacing("ttl: pipe, trafficClass: 5 }", with: "ttl: pipe, innerDSCP: { 5: ef } }")
                .replacing(
                    "{ subscriber: bob, service: acme-video }",
                    with: "{ subscriber: bob, service: acme-video, allow: [{ dscp: [be] }] }"))
        var datagram = Datagram.udp("198.51.100.7", "10.2.0.5")
        datagram.trafficClass = dscp << 2
        let labelled = Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls,
            labels: [LabelStackEntry(200043, trafficClass: 5, bottom: true)], datagram.bytes
        ).bytes
        // Two: one waits, the other is displaced by it.
        node.pass([labelled, labelled], "core0", to: "access1")
        let bob = Station.arp(
            .reply, from: "10.2.0.5", at: Edges.bobMAC, for: "10.2.0.1", to: Edges.accessMAC, tags: [100])
        let sent = node.pass([bob], "access1", to: "access1").compactMap { Frame($0) }
        #expect(sent.map { $0.datagram?.trafficClass } == (forwarded == 1 ? [46 << 2] : []))
        #expect(node.report.forwarded == forwarded)
        #expect(node.dropCount(.notAdmitted) == 2 * (1 - forwarded))
        #expect(node.dropCount(.neighbourUnresolved) == forwarded)
        #expect(node.report.balances)
    }

    @Test("three seconds of the packets' time, and it is given up; a late answer finds nothing")
    func expires() {
        node.pass([Station.news(news)], "access0", to: "core1", at: 5 * Self.second)
        #expect(node.pass([answer()], "core1", to: "core1", at: 8 * Self.second).isEmpty)
        #expect(node.dropCount(.neighbourUnresolved) == 1)
        node.pass([Station.news("10.0.1.131")], "access0", to: "core1", at: 9 * Self.second)
        #expect(
            numbers(node.pass([answer("10.0.1.131")], "core1", to: "core1", at: 12 * Self.second - 1)).count
                == 1)
        #expect(node.report.balances)
    }

    @Test("where no packets come, the look once a second gives them up; at the end of a run all go")
    func expiresInSilence() {
        node.pass([Station.news(news)], "access0", to: "core1", at: 5 * Self.second)
        node.worker.confirmNeighbours(at: 8 * Self.second - 1)
        #expect(node.dropCount(.neighbourUnresolved) == 0)
        node.worker.confirmNeighbours(at: 8 * Self.second)
        #expect(node.dropCount(.neighbourUnresolved) == 1)
        node.pass([Station.news(news)], "access0", to: "core1", at: 9 * Self.second)
        node.worker.giveUpWaiting()
        #expect(node.dropCount(.neighbourUnresolved) == 2)
        #expect(node.report.ports.first { $0.name == "access0" }?.received == 2)
        #expect(node.report.balances)
    }

    @Test("a scan of a whole link keeps 256 packets, and later ones find room again")
    func bounded() {
        // The service is 10.0.1.128/25: 126 hosts; the rest of the flood comes by many ways to the same ones.
        let exchange = Edges.subscriberEdge
            .replacing("prefixes: [10.0.1.128/25]", with: "prefixes: [10.0.4.0/22]")
            .replacing("addresses: [10.0.1.1/24]", with: "addresses: [10.0.1.1/16]")
        let node = Node(exchange)
        let hosts = (0..<1000).map { "10.0.\(4 + $0 / 250).\(1 + $0 % 250)" }
        for host in hosts { node.pass([Station.news(host)], "access0", to: "core1") }
        #expect(node.dropCount(.neighbourUnresolved) == 744)
        #expect(node.report.balances)
        let answers = hosts.prefix(300).map { answer($0) }
        let sent = node.pass(answers, "core1", to: "core1").compactMap { Frame($0)?.datagram }
        #expect(sent.map(\.destination) == hosts.prefix(256).map { IPAddress($0)! })
        node.pass([Station.news("10.0.7.250")], "access0", to: "core1", at: Self.second)
        #expect(node.pass([answer("10.0.7.250")], "core1", to: "core1", at: Self.second).count == 1)
        #expect(node.dropCount(.neighbourUnresolved) == 744)
        #expect(node.report.balances)
    }

    @Test("an answer between two packets of a vector: both go, in their order")
    func order() throws {
        let exchange = Edges.subscriberEdge
            .replacing("lines:\n", with: "lines:\n  west: { port: core1, nextHop: 10.0.1.9 }\n")
            .replacing("labels:\n", with: "labels:\n  - { in: 18010, swap: 18011, via: west }\n")
        let node = Node(exchange)
        func labelled(_ number: UInt16) -> [UInt8] {
            var datagram = Datagram.udp("10.1.0.5", "192.0.2.7")
            datagram.identification = number
            return Frame(
                to: Edges.subscriberMAC1, from: Station.newsMAC, .mpls,
                labels: [LabelStackEntry(18010, bottom: true)], datagram.bytes
            ).bytes
        }
        let sent = node.pass(
            [labelled(1), labelled(2), answer("10.0.1.9"), labelled(3)], "core1", to: "core1")
        let frames = sent.compactMap { Frame($0) }.filter { $0.etherType == .mpls }
        #expect(frames.compactMap { $0.datagram?.identification } == [2, 3])
        #expect(frames.allSatisfy { $0.labels.map(\.ttl) == [63] && $0.destination == Station.newsMAC })
        #expect(node.dropCount(.neighbourUnresolved) == 1)
        #expect((node.report.forwarded, node.report.consumed) == (2, 1))
        #expect(node.report.balances)
    }

    @Test(
        "a packet goes by the tables of the time of the answer: CD-7 a session that is gone carries nothing")
    func sessionGone() throws {
        node.pass([Station.news(news)], "access0", to: "core1")
        let place = try #require(node.report.sessions.firstIndex { $0.name == "alice-news" })
        try node.tables.stage(
            Transaction(
                number: node.tables.number + 1,
                changes: [.remove(.session(SessionIndex(rawValue: UInt32(place))))]))
        node.publish()
        #expect(node.pass([answer()], "core1", to: "core1").isEmpty)
        #expect(node.report.forwarded == 0)
        #expect(node.dropCount(.notAdmitted) + node.dropCount(.neighbourUnresolved) == 1)
        #expect(node.report.balances)
    }

    @Test("packets of a port that changes are given up")
    func portChanged() {
        node.pass([Station.news(news)], "access0", to: "core1")
        let staged = node.tables.portFacts(0, mac: nil, mtu: 900)
        #expect(staged.changedPorts == [0])
        node.publish()
        #expect(node.dropCount(.neighbourUnresolved) == 1)
        #expect(node.report.balances)
    }

    @Test("PX-5 a packet that is to be fragmented waits whole")
    func fragmented() throws {
        let node = Node(
            Edges.subscriberEdge.replacing(
                "neighbours: { 10.0.0.2: \"02:00:00:00:00:02\" }", with: "neighbours: {}"))
        let datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 1500 - 28)
        let questions = node.pass([datagram.bytes], "access0", to: "core0")
        #expect(try firstFrame(questions).etherType == .arp && questions.count == 1)
        #expect(node.report.balances)
        let reply = Station.arp(
            .reply, from: "10.0.0.2", at: Edges.providerMAC, for: "10.0.0.1", to: Edges.subscriberMAC)
        let sent = node.pass([reply], "core0", to: "core0")
        #expect(sent.count == 2 && sent.allSatisfy { Frame($0)?.etherType == .ipv4 })
        let session = try #require(node.report.sessions.first { $0.name == "alice-music" })
        #expect((session.up.packets, session.up.bytes) == (2, 1520))
        #expect((node.report.forwarded, node.report.originated) == (1, 2))
        #expect(node.report.balances)
    }

    @Test("sums balance whatever waits, is answered, displaced or given up", arguments: SeededGenerator.seeds)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var offered = 0
        var time: UInt64 = 1
        for _ in 0..<400 {
            time += UInt64(generator.number(0...1200)) * 1_000_000
            let host = "10.0.1.\(generator.number(129...140))"
            switch generator.number(0...9) {
            case 0: node.worker.confirmNeighbours(at: time)
            case 1...3:
                node.pass([answer(host)], "core1", to: "core1", at: time)
                offered += 1
            default:
                let count = generator.number(1...4)
                node.pass(
                    (0..<count).map { numbered(host, UInt16($0)) }, "access0", to: "core1", at: time)
                offered += count
            }
            #expect(node.report.balances)
        }
        node.worker.giveUpWaiting()
        #expect(node.report.ports.reduce(0) { $0 + Int($1.received) } == offered)
        #expect(node.report.balances)
    }
}

import Forwarder
import Packets
import Testbed
import Testing
import Wire

/// What one port may ask of the slow path in one second of the packets' time.
struct SlowPathLimitsTests {
    private let node = Node()
    private static let second: UInt64 = 1_000_000_000
    private static let limit = 10_000

    private func question(_ target: String) -> [UInt8] {
        Station.arp(.request, from: "10.0.1.9", at: Station.newsMAC, for: target, to: .broadcast)
    }

    @Test("CD-6 A flood of ARP questions is answered ten thousand times a second, the rest dropped by name")
    func arpQuestions() {
        let flood = [[UInt8]](repeating: question("10.0.1.1"), count: Self.limit + 500)
        #expect(node.pass(flood, "core1", to: "core1", at: Self.second).count == Self.limit)
        #expect(node.pass([question("10.0.1.1")], "core1", to: "core1", at: 2 * Self.second).count == 1)
        #expect(node.report.consumed == UInt64(Self.limit + 1))
        #expect(node.dropCount(.requestLimit) == 500)
        #expect(node.report.balances)
    }

    @Test("CD-6 So it is with pings, whatever else of them is dropped for")
    func pings() {
        var ping = Datagram.udp("10.1.0.5", "10.1.0.1")
        ping.protocol = .icmp
        ping.payload = [8, 0, 0xf7, 0xff, 0, 0, 0, 0]
        let flood = [[UInt8]](repeating: ping.bytes, count: Self.limit + 500)
        #expect(node.pass(flood, "access0", to: "access0", at: Self.second).count == Self.limit)
        let web = Datagram.udp("10.1.0.5", "10.1.0.1", ports: (9, 80)).bytes
        #expect(node.pass([web], "access0", to: "access0", at: Self.second).isEmpty)
        #expect((node.report.consumed, node.dropCount(.requestLimit)) == (UInt64(Self.limit), 501))
        node.pass([web], "access0", to: "access0", at: 2 * Self.second)
        #expect(node.dropCount(.notServedHere) == 1 && node.dropCount(.requestLimit) == 501)
        #expect(node.report.balances)
    }

    @Test("A flood of ARP questions doesn't keep a next hop's answer from being heard")
    func arpAnswer() {
        #expect(node.pass([Station.news("10.0.1.130")], "access0", to: "core1", at: Self.second).count == 1)
        let flood = [[UInt8]](repeating: question("10.0.1.200"), count: Self.limit + 500)
        #expect(node.pass(flood, "core1", to: "core1", at: Self.second).isEmpty)
        let answer = Station.arp(.reply, from: "10.0.1.130", at: Station.newsMAC, for: "10.0.1.1")
        // What has waited for it goes on.
        #expect(node.pass([answer], "core1", to: "core1", at: Self.second).count == 1)
        #expect(node.report.balances)
    }
}

/// How long a port's turns are.
struct TurnTests {
    @Test(
        "A port whose packets mostly aren't forwarded has turns of a quarter's length, until they are again")
    func turns() throws {
        let node = Node()
        let place = try #require(node.ports.firstIndex { $0.name == "access0" })
        func turns(_ frame: [UInt8], _ count: Int) -> [Int] {
            for _ in 0..<count { node["access0"].offer(frame, timestamp: 0) }
            var counts: [Int] = []
            while let last = Optional(node.worker.serve(PortIndex(rawValue: UInt16(place)))), last > 0 {
                counts.append(last)
            }
            return counts
        }
        let stranger = Datagram.udp("192.0.2.99", "10.0.1.130").bytes
        #expect(turns(stranger, 400) == [256, 64, 64, 16])
        _ = node.pass([Station.news("10.0.1.130")], "access0", to: "core1")
        let answer = Station.arp(.reply, from: "10.0.1.130", at: Station.newsMAC, for: "10.0.1.1")
        _ = node.pass([answer], "core1", to: "core1")
        #expect(turns(Station.news("10.0.1.130"), 600) == [64, 256, 256, 24])
        #expect(node.report.balances)
    }
}

import Forwarder
import Packets
import Ports
import Tables
import Testbed
import Testing
import Wire

@Suite("Our own addresses on a link") struct AnnouncementTests {
    private static let second: UInt64 = 1_000_000_000
    private let node = Node()

    /// What is announced on a port: ARP announcements, and unsolicited advertisements.
    private func announced(_ name: String, in node: Node) throws -> [String] {
        try node[name].takeSent().compactMap { sent -> String? in
            let frame = try #require(Frame(sent.bytes))
            let tags = frame.tags.map { "\($0) " }.joined()
            if frame.etherType == .arp {
                let packet = try ARPPacket(ARPView(frame.payload.span.bytes))
                guard packet.senderProtocol == packet.targetProtocol else { return nil }
                #expect(packet.operation == .request && frame.destination == .broadcast)
                #expect(packet.senderHardware == frame.source)
                return "\(tags)\(packet.senderProtocol) \(frame.source)"
            }
            guard let datagram = frame.datagram, datagram.payload[0] == 136 else { return nil }
            let packet = try NeighbourAdvertisement(IPv6View(frame.payload.span.bytes))
            #expect(!packet.isSolicited && packet.isOverride && packet.isRouter)
            #expect(frame.destination == MACAddress(multicast: .allNodes))
            #expect(datagram.destination == .v6(.allNodes) && datagram.source == .v6(packet.target))
            #expect(packet.targetLinkLayerAddress == frame.source)
            return "\(tags)\(packet.target) \(frame.source)"
        }
    }

    @Test("RFC 5227 §3, RFC 4861 §7.2.6: a port that has come up announces its addresses, twice")
    func comesUp() throws {
        let core0 = ["10.0.0.1 02:00:00:00:00:01", "2001:db8:ff::1 02:00:00:00:00:01"]
        // Bob is behind VLAN 100.
        let access1 = ["10.2.0.1 02:00:00:00:00:10", "100 10.2.0.1 02:00:00:00:00:10"]
        for time in UInt64(10)...16 {
            node.worker.confirmNeighbours(at: time * Self.second)
            let isDue = time == 10 || time == 12
            #expect(try announced("core0", in: node) == (isDue ? core0 : []))
            #expect(try announced("core1", in: node) == (isDue ? ["10.0.1.1 02:00:00:00:00:11"] : []))
            #expect(try announced("access1", in: node) == (isDue ? access1 : []))
            #expect(node["access0"].takeSent().isEmpty)
        }
        #expect(node.report.balances)
    }

    @Test("not while it is down, and again when it comes back")
    func goesDown() throws {
        node["core1"].state = .down
        node.worker.confirmNeighbours(at: 10 * Self.second)
        #expect(try announced("core1", in: node).isEmpty)
        node["core1"].state = .up
        node.worker.confirmNeighbours(at: 11 * Self.second)
        #expect(try announced("core1", in: node).count == 1)
        node.worker.confirmNeighbours(at: 13 * Self.second)
        #expect(try announced("core1", in: node).count == 1)
        node["core1"].state = .down
        node.worker.confirmNeighbours(at: 20 * Self.second)
        node["core1"].state = .up
        node.worker.confirmNeighbours(at: 21 * Self.second)
        #expect(try announced("core1", in: node).count == 1)
    }

    @Test("another MAC address is announced")
    func otherMAC() throws {
        let node = Node(Edges.subscriberEdge.replacing("mac: \"02:00:00:00:00:11\"", with: "mtu: 1500"))
        for time in UInt64(10)...14 { node.worker.confirmNeighbours(at: time * Self.second) }
        for port in node.ports { _ = port.takeSent() }
        node.tables.portFacts(3, mac: MACAddress(rawValue: 0x0200_0000_7777), mtu: nil)
        node.publish()
        node.worker.confirmNeighbours(at: 15 * Self.second)
        #expect(try announced("core1", in: node) == ["10.0.1.1 02:00:00:00:77:77"])
        #expect(try announced("core0", in: node).isEmpty)
    }

    @Test("a replay, which nobody looks after once a second, announces nothing")
    func silent() {
        node.pass([Station.news("10.0.1.130")], "access0", to: "core1")
        #expect(node["core0"].takeSent().isEmpty)
    }

    /// A solicitation on core0's link for its address there, from another one.
    private func solicitation(from source: String, _ mac: MACAddress) throws -> [UInt8] {
        let target = try #require(IPv6Address("2001:db8:ff::1"))
        let source = try #require(IPv6Address(source))
        let question = Station.emitted(72) {
            NeighbourSolicitation(target: target, sourceLinkLayerAddress: mac).emit(from: source, into: &$0)
        }
        return Frame(to: MACAddress(multicast: target.solicitedNode), from: mac, .ipv6, question).bytes
    }

    @Test("who asks for our address from an address of ours is not answered, nor believed")
    func ownAddress() throws {
        let own = "\(IPv6Address(linkLocalFor: Edges.subscriberMAC))"
        for source in ["2001:db8:ff::1", own, "2001:db8:1::1"] {
            let frame = try solicitation(from: source, Station.evilMAC)
            #expect(node.pass([frame], "core0", to: "core0").isEmpty)
        }
        #expect(node.dropCount(.spoofedSource) == 3)
        let other = try solicitation(from: "2001:db8:ff::2", Edges.providerMAC)
        #expect(node.pass([other], "core0", to: "core0").count == 1)
    }

    @Test("who looks for routers finds none here, and that is said")
    func routerSolicitation() throws {
        let source = IPv6Address(linkLocalFor: Edges.providerMAC)
        let routers = try #require(IPv6Address("ff02::2"))
        let message = Station.emitted(8) {
            ICMPv6Message.other(type: .routerSolicitation, code: 0, rest: 0).emit(
                into: &$0, payloadByteCount: 0, source: source, destination: routers)
        }
        var packet = Datagram(.v6(source), .v6(routers), .icmpv6, message)
        packet.ttl = 255
        let frame = Frame(to: MACAddress(multicast: routers), from: Edges.providerMAC, packet)
        #expect(node.pass([frame.bytes], "core0", to: "core0").isEmpty)
        #expect(node.dropCount(.notServedHere) == 1)
    }
}

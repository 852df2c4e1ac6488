import Packets
import Tables
import Testbed
import Testing
import Wire

@testable import Forwarder

@Suite("RFC 2003 §5: what is said of our packets in an IP-in-IP tunnel") struct PathMTUTests {
    private static let second: UInt64 = 1_000_000_000
    /// Of beta-west, by which alice has her music.
    private static let tunnel = TunnelIndex(rawValue: 2)
    private let node = Node()

    init() throws {
        // The way up goes into the tunnel.
        let sessions = node.tables.contents.changes.compactMap { change -> SessionObject? in
            if case .set(.session(let session)) = change { session } else { nil }
        }
        var session = try #require(sessions.first { $0.down.arrival == Arrival(tunnel: Self.tunnel) })
        session.up.tunnel = Self.tunnel
        try node.tables.stage(
            Transaction(number: node.tables.number + 1, changes: [.set(.session(session))]))
        node.publish()
    }

    /// Alice's packet to the music service.
    private func music(byteCount: Int, dontFragment: Bool = true) -> Datagram {
        var datagram = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: byteCount - 28)
        datagram.dontFragment = dontFragment
        return datagram
    }

    /// A router's error about an outer packet, as it comes in by core0.
    private func error(
        _ type: UInt8, _ code: UInt8, mtu: UInt16 = 0, about inner: Datagram,
        from local: String = "10.0.0.1", to remote: String = "10.0.0.2", quoting count: Int = 64,
        at mac: MACAddress = Edges.subscriberMAC, tags: [UInt16] = []
    ) -> [UInt8] {
        let outer = Datagram(IPAddress(local)!, IPAddress(remote)!, .ipv4, inner.bytes)
        var message = [type, code, 0, 0, 0, 0] + octets(mtu) + outer.bytes.prefix(count)
        let checksum = InternetChecksum.field(InternetChecksum.sum(message.span.bytes))
        (message[2], message[3]) = (UInt8(checksum & 0xff), UInt8(checksum >> 8))
        let packet = Datagram(IPAddress("10.9.9.9")!, IPAddress("10.0.0.1")!, .icmp, message)
        return Frame(to: mac, from: Edges.providerMAC, tags: tags, packet).bytes
    }

    /// What alice is told: type, code, MTU.
    private func told(_ frames: [[UInt8]]) throws -> [[Int]] {
        try frames.map {
            let datagram = try #require(Datagram($0))
            #expect(datagram.destination.description == "10.1.0.5" && datagram.ttl == 64)
            #expect(datagram.source.description == "10.1.0.1")
            let payload = datagram.payload
            #expect(InternetChecksum.isValid(InternetChecksum.sum(payload.span.bytes)))
            #expect(Array(payload[8..<12]) == Array(music(byteCount: 1200).bytes[..<4]))
            return [Int(payload[0]), Int(payload[1]), Int(payload[6]) << 8 | Int(payload[7])]
        }
    }

    @Test("RFC 1191, RFC 4459: a smaller path MTU is learned, and told to who sent the packet")
    func learns() throws {
        let packet = music(byteCount: 1200)
        #expect(node.pass([packet.bytes], "access0", to: "core0").count == 1)
        let answers = node.pass([error(3, 4, mtu: 1000, about: packet)], "core0", to: "access0")
        #expect(try told(answers) == [[3, 4, 980]])
        #expect((node.report.consumed, node.report.originated) == (1, 1))
        // From now on we know by ourselves.
        #expect(try told(node.pass([packet.bytes], "access0", to: "access0")) == [[3, 4, 980]])
        #expect(node.pass([music(byteCount: 980).bytes], "access0", to: "core0").count == 1)
        let fragments = node.pass(
            [music(byteCount: 1200, dontFragment: false).bytes], "access0", to: "core0")
        #expect(fragments.count == 2 && fragments.allSatisfy { $0.count - 14 <= 1000 })
        #expect(node.report.balances)
    }

    @Test(
        "RFC 4213 §3.2.2: up to 1,280 bytes IPv6 goes over a narrower path without DF, and keeps it where it fits"
    )
    func narrowPathForIPv6() throws {
        func sent(_ byteCount: Int) throws -> Datagram {
            let packet = Datagram.udp("2001:db8:1:5::9", "2001:db8:b::9", byteCount: byteCount - 48)
            return try #require(firstFrame(node.pass([packet.bytes], "access0", to: "core0")).datagram)
        }
        #expect(try sent(1280).dontFragment)
        node.pass([error(3, 4, mtu: 1000, about: music(byteCount: 1200))], "core0", to: "access0")
        let (long, next) = (try sent(1280), try sent(981))
        #expect(!long.dontFragment && !next.dontFragment && next.identification == long.identification + 1)
        #expect(try sent(980).dontFragment)
    }

    @Test("ten minutes without a word, and the path is believed to be what the line is")
    func ages() throws {
        let packet = music(byteCount: 1200)
        let start = 5 * Self.second
        node.pass([error(3, 4, mtu: 1000, about: packet)], "core0", to: "access0", at: start)
        #expect(node.pass([packet.bytes], "access0", to: "core0", at: start + 599 * Self.second).isEmpty)
        node.pass(
            [error(3, 4, mtu: 1000, about: packet)], "core0", to: "access0", at: start + 300 * Self.second)
        #expect(node.pass([packet.bytes], "access0", to: "core0", at: start + 899 * Self.second).isEmpty)
        #expect(node.pass([packet.bytes], "access0", to: "core0", at: start + 900 * Self.second).count == 1)
    }

    @Test("a path MTU falls, and doesn't rise before it has grown old")
    func falls() {
        for (mtu, expected) in [(UInt16(1100), 1100), (1150, 1100), (900, 900), (0, 900)] {
            node.pass([error(3, 4, mtu: mtu, about: music(byteCount: 1200))], "core0", to: "access0")
            #expect(node.worker.tables.pathMTU(of: Self.tunnel).map(Int.init) == expected)
        }
    }

    @Test(
        "what is no news, or not to be believed",
        arguments: [
            // MTU, length of the outer packet, what is learned.
            (1000, 1220, 1000), (1220, 1220, nil), (1300, 1220, nil), (68, 1220, 576), (0, 1220, 1006),
            (0, 1492, 1006), (0, 1493, 1492), (0, 600, 576), (68, 576, nil), (575, 577, 576),
        ] as [(Int, Int, Int?)])
    func plausible(mtu: Int, byteCount: Int, learned: Int?) {
        #expect(PathMTUs.mtu(from: .init(mtu: mtu, byteCount: byteCount, isOverIPv6: false)) == learned)
    }

    @Test("over IPv6 no path takes less than 1,280")
    func overIPv6() {
        #expect(PathMTUs.mtu(from: .init(mtu: 1400, byteCount: 1500, isOverIPv6: true)) == 1400)
        #expect(PathMTUs.mtu(from: .init(mtu: 600, byteCount: 1500, isOverIPv6: true)) == 1280)
        #expect(PathMTUs.mtu(from: .init(mtu: 600, byteCount: 1280, isOverIPv6: true)) == nil)
    }

    @Test(
        "RFC 2003 §4: an end that can't be reached is told as a host that can't",
        arguments: [(UInt8(3), UInt8(0)), (3, 1), (3, 2), (11, 0)])
    func unreachable(type: UInt8, code: UInt8) throws {
        let packet = music(byteCount: 1200, dontFragment: true)
        let answers = node.pass([error(type, code, about: packet)], "core0", to: "access0")
        #expect(try told(answers) == [[3, 1, 0]])
    }

    @Test("nobody is told of a packet that may be fragmented, that fits, or of which too little is quoted")
    func untold() {
        let frames = [
            error(3, 4, mtu: 1000, about: music(byteCount: 1200, dontFragment: false)),
            error(3, 4, mtu: 1000, about: music(byteCount: 1200), quoting: 47),
            error(3, 4, mtu: 1000, about: music(byteCount: 900)),
            error(3, 3, about: music(byteCount: 1200)), error(12, 0, about: music(byteCount: 1200)),
        ]
        #expect(node.pass(frames, "core0", to: "access0").isEmpty)
        #expect(node.report.consumed == 5)
        #expect(node.worker.tables.pathMTU(of: Self.tunnel) == 1000)
    }

    @Test("forged: other ends, another port, no tunnel in the quote, a wrong checksum")
    func forged() {
        let packet = music(byteCount: 1200)
        var broken = error(3, 4, mtu: 1000, about: packet)
        broken[broken.count - 1] ^= 1
        let frames = [
            error(3, 4, mtu: 1000, about: packet, from: "10.0.0.2", to: "10.0.0.1"),
            error(3, 4, mtu: 1000, about: packet, to: "10.0.0.3"), broken,
        ]
        #expect(node.pass(frames, "core0", to: "access0").isEmpty)
        let other = error(3, 4, mtu: 1000, about: packet, at: Edges.subscriberMAC1)
        #expect(node.pass([other], "core1", to: "access0").isEmpty)
        #expect(node.dropCount(.notServedHere) == 4 && node.report.consumed == 0)
        #expect(node.pass([packet.bytes], "access0", to: "core0").count == 1)
    }

    @Test("forged: from another VLAN than the line's, where somebody else may be")
    func otherVLAN() {
        let node = Node(
            Edges.subscriberEdge.replacing("mtu: 1320 }", with: "mtu: 1320, vlan: 7 }"))
        let packet = music(byteCount: 1200)
        for (tags, learned) in [([], nil), ([8], nil), ([7, 7], nil), ([7], 1000)] as [([UInt16], UInt16?)] {
            node.pass([error(3, 4, mtu: 1000, about: packet, tags: tags)], "core0", to: "access0")
            #expect(node.worker.tables.pathMTU(of: Self.tunnel) == learned)
        }
        #expect(node.dropCount(.notServedHere) == 3)
    }

    @Test("a flood of forged errors is heeded a thousand times a second, and told no more often")
    func flood() {
        let packet = music(byteCount: 1200)
        let frames = Array(repeating: error(3, 1, about: packet), count: 3000)
        #expect(node.pass(frames, "core0", to: "access0").count == 1000)
        #expect(node.report.consumed == 1000 && node.dropCount(.requestLimit) == 2000)
        #expect(node.report.balances)
    }

    @Test("a flood of errors about nobody's packets uses up no limit: true ones are heard, and ours sent")
    func floodOfStrangers() {
        let packet = music(byteCount: 1200)
        let flood = Array(repeating: error(3, 4, mtu: 1000, about: packet, to: "10.0.0.3"), count: 3000)
        node.pass(flood, "core0", to: "access0", at: Self.second)
        #expect(node.dropCount(.notServedHere) == 3000)
        #expect(
            node.pass([error(3, 4, mtu: 1000, about: packet)], "core0", to: "access0", at: Self.second).count
                == 1)
        #expect(node.worker.tables.pathMTU(of: Self.tunnel) == 1000)
        let dying = Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls,
            labels: [LabelStackEntry(18000, ttl: 1, bottom: true)], packet.bytes)
        #expect(node.pass([dying.bytes], "core0", to: "core0", at: Self.second).count == 1)
        #expect(node.report.balances)
    }

    @Test("a flood of pings doesn't keep an error from being heard")
    func floodOfPings() {
        let ping = Datagram(
            IPAddress("10.0.0.2")!, IPAddress("10.0.0.1")!, .icmp, [8, 0, 0xf7, 0xff, 0, 0, 0, 0])
        let frame = Frame(to: Edges.subscriberMAC, from: Edges.providerMAC, ping).bytes
        node.pass(Array(repeating: frame, count: 10_500), "core0", to: "core0", at: Self.second)
        #expect(node.dropCount(.requestLimit) == 500)
        node.pass(
            [error(3, 4, mtu: 1000, about: music(byteCount: 1200))], "core0", to: "access0", at: Self.second)
        #expect(node.worker.tables.pathMTU(of: Self.tunnel) == 1000)
        #expect(node.report.balances)
    }

    @Test("a tunnel that is another than before has its path to learn anew")
    func otherTunnel() throws {
        let packet = music(byteCount: 1200)
        node.pass([error(3, 4, mtu: 1000, about: packet)], "core0", to: "access0")
        #expect(node.worker.tables.pathMTU(of: Self.tunnel) == 1000)
        let tunnel = try #require(
            node.tables.contents.changes.compactMap { change -> TunnelObject? in
                if case .set(.tunnel(let tunnel)) = change, tunnel.slot == Self.tunnel { tunnel } else { nil }
            }.first)
        var changed = tunnel
        changed.innerClass = .outer
        try node.tables.stage(
            Transaction(number: node.tables.number + 1, changes: [.set(.tunnel(changed))]))
        node.publish()
        #expect(node.worker.tables.pathMTU(of: Self.tunnel) == nil)
        node.pass([error(3, 4, mtu: 1100, about: packet)], "core0", to: "access0")
        #expect(node.worker.tables.pathMTU(of: Self.tunnel) == 1100)
    }

    @Test("RFC 2473 §8: the same of a tunnel under IPv6, about IPv6 within")
    func underIPv6() throws {
        let (local, remote) = (IPAddress("2001:db8:ff::1")!, IPAddress("2001:db8:ff::2")!)
        var changes: [Transaction.Change] = []
        for case .set(let object) in node.tables.contents.changes {
            if case .tunnel(var tunnel) = object, tunnel.slot == Self.tunnel {
                tunnel.end = .ipip(remote: remote, local: local)
                changes.append(.set(.tunnel(tunnel)))
            }
            if case .session(var session) = object, session.up.tunnel == Self.tunnel {
                session.up.push = .outer(
                    source: local, destination: remote, ttl: 64, dscp: 0, Conversion.Flags(rawValue: 0))
                session.up.maximumInnerByteCount = 1460
                changes.append(.set(.session(session)))
            }
        }
        try node.tables.stage(Transaction(number: node.tables.number + 1, changes: changes))
        node.publish()
        let packet = Datagram.udp("2001:db8:1:5::9", "2001:db8:b::9", byteCount: 1400 - 48)
        let sent = try firstFrame(node.pass([packet.bytes], "access0", to: "core0"))
        let outer = try #require(sent.datagram)
        #expect(outer.destination == remote && outer.protocol == .ipv6 && outer.byteCount == 1440)

        func error(_ type: UInt8, mtu: UInt32) -> [UInt8] {
            guard case .v6(let router) = IPAddress("2001:db8:9::9")!, case .v6(let to) = local else {
                return []
            }
            var message = [type, 0, 0, 0] + octets(mtu) + outer.bytes.prefix(600)
            let pseudo = TransportChecksum.pseudoHeaderSum(
                source: router, destination: to, protocol: .icmpv6, byteCount: message.count)
            let checksum = InternetChecksum.field(pseudo &+ InternetChecksum.sum(message.span.bytes))
            (message[2], message[3]) = (UInt8(checksum & 0xff), UInt8(checksum >> 8))
            let packet = Datagram(.v6(router), local, .icmpv6, message)
            return Frame(to: Edges.subscriberMAC, from: Edges.providerMAC, packet).bytes
        }
        func told(_ frames: [[UInt8]]) throws -> [Int] {
            let answer = try #require(frames.first.flatMap { Datagram($0) })
            #expect(answer.source.description == "2001:db8:1::1" && answer.destination == packet.source)
            let mtu = answer.payload[4..<8].reduce(0) { $0 << 8 | Int($1) }
            return [Int(answer.payload[0]), Int(answer.payload[1]), mtu]
        }
        #expect(try told(node.pass([error(3, mtu: 0)], "core0", to: "access0")) == [1, 3, 0])
        #expect(try told(node.pass([error(2, mtu: 1400)], "core0", to: "access0")) == [2, 0, 1360])
        #expect(try told(node.pass([packet.bytes], "access0", to: "access0")) == [2, 0, 1360])
        // Less than IPv6 must always get, nobody can make us say.
        #expect(try told(node.pass([error(2, mtu: 100)], "core0", to: "access0")) == [2, 0, 1280])
        #expect(node.worker.tables.pathMTU(of: Self.tunnel) == 1280)
        #expect(node.report.balances)
    }

    @Test("the service's side is told as well: the inner sender is wherever the session's other way leads")
    func serviceSide() throws {
        let node = Node(Edges.providerEdge)
        var changes: [Transaction.Change] = []
        for case .set(.session(var session)) in node.tables.contents.changes
        where session.up.arrival == Arrival(tunnel: Self.tunnel) {
            session.down.tunnel = Self.tunnel
            changes.append(.set(.session(session)))
        }
        #expect(changes.count == 1)
        try node.tables.stage(Transaction(number: node.tables.number + 1, changes: changes))
        node.publish()
        var packet = Datagram.udp("203.0.113.9", "10.1.0.5", byteCount: 1200)
        packet.dontFragment = true
        let outer = try firstFrame(node.pass([packet.bytes], "server0", to: "core0")).payload
        var message = [3, 4, 0, 0, 0, 0] + octets(UInt16(1000)) + outer.prefix(64)
        let checksum = InternetChecksum.field(InternetChecksum.sum(message.span.bytes))
        (message[2], message[3]) = (UInt8(checksum & 0xff), UInt8(checksum >> 8))
        let error = Datagram(IPAddress("10.9.9.9")!, IPAddress("10.0.0.2")!, .icmp, message)
        let frame = Frame(to: Edges.providerMAC, from: Edges.subscriberMAC, error).bytes
        let answer = try #require(Datagram(try node.first([frame], "core0", to: "server0")))
        #expect(answer.destination.description == "203.0.113.9")
        #expect(Array(answer.payload[..<2]) == [3, 4] && Array(answer.payload[6..<8]) == octets(UInt16(980)))
        #expect(node.report.sessions.allSatisfy { $0.up.packets == 0 })
        #expect(node.report.balances)
    }
}

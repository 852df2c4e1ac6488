import Forwarder
import Packets
import Testbed
import Testing
import Wire

@Suite("Ping and ICMP errors") struct ErrorMessageTests {
    let node = Node()

    @Test("Ping to our addresses is answered, whatever its TTL", arguments: [UInt8(1), 64])
    func ping(ttl: UInt8) throws {
        var request = Datagram.udp("10.0.0.2", "10.0.0.1")
        request.protocol = .icmp
        request.ttl = ttl
        request.payload = Station.emitted(8 + 56) {
            ICMPv4Message.echoRequest(identifier: 7, sequence: 9).emit(into: &$0, payloadByteCount: 56)
        }
        let frame = Frame(to: Edges.subscriberMAC, from: Edges.providerMAC, request)
        let answer = try #require(Frame(try node.first([frame.bytes], "core0", to: "core0")))
        let reply = try #require(answer.datagram)
        #expect((answer.destination, answer.source) == (Edges.providerMAC, Edges.subscriberMAC))
        #expect((reply.source, reply.destination, reply.ttl) == (request.destination, request.source, 64))
        let message = try ICMPView(reply.payload.span.bytes, over: .v4)
        let (isSound, parsed) = (message.hasValidChecksum(), ICMPv4Message(message))
        #expect(isSound && parsed == .echoReply(identifier: 7, sequence: 9))
        #expect((node.report.consumed, node.report.originated) == (1, 1))
    }

    @Test("A protocol that this node does not speak is no ping")
    func notServed() {
        let frame = Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, Datagram.udp("10.0.0.2", "10.0.0.1"))
        #expect(node.pass([frame.bytes], "core0", to: "core0").isEmpty)
        #expect(node.dropCount(.notServedHere) == 1)
    }

    @Test("PX-4 a packet too long, with DF or of IPv6, is answered with the size that fits")
    func tooBig() throws {
        var datagram = Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 1465)
        datagram.dontFragment = true
        #expect(datagram.byteCount == 1493)
        let answer = try #require(
            Datagram(try node.first([datagram.bytes], "access0", to: "access0")))
        let error = try ICMPv4Message(ICMPView(answer.payload.span.bytes, over: .v4))
        #expect(error == .destinationUnreachable(code: ICMPv4Message.fragmentationNeeded, nextHopMTU: 1492))
        #expect((answer.source.description, answer.destination.description) == ("10.1.0.1", "10.1.0.5"))
        #expect(Array(answer.payload[8...]) == Array(datagram.bytes.prefix(answer.payload.count - 8)))

        let long = Datagram.udp("2001:db8:1:5::9", "2001:db8:b::9", byteCount: 1300 - 48 + 1)
        let answer6 = try #require(
            Datagram(try node.first([long.bytes], "access0", to: "access0")))
        let error6 = try ICMPv6Message(ICMPView(answer6.payload.span.bytes, over: .v6))
        #expect(error6 == .packetTooBig(mtu: 1300))
        #expect(node.dropCount(.tooBig) == 2)
    }

    @Test("Errors stay below a thousand a second, and more than one answer vector is sent")
    func rateLimit() {
        var datagram = Datagram.udp("10.1.0.5", "198.51.100.7")
        datagram.ttl = 1
        let second: UInt64 = 1_000_000_000
        let frames = [[UInt8]](repeating: datagram.bytes, count: 1500)
        #expect(node.pass(frames, "access0", to: "access0", at: 3 * second).count == 1000)
        #expect(node.pass(frames, "access0", to: "access0", at: 4 * second - 1).isEmpty)
        #expect(node.pass(Array(frames.prefix(200)), "access0", to: "access0", at: 4 * second).count == 200)
        #expect(node.dropCount(.ttlExpired) == 3200)
        #expect(node.report.originated == 1200)
        #expect(node.report.balances)
    }

    @Test("More answers than the slow path holds at once: none is lost", arguments: [63, 64, 65, 256, 700])
    func manyAnswers(_ count: Int) {
        var datagram = Datagram.udp("10.1.0.5", "198.51.100.7")
        datagram.ttl = 1
        let frames = (0..<count).map { number in
            datagram.identification = UInt16(number)
            return datagram.bytes
        }
        let answers = node.pass(frames, "access0", to: "access0").compactMap { Datagram($0) }
        // Each quotes the packet it is about, in the order of arrival.
        #expect(
            answers.map { UInt16($0.payload[12]) << 8 | UInt16($0.payload[13]) }
                == (0..<UInt16(count)).map { $0 })
    }
}

import Testing
import Wire

@Suite("Echo replies made in place") struct EchoReplyTests {
    private func reply(to packet: [UInt8], at start: Int = 0) -> (Int?, [UInt8]) {
        var bytes = packet
        let version = packet[start] >> 4
        let count = bytes.write {
            version == 4
                ? EchoReply.replyToIPv4(in: &$0, at: start) : EchoReply.replyToIPv6(in: &$0, at: start)
        }
        return (count, bytes)
    }

    @Test(
        "the reply is scapy's, padding untouched",
        arguments: [(Vectors.echoRequest4, Vectors.echoReply4), (Vectors.echoRequest6, Vectors.echoReply6)])
    func reply(request: [UInt8], expected: [UInt8]) {
        let (count, bytes) = reply(to: dirty(14) + request + dirty(5), at: 14)
        #expect(count == expected.count)
        #expect(bytes == dirty(14) + expected + dirty(5))
    }

    @Test("options are not sent back")
    func options() throws {
        let (count, bytes) = reply(to: Vectors.echoRequest4Options)
        #expect(count == bytes.count)
        #expect(bytes[20..<28].allSatisfy { $0 == 0 })
        #expect(bytes[28...] == Vectors.echoReply4[20...])
        let (isValid, source) = try bytes.read { bytes throws(WireError) in
            let view = try IPv4View(bytes)
            return (view.hasValidChecksum, view.source)
        }
        #expect(isValid && source == IPv4Address("10.1.0.1"))
    }

    /// What must not be answered, and why not.
    static let unanswered: [(String, [UInt8])] = {
        func changed(_ packet: [UInt8], _ octet: Int, _ value: UInt8) -> [UInt8] {
            var packet = packet
            packet[octet] = value
            return packet
        }
        func readdressed(_ source: String, _ destination: String) -> [UInt8] {
            var bytes = Vectors.echoRequest4
            bytes.write {
                $0.store(IPv4Address(source)!, at: IPv4Field.source)
                $0.store(IPv4Address(destination)!, at: IPv4Field.destination)
                $0.storeChecksum(at: IPv4Field.checksum, over: 0..<20)
            }
            return bytes
        }
        return [
            ("a reply", Vectors.echoReply4), ("UDP", Vectors.ipv4UDP),
            ("a fragment", Vectors.ipv4LaterFragment),
            ("bad IP checksum", changed(Vectors.echoRequest4, 10, 0)),
            ("bad ICMP checksum", changed(Vectors.echoRequest4, 60, 0)),
            ("truncated", Array(Vectors.echoRequest4.dropLast())),
            ("to a group", readdressed("10.1.0.5", "224.0.0.1")),
            ("from nowhere", readdressed("0.0.0.0", "10.1.0.1")),
            ("an ICMPv6 reply", Vectors.echoReply6), ("a solicitation", Vectors.solicitation),
            ("bad ICMPv6 checksum", changed(Vectors.echoRequest6, 60, 0)),
            ("truncated IPv6", Array(Vectors.echoRequest6.dropLast())),
            ("to an IPv6 group", changed(Vectors.echoRequest6, 24, 0xff)),
        ]
    }()

    @Test("other packets get none, and stay as they were", arguments: unanswered)
    func none(why: String, packet: [UInt8]) {
        let (count, bytes) = reply(to: packet)
        #expect(count == nil, "\(why)")
        #expect(bytes == packet)
    }
}

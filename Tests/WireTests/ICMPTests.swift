import Testing
import Wire

@Suite("ICMP and ICMPv6 messages (RFC 792, RFC 4443)") struct ICMPTests {
    static let messages4: [([UInt8], ICMPv4Message)] = [
        (Vectors.echoRequest4, .echoRequest(identifier: 0x1122, sequence: 3)),
        (Vectors.echoReply4, .echoReply(identifier: 0x1122, sequence: 3)),
        (Vectors.fragmentationNeeded, .destinationUnreachable(code: 4, nextHopMTU: 1480)),
        (Vectors.prohibited4, .destinationUnreachable(code: 13, nextHopMTU: 0)),
        (Vectors.timeExceeded4, .timeExceeded(code: 0)),
    ]

    @Test("ICMP parses, and emits over a dirty header what scapy built", arguments: messages4)
    func icmpv4(packet: [UInt8], message: ICMPv4Message) throws {
        let (read, bytes, isValid) = try packet.read { packet throws(WireError) in
            let view = try ICMPView(try IPv4View(packet).payload, over: .v4)
            return (ICMPv4Message(view), view.bytes.copied, view.hasValidChecksum())
        }
        #expect(read == message && isValid)
        var written = dirty(8) + bytes[8...]
        let count = written.write { message.emit(into: &$0, payloadByteCount: bytes.count - 8) }
        #expect(count == bytes.count)
        #expect(written == bytes)
    }

    static let messages6: [([UInt8], ICMPv6Message)] = [
        (Vectors.echoRequest6, .echoRequest(identifier: 0x1122, sequence: 3)),
        (Vectors.echoReply6, .echoReply(identifier: 0x1122, sequence: 3)),
        (Vectors.packetTooBig, .packetTooBig(mtu: 1480)),
        (Vectors.timeExceeded6, .timeExceeded(code: 0)),
        (Vectors.advertisement, .other(type: .neighbourAdvertisement, code: 0, rest: 0xe000_0000)),
    ]

    @Test("ICMPv6 parses, and emits over a dirty header what scapy built", arguments: messages6)
    func icmpv6(packet: [UInt8], message: ICMPv6Message) throws {
        let (read, bytes, source, destination) = try packet.read { packet throws(WireError) in
            let ip = try IPv6View(packet)
            let view = try ICMPView(ip.payload, over: .v6)
            return (ICMPv6Message(view), view.bytes.copied, ip.source, ip.destination)
        }
        #expect(read == message)
        var written = dirty(8) + bytes[8...]
        let count = written.write {
            message.emit(
                into: &$0, payloadByteCount: bytes.count - 8, source: source, destination: destination)
        }
        #expect(count == bytes.count)
        #expect(written == bytes)
    }

    @Test("unreachable codes but 4 have no MTU, whatever stands in its place")
    func unusedField() throws {
        var bytes = Array(Vectors.prohibited4[20...])
        bytes[ICMPField.sequence] = 5
        let read = try bytes.read { bytes throws(WireError) in ICMPv4Message(try ICMPView(bytes, over: .v4)) }
        #expect(read == .destinationUnreachable(code: 13, nextHopMTU: 0))
    }

    @Test(
        "every truncated length is refused",
        arguments: [(IPVersion.v4, WireError.Header.icmpv4), (.v6, .icmpv6)])
    func truncated(version: IPVersion, header: WireError.Header) {
        let errors = dirty(8).errorsOfPrefixes { bytes throws(WireError) in
            _ = try ICMPView(bytes, over: version)
        }
        #expect(errors == Array(repeating: WireError(header, .truncated), count: 8))
    }
}

import Testing
import Wire

@Suite("IPv6 (RFC 8200)") struct IPv6Tests {
    private func header(_ packet: [UInt8]) throws(WireError) -> IPv6Header {
        try packet.read { bytes throws(WireError) in IPv6Header(try IPv6View(bytes)) }
    }
    private func upper(_ packet: [UInt8]) throws(WireError) -> IPv6Upper {
        try packet.read { bytes throws(WireError) in try IPv6View(bytes).upper() }
    }

    @Test("parses what scapy built, padding trimmed")
    func parse() throws {
        let payload = try (Vectors.ipv6UDP + dirty(3)).read { bytes throws(WireError) in
            try IPv6View(bytes).payload.copied
        }
        #expect(payload == Array(Vectors.ipv6UDP[40...]))
        let value = try header(Vectors.ipv6UDP)
        #expect(value.dscp == 46 && value.ecn == .ect1 && value.flowLabel == 0x12345)
        #expect(value.nextHeader == .udp && value.hopLimit == 63 && value.totalByteCount == 53)
        #expect(
            value.source == IPv6Address("2001:db8:1::5") && value.destination == IPv6Address("2001:db8:a::7"))
    }

    @Test(
        "emit over a dirty buffer gives scapy's header",
        arguments: [Vectors.ipv6UDP, Vectors.ipv6TCP, Vectors.ipv6Extended, Vectors.solicitation])
    func emit(packet: [UInt8]) throws {
        let value = try header(packet)
        var written = dirty(44)
        let count = written.write { value.emit(into: &$0, at: 3) }
        #expect(count == 40)
        #expect(written == dirty(3) + packet[..<40] + dirty(1))
    }

    @Test("every truncated length is refused")
    func truncated() {
        let errors = Vectors.ipv6UDP.errorsOfPrefixes { bytes throws(WireError) in _ = try IPv6View(bytes) }
        #expect(errors[..<40].allSatisfy { $0 == WireError(.ipv6, .truncated) })
        #expect(errors[40...].allSatisfy { $0 == WireError(.ipv6, .length) })
    }

    @Test func otherVersionIsRefused() {
        #expect(throws: WireError(.ipv6, .version)) { try header([0x45] + Vectors.ipv6UDP[1...]) }
    }

    @Test("the upper header is found behind hop-by-hop, destination, routing and fragment headers")
    func extended() throws {
        let found = try upper(Vectors.ipv6Extended)
        #expect(found.protocol == .udp && found.offset == 40 + 8 + 8 + 24 + 8 + 8)
        #expect(found.isFragment && !found.isLaterFragment)
    }

    @Test func withoutExtensionHeadersTheUpperHeaderComesFirst() throws {
        let found = try upper(Vectors.ipv6TCP)
        #expect(found.protocol == .tcp && found.offset == 40 && !found.isFragment && !found.isLaterFragment)
    }

    @Test("a later fragment ends the walk")
    func laterFragment() throws {
        let found = try upper(Vectors.ipv6LaterFragment)
        #expect(found.protocol == .ipv6DestinationOptions && found.offset == 48)
        #expect(found.isFragment && found.isLaterFragment)
    }

    @Test("an atomic fragment is whole (RFC 6946)")
    func atomicFragment() throws {
        let found = try upper(Vectors.ipv6AtomicFragment)
        #expect(found.protocol == .udp && found.offset == 48 && !found.isFragment && !found.isLaterFragment)
    }

    /// A packet with `count` destination options headers before UDP.
    private func chain(_ count: Int) -> [UInt8] {
        var packet = Array(Vectors.ipv6UDP[..<40])
        packet[IPv6Field.nextHeader] = count == 0 ? 17 : 60
        for index in 0..<count { packet += [index == count - 1 ? 17 : 60, 0, 1, 4, 0, 0, 0, 0] }
        packet += [0, 1, 0, 2, 0, 8, 0, 0]
        packet[IPv6Field.payloadLength + 1] = UInt8(packet.count - 40)
        return packet
    }

    @Test("eight extension headers are followed", arguments: 0...8)
    func followed(count: Int) throws {
        let found = try upper(chain(count))
        #expect(found.protocol == .udp && found.offset == 40 + 8 * count)
    }

    @Test("more than eight are not", arguments: [9, 20])
    func tooMany(count: Int) {
        #expect(throws: WireError(.ipv6Extension, .chain)) { try upper(chain(count)) }
    }

    @Test("a chain that the packet ends in is refused")
    func truncatedChain() throws {
        // The headers behind the fixed one end at byte 96; an upper header of no bytes is the next reader's
        // matter.
        for byteCount in 40..<Vectors.ipv6Extended.count {
            var packet = Array(Vectors.ipv6Extended[..<byteCount])
            packet[IPv6Field.payloadLength + 1] = UInt8(byteCount - 40)
            if byteCount < 96 {
                #expect(throws: WireError(.ipv6Extension, .chain), "\(byteCount) bytes") { try upper(packet) }
            } else {
                #expect(try upper(packet).offset == 96)
            }
        }
    }
}

import Testing
import Wire

@Suite("IPv4 (RFC 791)") struct IPv4Tests {
    private func header(_ packet: [UInt8]) throws(WireError) -> IPv4Header {
        try packet.read { bytes throws(WireError) in IPv4Header(try IPv4View(bytes)) }
    }

    @Test("parses what scapy built, padding trimmed")
    func parse() throws {
        let (payload, checksum, isValid) = try (Vectors.ipv4UDP + dirty(13)).read { bytes throws(WireError) in
            let view = try IPv4View(bytes)
            return (view.payload.copied, view.checksum, view.hasValidChecksum)
        }
        #expect(payload == Array(Vectors.ipv4UDP[20...]))
        #expect(checksum == 0xf49e && isValid)
        let value = try header(Vectors.ipv4UDP)
        #expect(value.dscp == 46 && value.ecn == .ect1)
        #expect(value.identification == 0x1234 && value.dontFragment && !value.moreFragments)
        #expect(value.ttl == 63 && value.protocol == .udp && value.totalLength == 33)
        #expect(value.source == IPv4Address("10.1.0.5") && value.destination == IPv4Address("198.51.100.7"))
    }

    @Test("fragment offset counts eight bytes; a later fragment is one")
    func fragment() throws {
        let (later, fragment, offset) = try Vectors.ipv4LaterFragment.read { bytes throws(WireError) in
            let view = try IPv4View(bytes)
            return (view.isLaterFragment, view.isFragment, view.fragmentOffset)
        }
        #expect(later && fragment && offset == 185)
        let value = try header(Vectors.ipv4LaterFragment)
        #expect(value.moreFragments && !value.dontFragment && value.fragmentOffset == 185)
    }

    @Test("options are set apart from the payload")
    func options() throws {
        let (options, payload, isValid) = try Vectors.ipv4Options.read { bytes throws(WireError) in
            let view = try IPv4View(bytes)
            return (view.options.copied, view.payload.copied, view.hasValidChecksum)
        }
        #expect(options == hex("0707040000000001"))
        #expect(payload == Array(Vectors.ipv4Options[28...]) && isValid)
    }

    @Test(
        "emit over a dirty buffer gives scapy's header",
        arguments: [Vectors.ipv4UDP, Vectors.ipv4TCP, Vectors.ipv4LaterFragment, Vectors.echoRequest4])
    func emit(packet: [UInt8]) throws {
        let value = try header(packet)
        var written = dirty(24)
        let count = written.write { value.emit(into: &$0, at: 3) }
        #expect(count == 20)
        #expect(written == dirty(3) + packet[..<20] + dirty(1))
    }

    @Test("a header of ours: TTL 64, not fragmented, best effort")
    func ours() throws {
        let value = IPv4Header(
            protocol: .ipv4, source: IPv4Address("192.0.2.1")!, destination: IPv4Address("192.0.2.9")!,
            payloadByteCount: 4)
        var packet = dirty(24)
        packet.write { _ = value.emit(into: &$0) }
        #expect(packet == Vectors.ipv4InIPv4)
        #expect(try header(packet) == value)
    }

    @Test("every truncated length is refused", arguments: [Vectors.ipv4UDP, Vectors.ipv4Options])
    func truncated(packet: [UInt8]) {
        let errors = packet.errorsOfPrefixes { bytes throws(WireError) in _ = try IPv4View(bytes) }
        let headerByteCount = Int(packet[0] & 0xf) * 4
        #expect(errors[..<headerByteCount].allSatisfy { $0 == WireError(.ipv4, .truncated) })
        #expect(errors[headerByteCount...].allSatisfy { $0 == WireError(.ipv4, .length) })
    }

    @Test(
        "lengths and version that can't be are refused",
        arguments: [
            (0, 0x65, WireError.Fault.version), (0, 0x44, .headerLength), (0, 0x40, .headerLength),
            (0, 0x4f, .truncated), (3, 19, .length), (3, 34, .length), (2, 0xff, .length),
        ])
    func refused(octet: Int, value: UInt8, fault: WireError.Fault) {
        var packet = Vectors.ipv4UDP
        packet[octet] = value
        #expect(throws: WireError(.ipv4, fault)) { try header(packet) }
    }

    @Test("any flipped bit of the header shows in the checksum")
    func checksum() throws {
        // All but version, header length and total length, without which there is no header to check.
        for bit in Array(8..<16) + Array(32..<160) {
            var packet = Vectors.ipv4UDP
            packet[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            let isValid = try packet.read { bytes throws(WireError) in try IPv4View(bytes).hasValidChecksum }
            #expect(!isValid, "bit \(bit)")
        }
    }
}

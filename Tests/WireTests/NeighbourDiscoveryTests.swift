import Testing
import Wire

@Suite("Neighbour discovery (RFC 4861)") struct NeighbourDiscoveryTests {
    private let target = IPv6Address("2001:db8:1::1")!
    private let host = IPv6Address("2001:db8:1::5")!
    private let hostMAC = MACAddress("02:00:00:00:00:01")!
    private let ourMAC = MACAddress("02:57:4c:00:00:02")!

    private func solicitation(_ packet: [UInt8]) throws(WireError) -> NeighbourSolicitation {
        try packet.read { bytes throws(WireError) in try NeighbourSolicitation(try IPv6View(bytes)) }
    }
    private func advertisement(_ packet: [UInt8]) throws(WireError) -> NeighbourAdvertisement {
        try packet.read { bytes throws(WireError) in try NeighbourAdvertisement(try IPv6View(bytes)) }
    }

    @Test("a solicitation is scapy's, read and written")
    func solicitation() throws {
        let value = NeighbourSolicitation(target: target, sourceLinkLayerAddress: hostMAC)
        #expect(try solicitation(Vectors.solicitation) == value)
        var written = dirty(80)
        let count = written.write { value.emit(from: host, into: &$0, at: 4) }
        #expect(count == 72)
        #expect(written == dirty(4) + Vectors.solicitation + dirty(4))
    }

    @Test("duplicate address detection asks from ::, without its address")
    func duplicateAddressDetection() throws {
        let value = NeighbourSolicitation(target: target, sourceLinkLayerAddress: nil)
        #expect(try solicitation(Vectors.duplicateAddressDetection) == value)
        var written = dirty(64)
        let count = written.write { value.emit(from: IPv6Address(high: 0, low: 0), into: &$0) }
        #expect(count == 64)
        #expect(written == Vectors.duplicateAddressDetection)
    }

    @Test(
        "the answer goes to who asked, or to all nodes",
        arguments: [
            (Vectors.solicitation, "2001:db8:1::5", Vectors.advertisement),
            (Vectors.duplicateAddressDetection, "::", Vectors.unsolicitedAdvertisement),
        ])
    func advertisement(question: [UInt8], source: String, expected: [UInt8]) throws {
        let source = IPv6Address(source)!
        let value = NeighbourAdvertisement(answering: try solicitation(question), from: source, at: ourMAC)
        #expect(try advertisement(expected) == value)
        var written = dirty(72)
        let count = written.write {
            value.emit(from: target, to: NeighbourAdvertisement.destination(answering: source), into: &$0)
        }
        #expect(count == 72)
        #expect(written == expected)
    }

    /// Changes octets of a packet and makes its checksum right again, so that the checksum isn't what is
    /// refused.
    private func changed(_ packet: [UInt8], _ change: (inout [UInt8]) -> Void) throws -> [UInt8] {
        var packet = packet
        change(&packet)
        let header = try packet.read { bytes throws(WireError) in IPv6Header(try IPv6View(bytes)) }
        let sum = TransportChecksum.pseudoHeaderSum(
            source: header.source, destination: header.destination, protocol: .icmpv6,
            byteCount: header.payloadByteCount)
        let end = header.totalByteCount
        packet.write { $0.storeChecksum(at: 42, over: 40..<end, adding: sum) }
        return packet
    }

    @Test(
        "§7.1: what both kinds must not be",
        arguments: [
            (7, 254, WireError.Fault.hopLimit), (41, 1, .code), (40, 133, .version), (48, 0xff, .address),
            (65, 0, .option), (65, 2, .option), (66, 0x03, .option),
        ] as [(Int, UInt8, WireError.Fault)])
    func refused(octet: Int, value: UInt8, fault: WireError.Fault) throws {
        let badSolicitation = try changed(Vectors.solicitation) { $0[octet] = value }
        let badAdvertisement = try changed(Vectors.advertisement) { $0[octet] = value }
        #expect(throws: WireError(.neighbourDiscovery, fault)) { try solicitation(badSolicitation) }
        #expect(throws: WireError(.neighbourDiscovery, fault)) { try advertisement(badAdvertisement) }
    }

    @Test("each is refused as the other, and with a wrong checksum")
    func kindAndChecksum() {
        #expect(throws: WireError(.neighbourDiscovery, .version)) { try solicitation(Vectors.advertisement) }
        #expect(throws: WireError(.neighbourDiscovery, .version)) { try advertisement(Vectors.solicitation) }
        #expect(throws: WireError(.neighbourDiscovery, .version)) {
            try solicitation(Vectors.ipv6UDP.withHopLimit255)
        }
        var packet = Vectors.solicitation
        packet[71] ^= 1
        #expect(throws: WireError(.neighbourDiscovery, .checksum)) { try solicitation(packet) }
    }

    @Test("§7.1.1: from :: only to a solicited-node address, and without a link-layer address")
    func fromUnspecified() throws {
        let toHost = try changed(Vectors.duplicateAddressDetection) {
            $0.replaceSubrange(24..<40, with: $0[48..<64])
        }
        #expect(throws: WireError(.neighbourDiscovery, .address)) { try solicitation(toHost) }
        let withOption = try changed(Vectors.solicitation) {
            $0.replaceSubrange(8..<24, with: [UInt8](repeating: 0, count: 16))
        }
        #expect(throws: WireError(.neighbourDiscovery, .option)) { try solicitation(withOption) }
    }

    @Test("§7.1.2: not solicited if sent to a group")
    func solicitedToGroup() throws {
        let packet = try changed(Vectors.unsolicitedAdvertisement) { $0[44] |= 0x40 }
        #expect(throws: WireError(.neighbourDiscovery, .flag)) { try advertisement(packet) }
    }

    @Test("every truncated length is refused, also where the IPv6 header knows of it")
    func truncated() throws {
        let whole = Vectors.solicitation
        let cut = whole.errorsOfPrefixes { bytes throws(WireError) in
            _ = try NeighbourSolicitation(try IPv6View(bytes))
        }
        #expect(cut.allSatisfy { $0?.header == .ipv6 })
        for byteCount in 44..<72 where byteCount != 64 {
            let packet = try changed(whole) {
                $0.removeSubrange(byteCount...)
                $0[IPv6Field.payloadLength + 1] = UInt8(byteCount - 40)
            }
            #expect(throws: WireError.self, "\(byteCount) bytes") { try solicitation(packet) }
        }
    }

    @Test("unknown options are stepped over, and the first of two addresses counts")
    func options() throws {
        let packet = try changed(Vectors.solicitation) {
            $0 =
                Array($0[..<64]) + hex("0e01aaaaaaaaaaaa 0202000000000000 0000000000000000") + $0[64...]
                + hex("0101020000000009")
            $0[IPv6Field.payloadLength + 1] = UInt8($0.count - 40)
        }
        #expect(try solicitation(packet).sourceLinkLayerAddress == hostMAC)
    }
}

extension [UInt8] {
    fileprivate var withHopLimit255: [UInt8] {
        var packet = self
        packet[IPv6Field.hopLimit] = 255
        return packet
    }
}

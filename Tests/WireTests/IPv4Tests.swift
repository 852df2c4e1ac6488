import Testing
import Wire

@Suite("PX-1 IPv4 (RFC 791)") struct IPv4Tests {
    // scapy: IP(src="10.1.0.5", dst="198.51.100.7", tos=0xb9, id=0x1234, flags="DF", ttl=63)/UDP(sport=5000,
    // dport=53)/b"hello"
    static let packet = hex("45b90021123440003f11f49e0a010005c633640713880035000d740468656c6c6f")

    @Test("parses a packet that scapy made")
    func parse() throws {
        try Self.packet.read { bytes throws(WireError) in
            let view = try IPv4View(bytes)
            let (header, payload) = (view.headerByteCount, view.payload.byteCount)
            #expect(header == 20 && payload == 13)
            let value = IPv4Header(view)
            #expect(value.dscp == 46 && value.ecn == .ect1)
            #expect(value.identification == 0x1234 && value.dontFragment && !value.moreFragments)
            #expect(value.ttl == 63 && value.protocol == .udp && value.totalLength == 33)
            #expect(
                value.source == IPv4Address("10.1.0.5") && value.destination == IPv4Address("198.51.100.7"))
        }
    }
}

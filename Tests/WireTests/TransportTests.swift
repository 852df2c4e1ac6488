import Testing
import Wire

@Suite("TCP and UDP: ports, checksums over a pseudo-header") struct TransportTests {
    /// Upper protocol, message and pseudo-header sum of a packet of either version.
    private func message(_ packet: [UInt8]) throws(WireError) -> (IPProtocol, [UInt8], UInt64) {
        try packet.read { bytes throws(WireError) in
            if packet[0] >> 4 == 4 {
                let view = try IPv4View(bytes)
                let sum = TransportChecksum.pseudoHeaderSum(
                    source: view.source, destination: view.destination, protocol: view.protocol,
                    byteCount: view.payload.byteCount)
                return (view.protocol, view.payload.copied, sum)
            }
            let view = try IPv6View(bytes)
            let sum = TransportChecksum.pseudoHeaderSum(
                source: view.source, destination: view.destination, protocol: view.nextHeader,
                byteCount: view.payloadLength)
            return (view.nextHeader, view.payload.copied, sum)
        }
    }

    @Test(
        "scapy's checksums are valid, and are computed again",
        arguments: [
            Vectors.ipv4UDP, Vectors.ipv4TCP, Vectors.ipv6UDP, Vectors.ipv6TCP, Vectors.echoRequest6,
        ])
    func checksum(packet: [UInt8]) throws {
        var (upper, bytes, sum) = try message(packet)
        let offset = try #require(TransportChecksum.fieldOffset(for: upper))
        #expect(bytes.read { TransportChecksum.isValid($0, pseudoHeader: sum) })
        let original = bytes
        bytes.write {
            $0.store(0 as UInt16, at: offset)
            let field = TransportChecksum.field(sum + InternetChecksum.sum($0.bytes), protocol: upper)
            $0.store(UInt16(bigEndian: field), at: offset)
        }
        #expect(bytes == original)
        bytes[bytes.count - 1] ^= 1
        #expect(!bytes.read { TransportChecksum.isValid($0, pseudoHeader: sum) })
    }

    @Test("UDP sends 0xffff for a computed zero; others send zero")
    func zero() {
        #expect(TransportChecksum.field(0xffff, protocol: .udp) == 0xffff)
        #expect(TransportChecksum.field(0xffff, protocol: .tcp) == 0)
    }

    @Test func otherProtocolsHaveNoSuchField() {
        #expect(TransportChecksum.fieldOffset(for: .icmp) == nil)
        #expect(TransportChecksum.fieldOffset(for: .sctp) == nil)
    }
}

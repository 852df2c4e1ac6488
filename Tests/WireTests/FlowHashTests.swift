import Testbed
import Testing
import Wire

@Suite("Flow hashes (RFC 2991)") struct FlowHashTests {
    private func hash(_ datagram: Datagram) -> FlowHash {
        let isIPv4 = datagram.source.version == .v4
        return datagram.bytes.read { isIPv4 ? FlowHash(ipv4: $0) : FlowHash(ipv6: $0) }
    }

    private static let flows = [
        Datagram.udp("10.1.0.5", "198.51.100.7"), .udp("2001:db8:1:5::9", "2001:db8:a::7"),
    ]

    @Test("addresses, protocol and ports make a flow, and nothing else does", arguments: flows)
    func flow(_ datagram: Datagram) {
        let base = hash(datagram)
        var same = datagram
        same.ttl = 3
        same.trafficClass = 0xff
        same.flowLabel = datagram.source.version == .v6 ? 77 : 0
        same.identification = 9
        same.payload += [1, 2, 3]
        same.payload[6] = 0xaa
        #expect(hash(same) == base)
        if datagram.source.version == .v4 {
            same.options = [1, 1, 1, 1]
            #expect(hash(same) == base)
        }
        for place in 0..<4 {
            var other = datagram
            other.payload[place] ^= 1
            #expect(hash(other) != base, "ports")
        }
        var other = datagram
        other.protocol = .tcp
        #expect(hash(other) != base)
        swap(&other.source, &other.destination)
        other.protocol = .udp
        #expect(hash(other) != base)
        // Other protocols' first bytes are no ports.
        var icmp = datagram
        icmp.protocol = IPProtocol(rawValue: 47)
        let tunnel = hash(icmp)
        icmp.payload[0] ^= 1
        #expect(hash(icmp) == tunnel)
    }

    @Test("each bit of an address and a port moves about half the bits of the hash")
    func avalanche() {
        var generator = SeededGenerator(seed: 7)
        for datagram in Self.flows {
            let bytes = datagram.bytes
            let isIPv4 = datagram.source.version == .v4
            let fields = isIPv4 ? Array(12..<24) : Array(8..<44)
            let base = hash(datagram).rawValue
            for place in fields {
                var changed = bytes
                changed[place] ^= 1 << UInt8(generator.number(0...7))
                let other = changed.read { isIPv4 ? FlowHash(ipv4: $0) : FlowHash(ipv6: $0) }
                let distance = (base ^ other.rawValue).nonzeroBitCount
                #expect((14...50).contains(distance), "\(distance) bits at \(place)")
            }
        }
    }

    @Test("packets that end before their ports have none, and nothing is read beyond")
    func short() {
        for datagram in Self.flows {
            for byteCount in 0..<8 {
                var cut = datagram
                cut.payload = Array(datagram.payload.prefix(byteCount))
                #expect((hash(cut) == hash(datagram)) == (byteCount >= 4))
            }
        }
        var broken = Self.flows[1]
        broken.protocol = .hopByHop
        broken.payload = [17, 9, 0, 0, 0, 0, 0, 0]
        #expect(hash(broken) != hash(Self.flows[1]))
    }
}

import Testbed
import Testing
import Wire

@testable import Offline

@Suite("What headers say") struct FrameLayersTests {
    private static let header: [UInt8] =
        [0x45, 0, 0xff, 0xff, 0, 0, 0, 0, 64, 4, 0, 0] + [10, 1, 0, 1, 10, 1, 0, 2]
    private static let label: [UInt8] = [0, 0, 0x10, 64]
    private static let addresses = [UInt8](repeating: 2, count: 12)

    @Test("CD-5 MPLS in UDP is told by port 6635, down to the packet that it carries")
    func datagram() {
        let inner = Datagram.udp("10.1.0.5", "198.51.100.7")
        let stack: [UInt8] = [0x03, 0xe8, 0x10, 63, 0x18, 0x6c, 0xa1, 63]
        let ports = octets(UInt16(50_000)) + octets(UInt16(6635))
        let header = ports + octets(UInt16(16 + inner.byteCount)) + [0, 0]
        let outer = Datagram(
            IPAddress("2001:db8::1")!, IPAddress("2001:db8::2")!, .udp, header + stack + inner.bytes)
        let layers = FrameLayers(outer.bytes, link: .ip)
        #expect(layers.layers.map(\.name) == ["IPv6", "udp", "MPLS", "MPLS", "IPv4", "udp"])
        #expect(layers.summary == "10.1.0.5 → 198.51.100.7 udp 40000 → 5004 [labels 16001 100042]")
        // Cut in the stack, and with another's port.
        let cut = FrameLayers(Array(outer.bytes[..<54]), link: .ip)
        #expect(cut.layers.map(\.name) == ["IPv6", "udp", "MPLS"])
        var other = outer
        other.payload[3] += 1
        #expect(FrameLayers(other.bytes, link: .ip).layers.map(\.name) == ["IPv6", "udp"])
    }

    @Test("A packet in a packet is told, and what it carries")
    func nested() {
        let udp: [UInt8] =
            [0x45, 0, 0, 28, 0, 0, 0, 0, 63, 17, 0, 0] + Self.header.suffix(8) + [0, 1, 0, 2, 0, 8, 0, 0]
        let layers = FrameLayers(Self.header + udp, link: .ip)
        #expect(layers.layers.map(\.name) == ["IPv4", "IPv4", "udp"])
        #expect(layers.summary == "10.1.0.1 → 10.1.0.2 udp 1 → 2")
    }

    @Test(
        "Of frames that are nothing but headers the first 32 are told, and how many bytes follow",
        arguments: [
            [[UInt8]](repeating: header, count: 3200),
            [addresses + [0x88, 0x47]] + [[UInt8]](repeating: label, count: 16_000),
            [addresses] + [[UInt8]](repeating: [0x81, 0, 0, 5], count: 16_000) + [[8, 0]],
        ])
    func hostile(_ parts: [[UInt8]]) {
        let bytes = Array(parts.joined())
        let layers = FrameLayers(bytes, link: bytes[0] == 0x45 ? .ip : .ethernet)
        #expect(layers.layers.count <= FrameLayers.layerLimit + 2)
        #expect(layers.layers[FrameLayers.layerLimit].name == "more")
        #expect(layers.description.utf8.count < 4096 && layers.summary.utf8.count < 1024)
    }
}

import Testbed
import Testing
import Wire

@testable import Bench

@Suite("Test packets") struct TestPacketTests {
    private static let mac = MACAddress(rawValue: 0x0200_0000_0001)

    private func format(_ source: String, _ destination: String, labels: String? = nil) throws
        -> TestPacketFormat
    {
        try #require(
            TestPacketFormat(
                mac: "02:00:00:00:00:01", source: source, destination: destination, labels: labels))
    }

    /// The packet behind the Ethernet header and so many labels.
    private func datagram(_ frame: [UInt8], labelCount: Int = 0) -> Datagram? {
        Datagram(frame[(14 + 4 * labelCount)...])
    }

    @Test(
        "A frame is as long as asked for, and its packet sound, checksums included",
        arguments: [
            ("10.1.0.9", "198.51.100.10", 64), ("10.1.0.9", "198.51.100.10", 513),
            ("2001:db8::1", "2001:db8:1::2", 82), ("2001:db8::1", "2001:db8:1::2", 1518),
        ])
    func frames(source: String, destination: String, size: Int) throws {
        var format = try format(source, destination)
        format.flowCount = 3
        let made = format.frame(from: Self.mac, size: size)
        #expect(made.bytes.count == size - 4)
        for number in [0, 1, 2, 70_000] as [UInt32] {
            var bytes = made.bytes
            let signature = Signature(
                magic: 0xdead_beef, number: number, nanoseconds: 1_700_000_000_123_456_789)
            bytes.withUnsafeMutableBytes { made.sign($0.baseAddress!, signature) }
            let packet = try #require(datagram(bytes))
            #expect("\(packet.source) \(packet.destination)" == "\(source) \(destination)")
            #expect(packet.payload.count == Int(packet.payload[4]) << 8 | Int(packet.payload[5]))
            #expect(Int(packet.payload[0]) << 8 | Int(packet.payload[1]) == 49_152 + Int(number) % 3)
            #expect(FrameBytes.sum(pseudoHeader(packet) + packet.payload) == 0xffff)
            #expect(bytes.withUnsafeBytes { Signature(in: $0, magic: 0xdead_beef) } == signature)
        }
    }

    /// RFC 768, RFC 8200 §8.1.
    private func pseudoHeader(_ packet: Datagram) -> [UInt8] {
        func octets(_ address: IPAddress) -> [UInt8] {
            var bytes = FrameBytes()
            switch address {
            case .v4(let address): bytes.append(address.rawValue)
            case .v6(let address):
                bytes.append(address.high)
                bytes.append(address.low)
            }
            return bytes.bytes
        }
        let count = packet.payload.count
        return octets(packet.source) + octets(packet.destination)
            + [0, 0, UInt8(count >> 8), UInt8(count & 0xff), 0, 0, 0, 17]
    }

    @Test("Labels stand before the packet, the last with the bottom-of-stack bit")
    func labels() throws {
        let format = try format("10.1.0.9", "198.51.100.10", labels: "16001,100042")
        #expect(format.leastFrameSize == 14 + 8 + 28 + 16 + 4)
        let frame = format.frame(from: Self.mac, size: 100).bytes
        #expect(Array(frame[12..<22]) == [0x88, 0x47, 0x03, 0xe8, 0x10, 64, 0x18, 0x6c, 0xa1, 64])
        #expect(datagram(frame, labelCount: 2) != nil)
    }

    @Test("The signature is found behind other headers and before padding, and not in what isn't ours")
    func signature() throws {
        let made = try format("10.1.0.9", "198.51.100.10").frame(from: Self.mac, size: 64)
        var bytes = made.bytes
        let signature = Signature(magic: 0x1234_5678, number: 9, nanoseconds: 77)
        bytes.withUnsafeMutableBytes { made.sign($0.baseAddress!, signature) }
        func find(_ frame: [UInt8], _ magic: UInt32 = 0x1234_5678) -> Signature? {
            frame.withUnsafeBytes { Signature(in: $0, magic: magic) }
        }
        let pushed = Array(bytes[..<14]) + [UInt8](repeating: 1, count: 40) + bytes[14...]
        #expect(find(pushed) == signature)
        #expect(find(bytes + [UInt8](repeating: 0, count: 46)) == signature)
        #expect(find(bytes, 0x1234_5679) == nil)
        #expect(find(Array(bytes.dropLast())) == nil)
        #expect(find([]) == nil)
        #expect(find([UInt8](repeating: 0, count: 200), 1) == nil)
    }

    @Test(
        "What isn't understood is refused",
        arguments: [
            ("02:00", "10.0.0.1", "10.0.0.2", nil), ("02:00:00:00:00:01", "10.0.0.1", "2001:db8::1", nil),
            ("02:00:00:00:00:01", "10.0.0", "10.0.0.2", nil),
            ("02:00:00:00:00:01", "10.0.0.1", "10.0.0.2", "16,"),
            ("02:00:00:00:00:01", "10.0.0.1", "10.0.0.2", "1048576"),
            ("02:00:00:00:00:01", "10.0.0.1", "10.0.0.2", "1,2,3,4,5,6,7,8,9"),
        ] as [(String, String, String, String?)])
    func refused(mac: String, source: String, destination: String, labels: String?) {
        #expect(TestPacketFormat(mac: mac, source: source, destination: destination, labels: labels) == nil)
    }
}

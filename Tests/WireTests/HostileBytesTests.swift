import Testbed
import Testing
import Wire

/// An out-of-bounds read traps, so a parser that trusts a length ends the whole test run.
@Suite("No bytes make a parser read beyond them") struct HostileBytesTests {
    private static let seeds: [[UInt8]] = [
        Vectors.ethernet, Vectors.doubleTagged, Vectors.arpRequest, Vectors.ipv4UDP, Vectors.ipv4Options,
        Vectors.ipv4LaterFragment, Vectors.ipv6Extended, Vectors.ipv6LaterFragment, Vectors.echoRequest4,
        Vectors.echoRequest4Options, Vectors.echoRequest6, Vectors.timeExceeded4, Vectors.packetTooBig,
        Vectors.solicitation, Vectors.advertisement, Vectors.labelStack,
    ]

    /// Runs one reader over the bytes.
    /// - Returns: whether they were what it reads.
    private typealias Reader = @Sendable ([UInt8]) -> Bool

    private static func reader(_ body: @escaping @Sendable (RawSpan) throws(WireError) -> Void) -> Reader {
        { bytes in
            do throws(WireError) {
                try bytes.read(body)
                return true
            } catch {
                return false
            }
        }
    }

    private static let readers: [(String, Reader)] = [
        ("Ethernet", reader { bytes throws(WireError) in _ = try EthernetView(bytes).payload.copied }),
        ("VLAN", reader { bytes throws(WireError) in _ = try VLANView(bytes).payload.copied }),
        ("ARP", reader { bytes throws(WireError) in _ = ARPPacket(try ARPView(bytes)) }),
        (
            "IPv4",
            reader { bytes throws(WireError) in
                let view = try IPv4View(bytes)
                _ = (IPv4Header(view), view.options.copied, view.payload.copied, view.hasValidChecksum)
                _ = ICMPv4Message(try ICMPView(view.payload, over: .v4))
            }
        ),
        (
            "IPv6",
            reader { bytes throws(WireError) in
                let view = try IPv6View(bytes)
                let upper = try view.upper()
                _ = view.bytes.extracting(droppingFirst: upper.offset).copied
            }
        ),
        (
            "solicitation",
            reader { bytes throws(WireError) in _ = try NeighbourSolicitation(try IPv6View(bytes)) }
        ),
        (
            "advertisement",
            reader { bytes throws(WireError) in _ = try NeighbourAdvertisement(try IPv6View(bytes)) }
        ),
        (
            "IPv4 echo",
            {
                var bytes = $0; return bytes.write { EchoReply.replyToIPv4(in: &$0) } != nil
            }
        ),
        (
            "IPv6 echo",
            {
                var bytes = $0; return bytes.write { EchoReply.replyToIPv6(in: &$0) } != nil
            }
        ),
        (
            "a quote",
            {
                $0.read { bytes in
                    guard bytes.byteCount >= 40 else { return false }
                    let isIPv4 = bytes.octet(at: 0) >> 4 == 4
                    // The forwarding loop has looked at the IPv4 header before.
                    if isIPv4 {
                        let header = Int(bytes.octet(at: 0) & 0xf) * 4
                        guard (20...bytes.byteCount).contains(header) else { return false }
                        _ = FlowHash(ipv4: bytes)
                        return QuotedPacket(inIPv4: bytes) != nil
                    }
                    _ = (FlowHash(ipv6: bytes), OuterIPv6(in: bytes))
                    return QuotedPacket(inIPv6: bytes) != nil
                }
            }
        ),
        (
            "ICMP error",
            { packet in
                var buffer = dirty(576)
                return packet.read { packet in
                    buffer.write {
                        ICMPv4Error.timeExceeded.emit(
                            about: packet, from: IPv4Address(rawValue: 0xc000_0201), into: &$0)
                    }
                } != nil
            }
        ),
        (
            "ICMPv6 error",
            { packet in
                var buffer = dirty(1280)
                return packet.read { packet in
                    buffer.write {
                        ICMPv6Error.packetTooBig(mtu: 1280).emit(
                            about: packet, from: IPv6Address(high: 1, low: 1), into: &$0)
                    }
                } != nil
            }
        ),
    ]

    @Test("packets with random octets changed and random ends cut off")
    func mutated() {
        let seed = UInt64.random(in: .min ... .max)
        print("hostile bytes: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var accepted = [Int](repeating: 0, count: Self.readers.count)
        var refused = accepted
        for round in 0..<20_000 {
            var packet = Self.seeds[round % Self.seeds.count]
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                packet[Int.random(in: 0..<packet.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) {
                packet.removeLast(Int.random(in: 0...packet.count, using: &generator))
            }
            for (index, (_, reader)) in Self.readers.enumerated() {
                if reader(packet) { accepted[index] += 1 } else { refused[index] += 1 }
            }
        }
        // Both ways were taken by every reader, or this would prove nothing.
        for (index, (name, _)) in Self.readers.enumerated() {
            #expect(accepted[index] > 100 && refused[index] > 100, "\(name), seed \(seed)")
        }
    }
}

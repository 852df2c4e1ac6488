import Packets
import Tables
import Testbed
import Testing
import Trace
import Wire

/// TCP's maximum segment size on its way through a session that limits it (RFC 9293 §3.7.1, RFC 6691).
@Suite("Segment sizes") struct SegmentSizeTests {
    private static let push = SessionWay.Push.labels([LabelStackEntry(16001, bottom: true)], [.copyTTL])

    private func leg() throws -> Leg {
        try Leg(Self.push) {
            $0.up.segmentLimit = 1300
            $0.down.segmentLimit = 1200
        }
    }

    /// A TCP packet with these options, padded, and a right checksum.
    private static func tcp(
        _ source: String, _ destination: String, flags: UInt8 = 0x02, _ options: [UInt8],
        extensions: [UInt8] = []
    ) -> Datagram {
        var options = options
        while options.count % 4 != 0 { options.append(0) }
        var header = octets(UInt16(40_000)) + octets(UInt16(5004)) + octets(UInt32(77)) + octets(UInt32(0))
        header +=
            [UInt8(5 + options.count / 4) << 4, flags] + octets(UInt16(65_000)) + [0, 0, 0, 0] + options
        guard let source = IPAddress(source), let destination = IPAddress(destination) else {
            preconditionFailure("no addresses")
        }
        var datagram = Datagram(source, destination, .tcp, header)
        let sum = checksum(datagram)
        (header[16], header[17]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
        datagram.payload = extensions + header
        if !extensions.isEmpty { datagram.protocol = .ipv6DestinationOptions }
        return datagram
    }

    /// The checksum that a TCP packet without extension headers should have, its own field taken as it is: 0 over one
    /// that is right.
    private static func checksum(_ datagram: Datagram) -> UInt16 {
        var words: [UInt8] = []
        for address in [datagram.source, datagram.destination] {
            switch address {
            case .v4(let address): words += octets(address.rawValue)
            case .v6(let address): words += octets(address.high) + octets(address.low)
            }
        }
        words += [0, 6] + octets(UInt16(datagram.payload.count)) + datagram.payload
        if words.count % 2 == 1 { words.append(0) }
        var sum: UInt32 = 0
        for place in stride(from: 0, to: words.count, by: 2) {
            sum += UInt32(words[place]) << 8 | UInt32(words[place + 1])
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }

    private static func up(_ version: Int, flags: UInt8 = 0x02, _ options: [UInt8]) -> Datagram {
        version == 4
            ? tcp("10.1.0.5", "198.51.100.7", flags: flags, options)
            : tcp("2001:db8:1:5::9", "2001:db8:a::7", flags: flags, options)
    }

    /// Where the option stands: after so many "no operation" options, at even and odd places, among others.
    static let prefixes: [[UInt8]] = [
        [], [1], [1, 1], [1, 1, 1], [3, 3, 7], [8, 10, 1, 2, 3, 4, 5, 6, 7, 8], [4, 2, 1],
    ]

    @Test(
        "A size beyond the limit is lowered, wherever its option stands; the checksum is right",
        arguments: prefixes)
    func lowered(_ prefix: [UInt8]) throws {
        let leg = try leg()
        for (version, flags) in [(4, 0x02), (6, 0x02), (4, 0x12), (6, 0xc2)] as [(Int, UInt8)] {
            let highest = UInt16(version == 4 ? 1260 : 1240)
            for size in [highest + 1, 1460, 0xffff, 0x05b4, 9000] as [UInt16] {
                let datagram = Self.up(version, flags: flags, prefix + [2, 4] + octets(size))
                #expect(Self.checksum(datagram) == 0)
                let sent = try #require(leg.sent(datagram.bytes)?.datagram)
                let expected = Self.up(version, flags: flags, prefix + [2, 4] + octets(highest))
                #expect(sent.payload == expected.payload)
                #expect(Self.checksum(sent) == 0)
                let told = leg.steps.contains {
                    if case .segmentSizeLowered(from: size, to: highest) = $0 { true } else { false }
                }
                #expect(told)
            }
        }
    }

    @Test("On the way down too, with its own limit")
    func down() throws {
        let datagram = Self.tcp("198.51.100.7", "10.1.0.5", flags: 0x12, [2, 4] + octets(UInt16(1460)))
        let frame = Leg.labelled(
            [LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)], datagram.bytes)
        let (packet, bytes) = try leg().forward(frame, from: Leg.core)
        #expect(packet.disposition == .transmit)
        #expect(Datagram(bytes)?.payload[20..<24] == [2, 4, 0x04, 0x88])
    }

    @Test("Behind IPv6 extension headers")
    func extensionHeaders() throws {
        let leg = try leg()
        let pads: [UInt8] = [6, 1] + [1, 12] + Array(repeating: 0, count: 12)
        let datagram = Self.tcp(
            "2001:db8:1:5::9", "2001:db8:a::7", [2, 4] + octets(UInt16(1460)), extensions: pads)
        let sent = try #require(leg.sent(datagram.bytes)?.datagram)
        #expect(sent.payload.prefix(16) == pads[...])
        #expect(sent.payload[36..<40] == [2, 4, 0x04, 0xd8])
    }

    /// What stays as it is.
    static let others: [(String, UInt8, [UInt8])] = [
        ("no SYN", 0x10, [2, 4, 0x05, 0xb4]),
        ("at the limit", 0x02, [2, 4, 0x04, 0xec]),
        ("below it", 0x02, [2, 4, 0x01, 0x00]),
        ("no such option", 0x02, [1, 1, 4, 2]),
        ("no options", 0x02, []),
        ("behind the end of options", 0x02, [0, 2, 4, 0x05, 0xb4]),
        ("of another length", 0x02, [2, 3, 0xff, 1]),
        ("an option of length 0 before it", 0x02, [9, 0, 2, 4, 0x05, 0xb4]),
        ("an option beyond the header before it", 0x02, [9, 40, 2, 4, 0x05, 0xb4]),
        ("cut off by the header's end", 0x02, [1, 1, 1, 2]),
    ]

    @Test("Everything else stays as it is", arguments: others.indices)
    func untouched(_ index: Int) throws {
        let (name, flags, options) = Self.others[index]
        let leg = try leg()
        let datagram = Self.up(4, flags: flags, options)
        let sent = try #require(leg.sent(datagram.bytes)?.datagram)
        #expect(sent.payload == datagram.payload, "\(name)")
    }

    @Test("Fragments, other protocols and headers that are cut short stay as they are")
    func notForUs() throws {
        let leg = try leg()
        let good = Self.up(4, [2, 4, 0x05, 0xb4])
        var fragment = good
        fragment.fragmentation = 0x2000
        var later = good
        later.fragmentation = 0x0001
        var other = good
        other.protocol = .udp
        for datagram in [fragment, later, other] {
            #expect(leg.sent(datagram.bytes)?.datagram?.payload == datagram.payload)
        }
        for byteCount in 0..<good.payload.count {
            var cut = good
            cut.payload = Array(good.payload.prefix(byteCount))
            let sent = try #require(leg.sent(cut.bytes)?.datagram)
            #expect(sent.payload == cut.payload, "\(byteCount) bytes")
        }
    }

    @Test("Noise behind a TCP header never harms", arguments: SeededGenerator.seeds)
    func noise(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let leg = try leg()
        for _ in 0..<2000 {
            var datagram = Self.up(generator.once(in: 2) ? 4 : 6, [])
            datagram.payload += generator.octets(generator.number(0...60))
            datagram.payload[12] = generator.octet()
            let before = datagram.payload
            let sent = try #require(leg.sent(datagram.bytes)?.datagram)
            // At most the size and the checksum differ.
            let differing = zip(before, sent.payload).count { $0 != $1 }
            #expect(sent.payload.count == before.count && differing <= 4)
        }
    }
}

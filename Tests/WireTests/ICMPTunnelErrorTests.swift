import Testbed
import Testing
import Wire

@Suite("What routers say of packets in our tunnels (RFC 2003 §4, RFC 2473 §8)") struct ICMPTunnelErrorTests {
    private static let inner4 = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 100)
    private static let inner6 = Datagram.udp("2001:db8:1:5::9", "2001:db8:b::9", byteCount: 100)

    /// An outer packet of ours.
    private static func outer(_ inner: Datagram, v6: Bool = false) -> Datagram {
        let next: IPProtocol = inner.source.version == .v4 ? .ipv4 : .ipv6
        return v6
            ? Datagram(IPAddress("2001:db8:ff::1")!, IPAddress("2001:db8:ff::2")!, next, inner.bytes)
            : Datagram(IPAddress("10.0.0.1")!, IPAddress("10.0.0.2")!, next, inner.bytes)
    }

    /// The error that a router sends about it.
    private static func error4(
        _ type: UInt8, _ code: UInt8, rest: UInt32 = 0, about quote: [UInt8], behind: [UInt8] = []
    ) -> Datagram {
        var message = [type, code, 0, 0] + octets(rest) + quote + behind
        let checksum = message.read { InternetChecksum.field(InternetChecksum.sum($0)) }
        (message[2], message[3]) = (UInt8(checksum & 0xff), UInt8(checksum >> 8))
        return Datagram(IPAddress("10.9.9.9")!, IPAddress("10.0.0.1")!, .icmp, message)
    }
    private static func error6(_ type: UInt8, _ code: UInt8, rest: UInt32 = 0, about quote: [UInt8])
        -> Datagram
    {
        let (from, to) = (IPv6Address("2001:db8:9::9")!, IPv6Address("2001:db8:ff::1")!)
        var message = [type, code, 0, 0] + octets(rest) + quote
        let pseudo = TransportChecksum.pseudoHeaderSum(
            source: from, destination: to, protocol: .icmpv6, byteCount: message.count)
        let checksum = message.read { InternetChecksum.field(pseudo &+ InternetChecksum.sum($0)) }
        (message[2], message[3]) = (UInt8(checksum & 0xff), UInt8(checksum >> 8))
        return Datagram(.v6(from), .v6(to), .icmpv6, message)
    }

    private func read(_ datagram: Datagram) -> ICMPTunnelError? {
        datagram.bytes.read { ICMPTunnelError($0) }
    }

    @Test(
        "RFC 792: what an ICMP error says",
        arguments: [
            (UInt8(3), UInt8(0), UInt32(0), ICMPTunnelError.Finding.unreachable), (3, 1, 0, .unreachable),
            (3, 4, 1400, .tooBig(mtu: 1400)), (3, 4, 0, .tooBig(mtu: 0)), (3, 2, 0, .unreachable),
            (3, 3, 0, .other),
            (3, 13, 0, .other), (11, 0, 0, .unreachable), (11, 1, 0, .other), (12, 0, 0, .other),
        ])
    func findings4(type: UInt8, code: UInt8, rest: UInt32, finding: ICMPTunnelError.Finding) throws {
        let quote = Self.outer(Self.inner4).bytes
        let error = try #require(read(Self.error4(type, code, rest: rest, about: quote)))
        #expect(error.finding == finding)
        #expect(error.local == IPAddress("10.0.0.1") && error.remote == IPAddress("10.0.0.2"))
        #expect(error.outerByteCount == quote.count && error.innerVersion == .v4)
        #expect(error.inner == 48..<28 + quote.count)
    }

    @Test(
        "RFC 4443: what an ICMPv6 error says",
        arguments: [
            (UInt8(1), UInt8(3), UInt32(0), ICMPTunnelError.Finding.unreachable),
            (2, 0, 1400, .tooBig(mtu: 1400)), (3, 0, 0, .unreachable), (3, 1, 0, .other), (4, 0, 0, .other),
        ])
    func findings6(type: UInt8, code: UInt8, rest: UInt32, finding: ICMPTunnelError.Finding) throws {
        let quote = Self.outer(Self.inner6, v6: true).bytes
        let error = try #require(read(Self.error6(type, code, rest: rest, about: quote)))
        #expect(error.finding == finding)
        #expect(error.local == IPAddress("2001:db8:ff::1") && error.remote == IPAddress("2001:db8:ff::2"))
        #expect(error.outerByteCount == quote.count && error.innerVersion == .v6)
        #expect(error.inner == 88..<48 + quote.count)
    }

    /// An outer packet of ours with labels in UDP.
    private static func datagram(
        _ inner: Datagram, labels: [LabelStackEntry], port: UInt16 = 6635, v6: Bool = false
    ) -> Datagram {
        let payload = labels.flatMap { octets($0.rawValue) } + inner.bytes
        let header = octets(UInt16(50_000)) + octets(port) + octets(UInt16(8 + payload.count)) + [0, 0]
        let bytes = header + payload
        return v6
            ? Datagram(IPAddress("2001:db8:ff::1")!, IPAddress("2001:db8:ff::2")!, .udp, bytes)
            : Datagram(IPAddress("10.0.0.1")!, IPAddress("10.0.0.2")!, .udp, bytes)
    }

    private static let stack = [LabelStackEntry(16001), LabelStackEntry(100042, bottom: true)]

    @Test("RFC 7510: about MPLS in UDP the inner packet is found below the labels, as far as it is quoted")
    func datagrams() throws {
        let quote = Self.datagram(Self.inner6, labels: Self.stack).bytes
        let error = try #require(read(Self.error4(3, 4, rest: 1400, about: quote)))
        #expect(error.isDatagram && error.finding == .tooBig(mtu: 1400) && error.innerVersion == .v6)
        #expect(error.inner == 28 + 20 + 8 + 8..<28 + quote.count)
        #expect(try #require(read(Self.error4(3, 3, about: quote))).finding == .unreachable)
        for byteCount in 24...36 {
            let short = try #require(read(Self.error4(11, 0, about: Array(quote[..<byteCount]))))
            #expect(short.inner.isEmpty && short.innerVersion == nil && short.isDatagram)
        }
        let bottomless = Self.datagram(Self.inner4, labels: Array(repeating: LabelStackEntry(0), count: 9))
        #expect(try #require(read(Self.error4(3, 1, about: bottomless.bytes))).inner.isEmpty)
        let quote6 = Self.datagram(Self.inner4, labels: [Self.stack[1]], v6: true).bytes
        let error6 = try #require(read(Self.error6(1, 4, about: quote6)))
        #expect(error6.isDatagram && error6.finding == .unreachable && error6.innerVersion == .v4)
        #expect(error6.inner == 48 + 40 + 8 + 4..<48 + quote6.count)
        // Another's port, or none at all.
        let others = Self.datagram(Self.inner4, labels: Self.stack, port: 53).bytes
        #expect(read(Self.error4(3, 4, about: others)) == nil)
        #expect(read(Self.error4(3, 4, about: Array(quote[..<23]))) == nil)
    }

    @Test("RFC 4884: what follows the quote isn't taken for the inner packet")
    func extended() throws {
        let quote = Array(Self.outer(Self.inner4).bytes[..<128])
        let error = try #require(
            read(Self.error4(11, 0, rest: 32 << 16, about: quote, behind: [0x20, 0, 0xdf, 0xff])))
        #expect(error.inner == 48..<28 + 128)
    }

    @Test("none: no error, a wrong checksum, a fragment, a quote that isn't of a tunnel, or too short a one")
    func none() {
        let quote = Self.outer(Self.inner4).bytes
        #expect(read(Self.error4(8, 0, about: quote)) == nil)
        #expect(read(Self.error4(3, 1, about: Self.inner4.bytes)) == nil)
        #expect(read(Self.error4(3, 1, about: Array(quote[..<19]))) == nil)
        var broken = Self.error4(3, 1, about: quote)
        broken.payload[40] ^= 1
        #expect(read(broken) == nil)
        var fragment = Self.error4(3, 1, about: quote)
        fragment.fragmentation = 0x2000
        #expect(read(fragment) == nil)
        var later = Self.outer(Self.inner4)
        later.fragmentation = 100
        #expect(read(Self.error4(3, 1, about: later.bytes)) == nil)
        let quote6 = Self.outer(Self.inner6, v6: true).bytes
        #expect(read(Self.error6(128, 0, about: quote6)) == nil)
        #expect(read(Self.error6(1, 0, about: Array(quote6[..<39]))) == nil)
        #expect(read(Self.error6(1, 0, about: Self.inner6.bytes)) == nil)
        var broken6 = Self.error6(1, 0, about: quote6)
        broken6.payload[40] ^= 1
        #expect(read(broken6) == nil)
    }

    @Test("hostile octets are read or refused, and never beyond the end", arguments: SeededGenerator.seeds)
    func hostile(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let seeds = [
            Self.error4(3, 4, rest: 1400, about: Self.outer(Self.inner4).bytes).bytes,
            Self.error6(2, 0, rest: 1400, about: Self.outer(Self.inner6, v6: true).bytes).bytes,
        ]
        var read = 0
        for round in 0..<4000 {
            var packet = seeds[round % 2]
            for _ in 0..<generator.number(0...2) {
                packet[generator.number(0...packet.count - 1)] = generator.octet()
            }
            if generator.once(in: 2) { packet.removeLast(generator.number(0...packet.count)) }
            guard let error = packet.read({ ICMPTunnelError($0) }) else { continue }
            read += 1
            #expect(error.inner.upperBound <= packet.count)
        }
        #expect(read > 100)
    }
}

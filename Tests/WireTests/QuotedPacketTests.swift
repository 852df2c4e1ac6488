import Testing
import Wire

@Suite("What ICMP errors quote (RFC 792, RFC 4443)") struct QuotedPacketTests {
    private func quote4(_ packet: [UInt8]) -> QuotedPacket? { packet.read { QuotedPacket(inIPv4: $0) } }
    private func quote6(_ packet: [UInt8]) -> QuotedPacket? { packet.read { QuotedPacket(inIPv6: $0) } }

    @Test("the packet in scapy's time exceeded, and in its too big")
    func found() throws {
        let time = try #require(quote4(Vectors.timeExceeded4))
        #expect(time.offset == 28 && time.byteCount == Vectors.timeExceeded4.count - 28)
        let big = try #require(quote6(Vectors.packetTooBig))
        #expect(big.offset == 48 && big.byteCount <= Vectors.packetTooBig.count - 48)
    }

    @Test("only errors quote, of all types", arguments: UInt8.min...UInt8.max)
    func types(type: UInt8) {
        var packet = Vectors.timeExceeded4
        packet[20] = type
        #expect((quote4(packet) != nil) == [3, 11, 12].contains(type))
        packet = Vectors.packetTooBig
        packet[40] = type
        #expect((quote6(packet) != nil) == [1, 2, 3, 4].contains(type))
    }

    @Test("nothing but ICMP quotes, and no fragment does")
    func others() {
        #expect(quote4(Vectors.ipv4UDP) == nil && quote4(Vectors.echoRequest4) == nil)
        #expect(quote6(Vectors.ipv6UDP) == nil && quote6(Vectors.echoRequest6) == nil)
        #expect(quote4(Vectors.ipv4LaterFragment) == nil && quote6(Vectors.ipv6LaterFragment) == nil)
        for octets in [[0x20, 0], [0, 1]] as [[UInt8]] {
            var packet = Vectors.timeExceeded4
            packet.replaceSubrange(6..<8, with: octets)
            #expect(quote4(packet) == nil)
        }
        // Of the other version.
        var crossed = Vectors.timeExceeded4
        crossed[28] = 0x60
        #expect(quote4(crossed) == nil)
        crossed = Vectors.packetTooBig
        crossed[48] = 0x45
        #expect(quote6(crossed) == nil)
    }

    @Test("a whole header must be there, and no more is taken than that says")
    func truncated() {
        for byteCount in 20..<Vectors.timeExceeded4.count {
            let quote = quote4(Array(Vectors.timeExceeded4.prefix(byteCount)))
            #expect((quote != nil) == (byteCount >= 48), "\(byteCount) bytes")
            if let quote { #expect(quote.offset + quote.byteCount <= byteCount) }
        }
        for byteCount in 40..<Vectors.packetTooBig.count {
            let quote = quote6(Array(Vectors.packetTooBig.prefix(byteCount)))
            #expect((quote != nil) == (byteCount >= 88), "\(byteCount) bytes")
            if let quote { #expect(quote.offset + quote.byteCount <= byteCount) }
        }
        // RFC 4884 pads what it quotes.
        var padded = Vectors.timeExceeded4 + dirty(100)
        padded[28 + 2] = 0
        padded[28 + 3] = 33
        #expect(quote4(padded)?.byteCount == 33)
        padded[28 + 3] = 19
        #expect(quote4(padded) == nil)
    }
}

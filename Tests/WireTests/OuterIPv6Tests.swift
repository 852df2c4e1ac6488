import Testing
import Wire

/// The walk over extension headers at a tunnel's end; what each chain means is told in ForwardingTests.
@Suite("Outer IPv6 (RFC 2473, RFC 8200 §4)") struct OuterIPv6Tests {
    /// An IPv6 header with these extension headers, next header and 8 bytes behind them.
    private func packet(_ chain: [(number: UInt8, bytes: [UInt8])], _ last: UInt8) -> [UInt8] {
        var packet = Array(Vectors.ipv6UDP[..<40])
        let numbers = chain.map(\.number) + [last]
        packet[IPv6Field.nextHeader] = numbers[0]
        for (place, header) in chain.enumerated() { packet += [numbers[place + 1]] + header.bytes }
        packet += [0x45, 0, 0, 0, 0, 0, 0, 0]
        packet[IPv6Field.payloadLength + 1] = UInt8(packet.count - 40)
        return packet
    }
    private func walk(_ packet: [UInt8]) -> OuterIPv6 { packet.read { OuterIPv6(in: $0) } }

    private static let options: (number: UInt8, bytes: [UInt8]) = (60, [0, 4, 1, 0, 1, 1, 0])
    private static let atomic: (number: UInt8, bytes: [UInt8]) = (44, [0, 0, 0, 1, 2, 3, 4])

    @Test("finds an encapsulated packet, and where it begins", arguments: [UInt8(4), 41])
    func packets(next: UInt8) {
        for count in 0...4 {
            let chain = (0..<count).flatMap { _ in [Self.options, Self.atomic] }
            let found = walk(packet(chain, next))
            #expect(found.content == .packet && found.protocol.rawValue == next)
            #expect(found.offset == 40 + 16 * count)
        }
    }

    @Test("what is no packet is other, for every next header", arguments: UInt8.min...UInt8.max)
    func others(next: UInt8) {
        let content = walk(packet([Self.options], next)).content
        switch next {
        case 4, 41: #expect(content == .packet)
        // Read as headers, the 8 bytes: hop-by-hop out of place, segments 0, a whole fragment, an option 0.
        case 0: #expect(content == .broken)
        case 43, 44, 60: #expect(content != .packet)
        default: #expect(content == .other)
        }
    }

    @Test("fragments are told by what they may be part of")
    func fragments() {
        let more: (number: UInt8, bytes: [UInt8]) = (44, [0, 0, 1, 2, 3, 4, 5])
        let later: (number: UInt8, bytes: [UInt8]) = (44, [0, 1, 0, 2, 3, 4, 5])
        for fragment in [more, later] {
            for next in [4, 17, 41, 60] as [UInt8] {
                #expect(walk(packet([fragment], next)).content == .fragment)
            }
            for next in [6, 58] as [UInt8] { #expect(walk(packet([fragment], next)).content == .other) }
        }
    }

    @Test("a chain cut short anywhere is broken, and never read beyond")
    func truncated() {
        let whole = packet([Self.options, Self.atomic, (43, [0, 4, 0, 0, 0, 0, 0])], 4)
        for byteCount in 40..<whole.count {
            let found = walk(Array(whole.prefix(byteCount)))
            #expect((found.content == .packet) == (byteCount >= 64), "\(byteCount) bytes")
            #expect(found.offset <= byteCount)
        }
    }
}

import Testing
import Wire

@Suite("ICMP errors that we send (RFC 1122 §3.2.2, RFC 4443 §2.4)") struct ICMPErrorTests {
    private let router4 = IPv4Address("10.1.0.1")!
    private let router6 = IPv6Address("2001:db8:1::1")!

    private func emit4(
        _ error: ICMPv4Error, about packet: [UInt8], isCut: Bool = false, under labels: [UInt8] = [],
        room: Int = 600
    ) -> [UInt8]? {
        var buffer = dirty(room)
        let count = packet.read { packet in
            labels.read { labels in
                buffer.write {
                    error.emit(about: packet, isCut: isCut, under: labels, from: router4, into: &$0)
                }
            }
        }
        return count.map { Array(buffer[..<$0]) }
    }
    private func emit6(
        _ error: ICMPv6Error, about packet: [UInt8], isCut: Bool = false, under labels: [UInt8] = [],
        room: Int = 1400
    ) -> [UInt8]? {
        var buffer = dirty(room)
        let count = packet.read { packet in
            labels.read { labels in
                buffer.write {
                    error.emit(about: packet, isCut: isCut, under: labels, from: router6, into: &$0)
                }
            }
        }
        return count.map { Array(buffer[..<$0]) }
    }

    /// Two entries: 16001 and 100042, class 5, TTL 1 and 64.
    private static let stack = hex("03e81a01 186cab40")

    @Test("RFC 4884, RFC 4950: an error about a labelled packet tells the stack, as scapy and tshark have it")
    func labels() {
        #expect(
            emit4(.timeExceeded, about: Vectors.ipv4UDP, under: Self.stack) == Vectors.timeExceededMPLS4)
        #expect(
            emit6(.timeExceeded, about: Vectors.ipv6UDP, under: Self.stack) == Vectors.timeExceededMPLS6)
        // No room for a length: the message has an MTU there.
        #expect(
            emit6(.packetTooBig(mtu: 1480), about: Vectors.ipv6UDP, under: Self.stack)
                == Vectors.packetTooBig)
    }

    @Test(
        "RFC 4884 §3: whatever the packet's length, the quote's length says where the labels are",
        arguments: [33, 127, 128, 129, 131, 132, 133, 500, 501, 540, 1500], [1, 2, 8, 16])
    func extensionPlace(byteCount: Int, labelCount: Int) throws {
        var labels = [UInt8](repeating: 3, count: 4 * labelCount)
        labels[labels.count - 2] = 1
        let packet = try ipv4(byteCount: byteCount)
        let message = try #require(emit4(.timeExceeded, about: packet, under: labels))
        #expect(message.count <= 576)
        let length = Int(message[25]) * 4
        #expect(length >= 128 && message.count == 28 + length + 8 + 4 * labelCount)
        try checkExtension(message, at: 28 + length, labels)
        let quoted = min(byteCount, length)
        #expect(message[28..<28 + quoted].elementsEqual(packet[..<quoted]))
        #expect(message[(28 + quoted)..<28 + length].allSatisfy { $0 == 0 })

        let packet6 = try ipv6(byteCount: byteCount + 20)
        let message6 = try #require(emit6(.timeExceeded, about: packet6, under: labels))
        #expect(message6.count <= 1280)
        let length6 = Int(message6[44]) * 8
        #expect(length6 >= 128 && message6.count == 48 + length6 + 8 + 4 * labelCount)
        try checkExtension(message6, at: 48 + length6, labels)
    }

    private func checkExtension(_ message: [UInt8], at start: Int, _ labels: [UInt8]) throws {
        let structure = Array(message[start...])
        #expect(structure[0] == 0x20)
        #expect(structure.read { InternetChecksum.isValid(InternetChecksum.sum($0)) })
        #expect(Array(structure[4..<8]) == [0, UInt8(4 + labels.count), 1, 1])
        #expect(Array(structure[8...]) == labels)
    }

    @Test("where there is no room for 128 bytes and the labels, the labels are left out")
    func noRoomForLabels() throws {
        let packet = try ipv4(byteCount: 400)
        let message = try #require(emit4(.timeExceeded, about: packet, under: Self.stack, room: 160))
        #expect(message.count == 160 && message[25] == 0)
        #expect(message[28...].elementsEqual(packet[..<132]))
    }

    @Test("about a packet that is itself a quote there is an error, however much of it there is")
    func cut() throws {
        let packet = try ipv4(byteCount: 1000)
        let message = try #require(
            emit4(.destinationUnreachable(code: 1), about: Array(packet[..<28]), isCut: true))
        #expect(message.count == 56 && message[28...].elementsEqual(packet[..<28]))
        #expect(emit4(.timeExceeded, about: Array(packet[..<28])) == nil)
        #expect(emit4(.timeExceeded, about: Array(packet[..<19]), isCut: true) == nil)
        let packet6 = try ipv6(byteCount: 1000)
        let message6 = try #require(
            emit6(.packetTooBig(mtu: 1400), about: Array(packet6[..<48]), isCut: true))
        #expect(message6.count == 96 && message6[48...].elementsEqual(packet6[..<48]))
        #expect(emit6(.timeExceeded, about: Array(packet6[..<48])) == nil)
        #expect(emit6(.timeExceeded, about: Array(packet6[..<39]), isCut: true) == nil)
    }

    @Test(
        "ICMP errors are those of scapy, about a padded packet",
        arguments: [
            (ICMPv4Error.fragmentationNeeded(nextHopMTU: 1480), Vectors.fragmentationNeeded),
            (.timeExceeded, Vectors.timeExceeded4),
            (.destinationUnreachable(code: 13), Vectors.prohibited4),
        ])
    func icmpv4(error: ICMPv4Error, expected: [UInt8]) {
        #expect(emit4(error, about: Vectors.ipv4UDP + dirty(13)) == expected)
    }

    @Test(
        "ICMPv6 errors are those of scapy",
        arguments: [
            (ICMPv6Error.packetTooBig(mtu: 1480), Vectors.packetTooBig),
            (.timeExceeded, Vectors.timeExceeded6),
        ])
    func icmpv6(error: ICMPv6Error, expected: [UInt8]) {
        #expect(emit6(error, about: Vectors.ipv6UDP + dirty(13)) == expected)
    }

    /// Source, destination and protocol of a UDP packet changed, and lengthened to `byteCount`.
    private func ipv4(
        from source: String = "10.1.0.5", to destination: String = "198.51.100.7", byteCount: Int = 33
    ) throws -> [UInt8] {
        var header = IPv4Header(
            protocol: .udp, source: try #require(IPv4Address(source)),
            destination: try #require(IPv4Address(destination)), payloadByteCount: byteCount - 20)
        header.dontFragment = true
        var packet = dirty(byteCount)
        packet.write { _ = header.emit(into: &$0) }
        return packet
    }
    private func ipv6(
        from source: String = "2001:db8:1::5", to destination: String = "2001:db8:a::7", byteCount: Int = 53
    ) throws -> [UInt8] {
        let header = IPv6Header(
            nextHeader: .udp, source: try #require(IPv6Address(source)),
            destination: try #require(IPv6Address(destination)), payloadByteCount: byteCount - 40)
        var packet = dirty(byteCount)
        packet.write { _ = header.emit(into: &$0) }
        return packet
    }

    @Test(
        "an ICMP error has at most 576 bytes, and less where there is less room",
        arguments: [576, 600, 200, 96])
    func longestQuote4(room: Int) throws {
        let packet = try ipv4(byteCount: 1500)
        let message = try #require(emit4(.fragmentationNeeded(nextHopMTU: 1492), about: packet, room: room))
        #expect(message.count == min(576, room))
        #expect(message[28...].elementsEqual(packet[..<(message.count - 28)]))
        let isValid = try message.read { bytes throws(WireError) in
            let view = try IPv4View(bytes)
            return try ICMPView(view.payload, over: .v4).hasValidChecksum() && view.hasValidChecksum
        }
        #expect(isValid)
    }

    @Test(
        "an ICMPv6 error has at most 1280 bytes, and less where there is less room",
        arguments: [1280, 1400, 88])
    func longestQuote6(room: Int) throws {
        let packet = try ipv6(byteCount: 1500)
        let message = try #require(emit6(.packetTooBig(mtu: 1492), about: packet, room: room))
        #expect(message.count == min(1280, room))
        #expect(message[48...].elementsEqual(packet[..<(message.count - 48)]))
        let isValid = try message.read { bytes throws(WireError) in
            let view = try IPv6View(bytes)
            let sum = TransportChecksum.pseudoHeaderSum(
                source: view.source, destination: view.destination, protocol: .icmpv6,
                byteCount: view.payloadLength)
            return try ICMPView(view.payload, over: .v6).hasValidChecksum(pseudoHeader: sum)
        }
        #expect(isValid)
    }

    @Test("about an echo request there is one, about an error or a later fragment none")
    func errorsAndFragments4() {
        #expect(emit4(.timeExceeded, about: Vectors.echoRequest4) != nil)
        #expect(emit4(.timeExceeded, about: Vectors.timeExceeded4) == nil)
        #expect(emit4(.timeExceeded, about: Vectors.fragmentationNeeded) == nil)
        #expect(emit4(.timeExceeded, about: Vectors.ipv4LaterFragment) == nil)
        #expect(emit4(.timeExceeded, about: Array(Vectors.ipv4UDP.dropLast())) == nil)
    }

    @Test(
        "none to a source that isn't one host",
        arguments: [
            "0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.5", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        ])
    func source4(source: String) throws {
        #expect(emit4(.timeExceeded, about: try ipv4(from: source)) == nil)
    }

    @Test("none about a packet to a group", arguments: ["224.0.0.1", "255.255.255.255"])
    func destination4(destination: String) throws {
        #expect(emit4(.timeExceeded, about: try ipv4(to: destination)) == nil)
    }

    @Test("ICMPv6: none about errors and redirects; one about other fragments, none about those of ICMPv6")
    func errorsAndFragments6() {
        #expect(emit6(.timeExceeded, about: Vectors.echoRequest6) != nil)
        #expect(emit6(.timeExceeded, about: Vectors.packetTooBig) == nil)
        var redirect = Vectors.echoRequest6
        redirect[40] = ICMPv6Type.redirect.rawValue
        #expect(emit6(.timeExceeded, about: redirect) == nil)
        #expect(emit6(.packetTooBig(mtu: 1280), about: Vectors.ipv6LaterFragment) != nil)
        var fragment = Vectors.ipv6LaterFragment
        fragment[40] = IPProtocol.icmpv6.rawValue
        #expect(emit6(.packetTooBig(mtu: 1280), about: fragment) == nil)
        #expect(emit6(.timeExceeded, about: Array(Vectors.ipv6UDP.dropLast())) == nil)
    }

    @Test("ICMPv6: none to a source that isn't one node", arguments: ["::", "::1", "ff02::1"])
    func source6(source: String) throws {
        #expect(emit6(.packetTooBig(mtu: 1280), about: try ipv6(from: source)) == nil)
    }

    @Test("ICMPv6: about a packet to a group only that it was too big")
    func destination6() throws {
        let packet = try ipv6(to: "ff0e::5")
        #expect(emit6(.timeExceeded, about: packet) == nil)
        #expect(emit6(.destinationUnreachable(code: 0), about: packet) == nil)
        #expect(emit6(.packetTooBig(mtu: 1280), about: packet) != nil)
    }
}

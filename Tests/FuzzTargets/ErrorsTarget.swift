import Wire

extension FuzzTarget {
    /// ICMP errors about any packet: what is sent is a sound message that quotes it.
    ///
    /// ```
    /// | kind, 1 | MTU, 2 | room, 2 | packet … |
    /// ```
    static let errors = FuzzTarget(name: "errors", byteCountLimit: 2048) { bytes throws(Finding) in
        var input = InputReader(bytes)
        let kind = input.octet()
        let mtu = input.word()
        let room = 96 + Int(input.word() % 1400)
        let packet = input.remainder()
        let error4: ICMPv4Error =
            switch kind % 3 {
            case 0: .timeExceeded
            case 1: .fragmentationNeeded(nextHopMTU: mtu)
            default: .destinationUnreachable(code: UInt8(truncatingIfNeeded: mtu))
            }
        var buffer = [UInt8](repeating: 0xa5, count: room)
        if let count = packet.read({ packet in
            buffer.write { error4.emit(about: packet, from: IPv4Address(rawValue: 0xc000_0201), into: &$0) }
        }) {
            try Finding.unless(count <= min(room, 576), "an ICMP error of \(count) bytes in \(room)")
            try Finding.unless(isSound4(Array(buffer[..<count])), "an unsound ICMP error about \(packet)")
            try Finding.unless(buffer[count...].allSatisfy { $0 == 0xa5 }, "bytes behind an ICMP error")
        }
        let error6: ICMPv6Error = kind & 1 == 0 ? .timeExceeded : .packetTooBig(mtu: UInt32(mtu))
        buffer = [UInt8](repeating: 0xa5, count: room)
        if let count = packet.read({ packet in
            buffer.write { error6.emit(about: packet, from: IPv6Address(high: 1, low: 1), into: &$0) }
        }) {
            try Finding.unless(count <= min(room, 1280), "an ICMPv6 error of \(count) bytes in \(room)")
            try Finding.unless(isSound6(Array(buffer[..<count])), "an unsound ICMPv6 error about \(packet)")
            try Finding.unless(buffer[count...].allSatisfy { $0 == 0xa5 }, "bytes behind an ICMPv6 error")
        }
    } seeds: {
        packets.flatMap { packet in [0, 14].map { [1, 5, 0, 3, 0] + packet.dropFirst($0) } }
    }

    private static func isSound4(_ message: [UInt8]) -> Bool {
        do throws(WireError) {
            return try message.read { span throws(WireError) in
                let packet = try IPv4View(span)
                let isValid = packet.hasValidChecksum && packet.totalLength == message.count
                return try ICMPView(packet.payload, over: .v4).hasValidChecksum() && isValid
            }
        } catch { return false }
    }

    private static func isSound6(_ message: [UInt8]) -> Bool {
        do throws(WireError) {
            return try message.read { span throws(WireError) in
                let packet = try IPv6View(span)
                let sum = TransportChecksum.pseudoHeaderSum(
                    source: packet.source, destination: packet.destination, protocol: .icmpv6,
                    byteCount: packet.payloadLength)
                return try ICMPView(packet.payload, over: .v6).hasValidChecksum(pseudoHeader: sum)
            }
        } catch { return false }
    }
}

import Testbed
import Wire

extension FuzzTarget {
    /// Every header view of `Wire`, each over the same bytes: what it takes can be read to its end, and written back.
    static let headers = FuzzTarget(name: "headers", byteCountLimit: 2048) { bytes throws(Finding) in
        accepts(bytes) { span throws(WireError) in _ = try EthernetView(span).payload.copied }
        accepts(bytes) { span throws(WireError) in
            let view = try VLANView(span)
            _ = (view.tag.priority, view.etherType, view.payload.copied)
        }
        accepts(bytes) { span throws(WireError) in _ = ARPPacket(try ARPView(span)) }
        accepts(bytes) { span throws(WireError) in
            let view = try IPv4View(span)
            _ = (IPv4Header(view), view.options.copied, view.hasValidChecksum)
            let payload = view.payload
            _ = payload.copied
            _ = ICMPv4Message(try ICMPView(payload, over: .v4))
        }
        accepts(bytes) { span throws(WireError) in
            let view = try IPv6View(span)
            _ = IPv6Header(view)
            let upper = try view.upper()
            let message = view.bytes.extracting(droppingFirst: upper.offset)
            _ = ICMPv6Message(try ICMPView(message, over: .v6))
            _ = TransportChecksum.isValid(message, pseudoHeader: 0)
        }
        accepts(bytes) { span throws(WireError) in _ = try NeighbourSolicitation(try IPv6View(span)) }
        accepts(bytes) { span throws(WireError) in _ = try NeighbourAdvertisement(try IPv6View(span)) }
        bytes.read { span in
            guard span.byteCount >= IPv6Field.byteCount else { return }
            if let upper = IPv6Upper(in: span) { _ = span.extracting(droppingFirst: upper.offset).copied }
        }
        try written(bytes)
    } seeds: {
        packets.flatMap { [$0, Array($0.dropFirst(14)), Array($0.dropFirst(18)), Array($0.dropFirst(22))] }
    }

    /// Frames and packets of the conformance cases.
    static let packets: [[UInt8]] = Edge.names.flatMap { name in
        folderEntries("\(Edge.casesFolder)/\(name)").filter { $0.hasSuffix(".pcap") }
            .flatMap { captured("\(Edge.casesFolder)/\(name)/\($0)").prefix(8) }
    }

    private static func accepts(_ bytes: [UInt8], _ body: (RawSpan) throws(WireError) -> Void) {
        do throws(WireError) { try bytes.read(body) } catch { _ = error.description }
    }

    /// What has been read and is written again reads as the same.
    private static func written(_ bytes: [UInt8]) throws(Finding) {
        if let header = ipv4(bytes), header.totalLength <= 65_535 {
            var again = [UInt8](repeating: 0xa5, count: header.totalLength)
            again.write { _ = header.emit(into: &$0) }
            try Finding.unless(ipv4(again) == header, "\(header) reads as another when it is written")
        }
        var echo = bytes
        if let count = echo.write({ EchoReply.replyToIPv4(in: &$0) }) {
            try Finding.unless(count <= bytes.count, "an echo reply longer than its request")
            try Finding.unless(ipv4(echo) != nil, "an echo reply that is no IPv4 packet")
        }
        echo = bytes
        if let count = echo.write({ EchoReply.replyToIPv6(in: &$0) }) {
            try Finding.unless(count <= bytes.count, "an echo reply longer than its request")
        }
    }

    private static func ipv4(_ bytes: [UInt8]) -> IPv4Header? {
        do throws(WireError) {
            return try bytes.read { span throws(WireError) in IPv4Header(try IPv4View(span)) }
        } catch { return nil }
    }
}

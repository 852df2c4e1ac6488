import Testbed
import Wire

extension Datagram {
    /// An ICMP or ICMPv6 message between two addresses, without a good checksum: nothing on the way looks at it.
    static func icmp(_ source: String, _ destination: String, type: UInt8, code: UInt8 = 0, _ body: [UInt8])
        -> Datagram
    {
        var datagram = Datagram.udp(source, destination)
        datagram.protocol = datagram.source.version == .v4 ? .icmp : .icmpv6
        datagram.payload = [type, code, 0, 0, 0, 0, 0, 0] + body
        return datagram
    }

    /// An ICMP error about a packet, of which it quotes what it must by RFC 792 and more, or as much as is said.
    static func error(
        from source: String, to destination: String, about quoted: Datagram, type: UInt8? = nil,
        quoting byteCount: Int? = nil
    ) -> Datagram {
        let isIPv4 = quoted.source.version == .v4
        let quote = quoted.bytes.prefix(byteCount ?? (isIPv4 ? 28 : 120))
        return icmp(source, destination, type: type ?? (isIPv4 ? 11 : 3), Array(quote))
    }

    /// The packet inside another one.
    func encapsulated(_ source: String, _ destination: String, trafficClass: UInt8 = 0) -> Datagram {
        var outer = Datagram.udp(source, destination)
        outer.protocol = self.source.version == .v4 ? .ipv4 : .ipv6
        outer.trafficClass = trafficClass
        outer.payload = bytes
        return outer
    }

    /// The packet with extension headers before what it carries: each its number and its bytes behind the first two,
    /// which are the next header and the length.
    func extended(_ headers: [(number: UInt8, body: [UInt8])]) -> Datagram {
        var datagram = self
        var next = self.protocol.rawValue
        for header in headers.reversed() {
            let length = header.number == 44 ? 0 : UInt8((header.body.count + 2) / 8 - 1)
            datagram.payload = [next, length] + header.body + datagram.payload
            next = header.number
        }
        datagram.protocol = IPProtocol(rawValue: next)
        return datagram
    }
}

extension Frame {
    /// What the provider's side sends to the subscriber edge's core0.
    static func toCore(_ datagram: Datagram, tags: [UInt16] = []) -> [UInt8] {
        Frame(to: Edges.subscriberMAC, from: Edges.providerMAC, tags: tags, datagram).bytes
    }
    static func toCore(_ labels: [LabelStackEntry], _ datagram: Datagram, tags: [UInt16] = []) -> [UInt8] {
        Frame(
            to: Edges.subscriberMAC, from: Edges.providerMAC, tags: tags, .mpls, labels: labels,
            datagram.bytes
        ).bytes
    }
    /// What arrives at the subscriber edge's core1.
    static func toCore1(_ datagram: Datagram) -> [UInt8] {
        Frame(to: Edges.subscriberMAC1, from: Edges.bobMAC, datagram).bytes
    }
}

import Wire

/// A kind of packets that nobody wants, and the port by which they come.
struct Flood {
    let name: String
    let port: String
    let frames: [[UInt8]]

    /// So many different ones, as senders that forge would have.
    private static let count = 16_384

    private init(_ name: String, port: String, count: Int = Flood.count, _ frame: (Int) -> [UInt8]) {
        self.name = name
        self.port = port
        frames = (0..<count).map(frame)
    }

    static let all = [
        Flood("spoofed sources", port: "access1") { number in
            Packet.udp(0xac10_0000 + UInt32(number), Site.server)
        },
        Flood("without a condition", port: "access1") { number in
            Packet.udp(Site.neighbour, 0xcb00_7100 + UInt32(number % 250))
        },
        Flood("unknown services", port: "access1") { number in
            Packet.udp(Site.neighbour, 0x0808_0000 + UInt32(number))
        },
        // Senders who want answers don't forge: always the same packet.
        Flood("TTL 1", port: "access1", count: 1) { _ in Packet.udp(Site.neighbour, Site.server, ttl: 1) },
        Flood("too big, DF", port: "access1", count: 1) { _ in
            Packet.udp(Site.neighbour, Site.server, byteCount: 1400, dontFragment: true)
        },
        Flood("neighbours to be found", port: "access1") { number in
            Packet.udp(Site.neighbour, 0x0a02_0100 + UInt32(number))
        },
        Flood("unknown labels", port: "core0") { number in
            Packet.ethernet(
                0x8847, Packet.label(500_000 + UInt32(number)) + Packet.udp(Site.server, Site.user(0)))
        },
        Flood("user labels out of context", port: "core0") { number in
            Packet.ethernet(
                0x8847,
                Packet.label(200_000 + UInt32(number % Site.userCount))
                    + Packet.udp(Site.server, Site.user(0)))
        },
        Flood("unknown tunnel ends", port: "core0") { number in
            Packet.ethernet(
                0x0800,
                Packet.ipv4(
                    0x0a63_0000 + UInt32(number), 0x0a00_0001, 4, Packet.udp(Site.server, Site.user(0))))
        },
        Flood("not for us", port: "core0") { number in
            Packet.ethernet(0x0800, Packet.udp(0x0a63_0000 + UInt32(number), 0x0a63_ff01))
        },
        Flood("ARP questions for us", port: "core1") { number in
            Packet.arp(sender: 0x0a02_0100 + UInt32(number), target: 0x0a02_0001, number)
        },
        Flood("ARP questions for others", port: "core1") { number in
            Packet.arp(sender: 0x0a02_0100 + UInt32(number), target: 0x0a02_ff01, number)
        },
        Flood("pings to us", port: "core0") { number in
            Packet.ethernet(
                0x0800,
                Packet.ipv4(0x0a00_0002, 0x0a00_0001, 1, Packet.echo(UInt16(truncatingIfNeeded: number))))
        },
    ]
}

/// Frames, octet by octet.
enum Packet {
    static func udp(
        _ source: UInt32, _ destination: UInt32, ttl: UInt8 = 64, byteCount: Int = 64,
        dontFragment: Bool = false
    ) -> [UInt8] {
        let payload = octets(UInt16(40_000)) + octets(UInt16(5004)) + octets(UInt16(byteCount - 20)) + [0, 0]
        return ipv4(
            source, destination, 17, payload + [UInt8](repeating: 7, count: byteCount - 28), ttl: ttl,
            flags: dontFragment ? 0x4000 : 0)
    }

    static func ipv4(
        _ source: UInt32, _ destination: UInt32, _ protocol: UInt8, _ payload: [UInt8], ttl: UInt8 = 64,
        flags: UInt16 = 0
    ) -> [UInt8] {
        var header: [UInt8] = [0x45, 0] + octets(UInt16(20 + payload.count)) + [0, 0] + octets(flags)
        header += [ttl, `protocol`, 0, 0] + octets(source) + octets(destination)
        let sum = InternetChecksum.fold(InternetChecksum.sum(header.span.bytes))
        withUnsafeBytes(of: ~sum) { header.replaceSubrange(10..<12, with: $0) }
        return header + payload
    }

    static func echo(_ sequence: UInt16) -> [UInt8] {
        var message: [UInt8] = [8, 0, 0, 0, 0, 1] + octets(sequence) + [UInt8](repeating: 7, count: 36)
        let sum = InternetChecksum.fold(InternetChecksum.sum(message.span.bytes))
        withUnsafeBytes(of: ~sum) { message.replaceSubrange(2..<4, with: $0) }
        return message
    }

    static func label(_ label: UInt32) -> [UInt8] { octets(label << 12 | 0x1ff) }

    static func ethernet(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        [2, 0, 0, 0, 0, 1] + [2, 0, 0, 0, 0, 2] + octets(type) + payload
    }

    /// RFC 826, to all, from a station of its own.
    static func arp(sender: UInt32, target: UInt32, _ number: Int) -> [UInt8] {
        let station = [2, 0, 0, 0xaa] + octets(UInt16(truncatingIfNeeded: number))
        let body: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 1] + station + octets(sender)
        return [UInt8](repeating: 0xff, count: 6) + station + octets(UInt16(0x0806)) + body
            + [0, 0, 0, 0, 0, 0] + octets(target)
    }

    private static func octets<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}

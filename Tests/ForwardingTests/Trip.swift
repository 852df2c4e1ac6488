import Packets
import Tables
import Testbed
import Wire

/// One direction of a session across both edges: where its packets begin, and where they must come out.
struct Trip: Sendable, CustomStringConvertible {
    let session: String
    let direction: Direction
    let source: String
    let destination: String
    /// Where packets come in on the first edge and leave on the second.
    let arrival: String
    let departure: String
    /// The longest inner packet that the way between takes.
    let limit: Int
    /// Whether a rule wants UDP with the service's port 5004.
    let hasRules: Bool

    var description: String { "\(session) \(direction), \(source) to \(destination)" }

    static let all = [
        video("10.1.0.5", "198.51.100.7"), video("2001:db8:1:5::9", "2001:db8:a::7"),
        music("10.1.0.5", "203.0.113.9"), music("2001:db8:1:5::9", "2001:db8:b::9"),
        Trip(
            session: "bob-video", direction: .up, source: "10.2.0.5", destination: "198.51.100.8",
            arrival: "access1", departure: "server1", limit: 1492, hasRules: false),
    ].flatMap { [$0, $0.back] }

    private static func video(_ source: String, _ destination: String) -> Trip {
        Trip(
            session: "alice-video", direction: .up, source: source, destination: destination,
            arrival: "access0", departure: "server0", limit: 1492, hasRules: true)
    }
    private static func music(_ source: String, _ destination: String) -> Trip {
        Trip(
            session: "alice-music", direction: .up, source: source, destination: destination,
            arrival: "access0", departure: "server0", limit: 1300, hasRules: false)
    }

    private var back: Trip {
        Trip(
            session: session, direction: .down, source: destination, destination: source, arrival: departure,
            departure: arrival, limit: limit, hasRules: hasRules)
    }

    /// A packet of the session: any size that fits, any DSCP, ECN, TTL that lasts, fragmentation bits and
    /// options.
    func randomDatagram(_ generator: inout SeededGenerator) -> Datagram {
        var datagram = Datagram.udp(
            source, destination, ports: direction == .up ? (40_000, 5004) : (5004, 40_000), byteCount: 0)
        let isIPv4 = datagram.source.version == .v4
        if !hasRules { datagram.protocol = IPProtocol(rawValue: generator.element([1, 6, 17, 47, 50, 89])) }
        if isIPv4, generator.once(in: 4) {
            // No operation (RFC 791 §3.1), as often as wanted.
            datagram.options = Array(repeating: 1, count: 4 * generator.number(1...10))
        }
        let room = limit - datagram.byteCount
        datagram.payload += generator.octets(generator.once(in: 4) ? room : generator.number(0...room))
        datagram.ttl = UInt8(generator.number(3...255))
        datagram.trafficClass = generator.octet()
        if isIPv4 {
            datagram.identification = UInt16(truncatingIfNeeded: generator.next())
            datagram.dontFragment = generator.once(in: 2)
        } else {
            datagram.flowLabel = UInt32(generator.number(0...0xf_ffff))
        }
        return datagram
    }

    /// The frame with this packet that comes in by `arrival`.
    func frame(_ datagram: Datagram) -> [UInt8] {
        switch arrival {
        case "access1":
            Frame(to: Edges.accessMAC, from: Edges.bobMAC, tags: [100], datagram).bytes
        case "server1": Frame(to: Edges.serverMAC, from: Edges.server1MAC, datagram).bytes
        default: datagram.bytes
        }
    }

    /// The packet in a frame that left by `departure`; nil where the link header isn't the one due.
    func datagram(_ frame: [UInt8]) -> Datagram? {
        guard departure == "access1" || departure == "server1" else { return Datagram(frame) }
        guard let parsed = Frame(frame), let datagram = parsed.datagram else { return nil }
        let expected =
            departure == "access1"
            ? Frame(to: Edges.bobMAC, from: Edges.accessMAC, tags: [100], datagram)
            : Frame(to: Edges.server1MAC, from: Edges.serverMAC, datagram)
        return parsed == expected ? datagram : nil
    }
}

import CLinux
import Exchange
import Forwarder
import Glibc
import Packets
import Ports
import TableCompiler
import Tables
import Testbed
import Wire

@testable import Offline

/// Plays cases on real interfaces, packet by packet: each is put on the link by another program's means, taken from there
/// by a port, and what leaves is captured beyond the kernel by libpcap.
final class LiveCases {
    /// How ports pass packets to the kernel and back.
    struct Engines: CustomStringConvertible, Sendable {
        var tun: Ports.PortEngine
        var packet: Ports.PortEngine
        var offload: Bool

        var description: String { "\(tun.rawValue), \(packet.rawValue), offload \(offload ? "on" : "off")" }
    }

    /// What has come of all cases.
    struct Result: Sendable {
        var caseCount = 0
        var packetCount = 0
        /// Packets that no link carries, such as half an Ethernet header: their ports were given them directly.
        var handedOver = 0
        var differences: [String] = []
    }

    private let engines: Engines
    private let namespace: NetworkNamespace
    /// By the medium's name and the place among those of its kind.
    private var links: [String: Link] = [:]
    private(set) var result = Result()

    init(_ engines: Engines, in namespace: NetworkNamespace) throws {
        self.engines = engines
        self.namespace = namespace
    }

    /// Plays a case live and from file to file, and notes what differs.
    func play(_ example: ConformanceCase) throws {
        let folder = ScratchFolder()
        let (names, report) = try example.replay(into: folder)
        let exchange = try example.exchange()
        let compiled = CompiledExchange(exchange, PortFacts.offline(exchange))
        let ports = try zip(exchange.ports, links(of: exchange.ports)).map { port, link in
            let frames =
                example.has("\(port.name).in.pcap") ? try example.capture("\(port.name).in.pcap").records : []
            return CasePort(name: port.name, on: link, frames: frames)
        }
        let worker = Worker(
            Publication(tables: try compiled.makeTables().publication, ports: ports), vectorCapacity: 1,
            slotByteCount: Replay.slotByteCount, neighbourSeed: Replay.neighbourSeed)
        while let next = ports.indices.filter({ ports[$0].nextTimestamp != nil }).min(by: {
            ports[$0].nextTimestamp! < ports[$1].nextTimestamp!
        }) {
            _ = worker.serve(PortIndex(rawValue: UInt16(next)))
        }
        worker.giveUpWaiting()
        result.caseCount += 1
        result.packetCount += ports.map(\.frameCount).reduce(0, +)
        result.handedOver += ports.map(\.handedOver).reduce(0, +)
        let live = CountersReport(worker.counters, sessions: compiled.sessions, ports: names)
        if live.json != report.json {
            result.differences.append(
                "\(example.name): counted \(live.json), from file to file \(report.json)")
        }
        for port in ports {
            let expected = try Capture(path: folder.file("\(port.name).out.pcap")).records.map(\.frame)
            let sent = port.interface.arrived(expected.count)
            guard sent != expected else { continue }
            let place = zip(sent, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
            result.differences.append(
                "\(example.name): \(port.name) sent \(sent.count) packets, expected \(expected.count)"
                    + (place.map { "; \(Hex.text(sent[$0])) instead of \(Hex.text(expected[$0]))" } ?? ""))
        }
    }

    /// An interface for each port, which other cases have used before.
    private func links(of ports: [Port]) throws -> [Link] {
        var counts: [String: Int] = [:]
        return try ports.map { port in
            let kind =
                switch port.medium {
                case .tun: "tun"
                case .tap: "tap"
                default: "veth"
                }
            let number = counts[kind, default: 0]
            counts[kind] = number + 1
            if let link = links["\(kind)\(number)"] { return link }
            let link = try Link(kind, number, engines, namespace)
            links["\(kind)\(number)"] = link
            return link
        }
    }
}

/// A port on a real interface, and a station at the interface's other end.
final class Link {
    let port: any PacketPort
    private let station: CapturePort
    private let sender: Int32
    private let vector = PacketVector(capacity: 64, slotByteCount: Replay.slotByteCount)

    init(_ kind: String, _ number: Int, _ engines: LiveCases.Engines, _ namespace: NetworkNamespace) throws {
        // Longer than any packet of a case: what is too long the edge says.
        let mtu = 9000
        var outside = "case-\(kind)\(number)"
        switch kind {
        case "tun":
            port = try TUNPort(
                .init(name: kind, interface: outside, mtu: mtu, offload: engines.offload, engine: engines.tun)
            )
        case "tap":
            port = try TAPPort(
                .init(name: kind, interface: outside, mtu: mtu, offload: engines.offload, engine: engines.tun)
            )
        default:
            let inside = outside
            outside += "-o"
            namespace.ip("link add \(inside) mtu \(mtu) type veth peer name \(outside) mtu \(mtu)")
            for end in [inside, outside] { namespace.ip("link set \(end) up") }
            // What leaves as one superframe is cut up and finished by the kernel, and captured as it would be on a wire.
            namespace.execute("ethtool -K \(inside) tx off tso off gso off tx-udp-segmentation off")
            port = try PacketSocketPort(
                .init(
                    name: kind, interface: inside, isOwned: false, offload: engines.offload,
                    engine: engines.packet))
        }
        precondition(port.engine == (kind == "veth" ? engines.packet : engines.tun), "\(port.notes)")
        station = try CapturePort(.init(name: "station", interface: outside, link: port.link))
        sender = wl_raw_socket(AF_PACKET, 0)
        precondition(
            sender >= 0 && wl_packet_bind(sender, Int32(if_nametoindex(outside))) == 0 && station.state == .up
        )
    }

    deinit { close(sender) }

    /// Has a frame go to the port. False: a link doesn't carry it, or nobody is given it, since the kernel, which takes VLAN
    /// tags out of frames, finds it to end within one.
    func carry(_ frame: [UInt8]) -> Bool {
        let endsInTag =
            port.link == .ethernet && (14..<18).contains(frame.count)
            && ([[0x81, 0], [0x88, 0xa8]] as [[UInt8]]).contains(Array(frame[12..<14]))
        return !endsInTag && send(sender, frame, frame.count, 0) == frame.count
    }

    /// What has left by the port and come out beyond the kernel, as soon as it is so much, and what comes soon after that.
    func arrived(_ count: Int) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        func look() {
            vector.removeAll()
            _ = station.receive(into: vector)
            for index in 0..<vector.count { frames.append(Array(vector.frame(index))) }
        }
        _ = eventually {
            look()
            return frames.count >= count
        }
        look()
        return frames
    }
}

/// A port that is given a case's packets, one by one, through a link, and whose packets are stamped as in the case.
final class CasePort: PacketPort {
    let name: String
    let interface: Link
    private let frames: [Capture.Record]
    private var next = 0
    private(set) var handedOver = 0

    init(name: String, on link: Link, frames: [Capture.Record]) {
        self.name = name
        interface = link
        self.frames = frames
    }

    var frameCount: Int { frames.count }
    var nextTimestamp: UInt64? { next < frames.count ? frames[next].timestamp : nil }

    func receive(into vector: PacketVector) -> Int {
        guard next < frames.count else { return 0 }
        let record = frames[next]
        next += 1
        if interface.carry(record.frame) {
            guard eventually({ interface.port.receive(into: vector) > 0 }) else { return 0 }
        } else {
            record.frame.withUnsafeBytes { vector.append($0, timestamp: record.timestamp) }
            handedOver += 1
        }
        for index in 0..<vector.count { vector[index].timestamp = record.timestamp }
        return vector.count
    }

    func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        interface.port.transmit(vector, selection: selection)
    }

    var link: LinkType { interface.port.link }
    var macAddress: MACAddress? { interface.port.macAddress }
    var mtu: Int { interface.port.mtu }
    var state: PortState { .up }
    var pollDescriptor: Int32? { nil }
    func maintain() {}
}

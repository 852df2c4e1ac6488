import Forwarder
import Packets
import Ports
import TableCompiler
import Tables
import Testbed
import Testing
import Wire

/// A whole forwarder between memory ports.
final class Node {
    let ports: [MemoryPort]
    let worker: Worker
    let tables: ForwardingTables
    private let sessions: [String]

    init(
        _ exchange: String = Edges.subscriberEdge, vectorCapacity: Int = 256, slotByteCount: Int = 4096,
        clock: (() -> UInt64)? = nil
    ) {
        let compiled = Edges.compile(exchange)
        ports = zip(compiled.ports, compiled.facts.macAddresses).map { port, mac in
            MemoryPort(
                name: port.name, link: port.isEthernet ? .ethernet : .ip,
                macAddress: port.isEthernet ? mac : nil)
        }
        sessions = compiled.sessions
        tables = Edges.tables(compiled)
        worker = Worker(
            Publication(tables: tables.publication, ports: ports), vectorCapacity: vectorCapacity,
            slotByteCount: slotByteCount, clock: clock)
        tables.settle()
    }

    /// Has the worker adopt what has been staged.
    func publish() {
        worker.adopt(Publication(tables: tables.publish(), ports: ports))
        while !worker.isAdopted { worker.adoptSome() }
        tables.settle()
    }

    subscript(name: String) -> MemoryPort {
        guard let port = ports.first(where: { $0.name == name }) else {
            preconditionFailure("no port \(name)")
        }
        return port
    }

    var report: CountersReport {
        CountersReport(worker.counters, sessions: sessions, ports: ports.map(\.name))
    }

    func dropCount(_ reason: DropReason) -> UInt64 { worker.counters.dropped(reason) }

    /// Serves all ports until none has anything left.
    func serveAll() {
        while ports.indices.reduce(0, { $0 + worker.serve(PortIndex(rawValue: UInt16($1))) }) > 0 {}
    }

    /// Lets frames come in by a port, and returns what is sent by another.
    @discardableResult
    func pass(
        _ frames: [[UInt8]], _ arrival: String, to departure: String, at timestamp: UInt64 = 0
    ) -> [[UInt8]] {
        for frame in frames { self[arrival].offer(frame, timestamp: timestamp) }
        serveAll()
        return self[departure].takeSent().map(\.bytes)
    }
}

extension Node {
    /// Lets frames come in by a port, and returns the first that is sent; there must be one.
    func first(
        _ frames: [[UInt8]], _ arrival: String, to departure: String, at timestamp: UInt64 = 0
    ) throws -> [UInt8] {
        try #require(pass(frames, arrival, to: departure, at: timestamp).first)
    }
}

/// The first of the frames, which must be one.
func firstFrame(_ frames: [[UInt8]]) throws -> Frame {
    let first = try #require(frames.first)
    return try #require(Frame(first))
}

/// Stations and packets that the tests meet again and again.
enum Station {
    static let newsMAC = MACAddress(rawValue: 0x0200_0000_0130)
    static let evilMAC = MACAddress(rawValue: 0x0200_0000_6666)

    static func address(_ text: String) -> IPv4Address {
        guard let address = IPv4Address(text) else { preconditionFailure("\(text) is no address") }
        return address
    }

    /// An ARP packet as it comes in by core1.
    static func arp(
        _ operation: ARPPacket.Operation, from sender: String, at mac: MACAddress, for target: String,
        to destination: MACAddress = Edges.subscriberMAC1, tags: [UInt16] = []
    ) -> [UInt8] {
        var packet = ARPPacket(requestFor: address(target), from: address(sender), at: mac)
        packet.operation = operation
        if operation == .reply { packet.targetHardware = destination }
        return Frame(to: destination, from: mac, tags: tags, .arp, emitted(28) { packet.emit(into: &$0) })
            .bytes
    }

    /// From alice to the news, of which core1 finds each address by itself.
    static func news(_ host: String) -> [UInt8] { Datagram.udp("10.1.0.5", host).bytes }

    /// Bytes that `write` leaves in a buffer of this length.
    static func emitted(_ byteCount: Int, _ write: (inout MutableRawSpan) -> Void) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var elements = bytes.mutableSpan
        var span = elements.mutableBytes
        write(&span)
        return bytes
    }
}

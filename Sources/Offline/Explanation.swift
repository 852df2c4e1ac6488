public import Exchange
import Forwarder
public import Packets
import Ports
import TableCompiler
import Tables
public import Trace
public import Wire

/// What the forwarder does with one packet: its steps, its outcome, what leaves, and all that in words.
///
/// The packet goes through the production worker, loop, slow path and send alike, on ports of memory; all that is added
/// is a recorder. So an explanation can't say anything but what a replay or the live forwarder would do with the
/// packet, were it the first one after the start. One thing is assumed unless asked not to be: that a next hop which
/// isn't among the neighbours in the file answers when it is asked for its MAC address. All ports are up.
public struct Explanation: Sendable {
    /// The packet's one outcome.
    public enum Outcome: Equatable, Sendable {
        /// It left by a port, whole or in fragments.
        case forwarded
        /// It was for this node.
        case consumed
        /// It went no further, for one reason.
        case dropped(DropReason)
        /// It waits until its next hop answers: of a packet that has been followed in a replay or a running forwarder.
        case waiting
    }

    /// Something that left by a port: the packet, a fragment of it, an answer or a question.
    public struct Frame: Equatable, Sendable {
        /// The name of the port.
        public let port: String
        /// All of it, link header included.
        public let bytes: [UInt8]

        public init(port: String, bytes: [UInt8]) {
            self.port = port
            self.bytes = bytes
        }
    }

    /// A line for people: what it is about, and what there is to say.
    public struct Line: Equatable, Sendable {
        /// A word or two, as `session`. Not every subject is there for every packet, and some come twice.
        public let subject: String
        /// A phrase, or sentences.
        public let text: String
    }

    /// The name of the port it came in by.
    public let port: String
    /// In the order in which they were taken.
    public let steps: [Step]
    /// What became of the packet in the end.
    public let outcome: Outcome
    /// In the order of the ports.
    public let frames: [Frame]
    /// The next hop that was assumed to answer; its MAC address in `frames` is zero.
    public let assumedNeighbour: IPAddress?
    /// The port and the length, as in `access0 (tun wl-access0, access side): 84 bytes`.
    public let heading: String
    /// The steps and what followed, in words.
    public let lines: [Line]

    let names: CompiledExchange

    /// Runs the packet.
    /// - Parameter packet: what the port's link carries: an Ethernet frame without check sequence, or on a TUN an IP
    ///   packet.
    /// - Parameter assumingNeighbours: whether unknown next hops answer.
    /// - Throws: a `Rejection` if the exchange has no such port, or can't be compiled.
    public init(
        _ exchange: ExchangeDescription, port name: String, packet: [UInt8], assumingNeighbours: Bool = true
    ) throws(Rejection) {
        let index = try exchange.portIndex(name)
        let facts = PortFacts.offline(exchange)
        let compiled = CompiledExchange(exchange, facts)
        let tables: ForwardingTables
        do throws(TableError) { tables = try compiled.makeTables() } catch { throw Rejection("\(error)") }
        let bench = Bench(compiled, tables.publication)
        var run = bench.run(packet, from: index)
        if assumingNeighbours, case .dropped(.neighbourUnresolved) = run.outcome {
            let neighbour = bench.learnNextHop(of: run)
            run = bench.run(packet, from: index)
            run.assumedNeighbour = neighbour
        }
        self.init(exchange, compiled, run)
    }

    /// What is to be said of a run.
    init(_ exchange: ExchangeDescription, _ compiled: CompiledExchange, _ run: Run) {
        let narrator = Narrator(exchange: exchange, names: compiled, run: run)
        port = exchange.ports[run.port].name
        steps = run.steps
        outcome = run.outcome
        frames = run.frames.map { Frame(port: exchange.ports[$0.port].name, bytes: $0.bytes) }
        assumedNeighbour = run.assumedNeighbour
        heading = narrator.heading
        lines = narrator.lines
        names = compiled
    }
}

extension ExchangeDescription {
    /// A port's place in the file.
    /// - Throws: a `Rejection` that lists the ports there are.
    public func portIndex(_ name: String) throws(Rejection) -> Int {
        if let index = ports.firstIndex(where: { $0.name == name }) { return index }
        let known = ports.isEmpty ? "no ports" : ports.map(\.name).joined(separator: ", ")
        throw Rejection("there is no port '\(name)'; the exchange has \(known)")
    }
}

/// What came of one packet.
struct Run {
    /// The port's place in the file.
    let port: Int
    /// As it came.
    let packet: [UInt8]
    let steps: [Step]
    /// Its descriptor when all was done.
    let descriptor: Packet
    let frames: [(port: Int, bytes: [UInt8])]
    /// The adjacency it left by, or would have.
    let adjacency: Adjacency?
    var assumedNeighbour: IPAddress?

    var outcome: Explanation.Outcome {
        switch descriptor.disposition {
        case .forwarded: .forwarded
        case .consumed: .consumed
        case .dropped: .dropped(descriptor.dropReason)
        case .waiting: .waiting
        case .undecided, .transmit, .punt: preconditionFailure("the worker left a packet undecided")
        }
    }
}

/// A worker on ports of memory, one packet at a time.
private struct Bench {
    let ports: [MemoryPort]
    let worker: Worker

    init(_ compiled: CompiledExchange, _ tables: TablesPublication) {
        ports = zip(compiled.ports, compiled.facts.macAddresses).map { port, mac in
            MemoryPort(
                name: port.name, link: port.isEthernet ? .ethernet : .ip,
                macAddress: port.isEthernet ? mac : nil)
        }
        worker = Worker(
            Publication(tables: tables, ports: ports), vectorCapacity: 1,
            slotByteCount: Replay.slotByteCount, neighbourSeed: Replay.neighbourSeed)
    }

    func run(_ packet: [UInt8], from port: Int) -> Run {
        var recorder = StepRecorder()
        ports[port].offer(packet)
        let packets = worker.trace(PortIndex(rawValue: UInt16(port)), recorder: &recorder)
        precondition(packets.count == 1)
        let frames = ports.enumerated().flatMap { index, port in
            port.takeSent().map { (port: index, bytes: $0.bytes) }
        }
        var descriptor = packets[0]
        // Nobody answers here.
        if descriptor.disposition == .waiting { descriptor.drop(.neighbourUnresolved) }
        let adjacency = descriptor.adjacency
        let isKnown = adjacency < worker.tables.adjacencies.capacity
        return Run(
            port: port, packet: packet, steps: recorder.steps, descriptor: descriptor, frames: frames,
            adjacency: isKnown ? worker.tables.adjacencies[Int(adjacency)] : nil)
    }

    /// Makes the next hop that a packet waits for a known one, with MAC address zero.
    /// - Returns: which one that is.
    func learnNextHop(of run: Run) -> IPAddress? {
        let index = AdjacencyIndex(rawValue: run.descriptor.adjacency)
        let unknown = MACAddress(rawValue: 0)
        guard let adjacency = run.adjacency else { return nil }
        if let nextHop = adjacency.nextHop {
            worker.tables.adjacencies[Int(index.rawValue)].destination = unknown
            return nextHop
        }
        guard adjacency.state == .onLink, let destination = Trail(run.steps).headers.last?.destination else {
            return nil
        }
        return worker.tables.addNeighbour(destination, unknown, onLink: index).map { _ in destination }
    }
}

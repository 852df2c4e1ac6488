import Exchange
import ExchangeFile
import Forwarder
import Packets
import Ports
import Synchronization
import TableCompiler
import Tables
import Testbed
import Wire

/// The tables of one exchange, from which edges between memory ports are made, each new and alike.
final class Edge: @unchecked Sendable {
    /// What a frame on a link with two tags and eight labels needs, and a little more.
    static let frameByteCountLimit = 1600

    let name: String
    let compiled: CompiledExchange
    private let tables: ForwardingTables

    private init(name: String, _ exchange: ExchangeDescription) {
        self.name = name
        compiled = CompiledExchange(exchange, .offline(exchange))
        tables = Testbed.Edges.tables(compiled)
        tables.settle()
    }

    /// A worker that has met nobody yet, and its ports.
    func start(vectorCapacity: Int) -> RunningEdge {
        let ports = zip(compiled.ports, compiled.facts.macAddresses).map { port, mac in
            MemoryPort(
                name: port.name, link: port.isEthernet ? .ethernet : .ip,
                macAddress: port.isEthernet ? mac : nil)
        }
        let worker = Worker(
            Publication(tables: tables.publication, ports: ports), vectorCapacity: vectorCapacity,
            neighbourSeed: 1)
        return RunningEdge(ports, worker)
    }

    // MARK: All of them

    /// Of each conformance case its exchange, and the two edges of the unit tests.
    static let names =
        folderEntries(casesFolder).filter { fileContents("\(casesFolder)/\($0)/exchange.yaml") != nil }
        + ["subscriber-edge", "provider-edge"]

    static let casesFolder = repositoryRoot(#filePath) + "/Tests/Conformance/cases"
    private static let made = Mutex<[String: Edge]>([:])

    static func named(_ name: String) -> Edge {
        made.withLock { made in
            if let edge = made[name] { return edge }
            let edge = Edge(name: name, describe(name))
            made[name] = edge
            return edge
        }
    }

    static func describe(_ name: String) -> ExchangeDescription {
        switch name {
        case "subscriber-edge": Testbed.Edges.describe(Testbed.Edges.subscriberEdge)
        case "provider-edge": Testbed.Edges.describe(Testbed.Edges.providerEdge)
        default:
            Testbed.Edges.describe(
                String(decoding: fileContents("\(casesFolder)/\(name)/exchange.yaml") ?? [], as: UTF8.self))
        }
    }

    /// The edge that a number stands for: the one whose own number is next. So an input keeps its edge when another is
    /// added, but for few.
    static func nearest(_ number: UInt16) -> Edge {
        named((numbered.first { $0.number >= number } ?? numbered[0]).name)
    }

    /// The number that stands for an edge: 16 bits of FNV-1a.
    static func number(_ name: String) -> UInt16 {
        let hash = name.utf8.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return UInt16(truncatingIfNeeded: hash ^ hash >> 16)
    }

    private static let numbered = names.map { (number: number($0), name: $0) }.sorted { $0 < $1 }
}

/// A worker between memory ports.
struct RunningEdge {
    let ports: [MemoryPort]
    let worker: Worker
    /// Nanoseconds since the Unix epoch.
    private(set) var now: UInt64 = 1_700_000_000_000_000_000
    private var offeredCount: UInt64 = 0
    private var sentCount: UInt64 = 0

    init(_ ports: [MemoryPort], _ worker: Worker) {
        self.ports = ports
        self.worker = worker
    }

    mutating func wait(nanoseconds: UInt64) { now += nanoseconds }

    mutating func offer(_ frame: [UInt8], port: Int) {
        ports[port].offer(frame, timestamp: now)
        offeredCount += 1
    }

    mutating func confirmNeighbours() { worker.confirmNeighbours(at: now) }

    /// Serves all ports until none has anything left, and looks at what they have sent.
    mutating func serve() throws(Finding) {
        while ports.indices.reduce(0, { $0 + worker.serve(PortIndex(rawValue: UInt16($1))) }) > 0 {}
        for port in ports {
            for frame in port.takeSent() {
                sentCount += 1
                if let fault = SentFrame.fault(frame.bytes, port.link) {
                    throw Finding("\(port.name) has sent \(fault): \(frame.bytes)")
                }
            }
        }
        let report = report
        try Finding.unless(report.balances, "outcomes don't balance: \(report.json)")
        let (received, sent) = report.ports.reduce((0, 0)) { ($0.0 + $1.received, $0.1 + $1.sent) }
        try Finding.unless(received <= offeredCount, "\(received) packets of \(offeredCount) have come in")
        try Finding.unless(sent == sentCount, "\(sent) packets are counted and \(sentCount) have left")
    }

    /// Lets everything that still waits for an answer give up.
    mutating func finish() throws(Finding) {
        for _ in 0..<8 {
            now += 2_000_000_000
            worker.confirmNeighbours(at: now)
        }
        try serve()
        let received = report.ports.reduce(0) { $0 + $1.received }
        try Finding.unless(received == offeredCount, "of \(offeredCount) packets \(received) have an outcome")
    }

    private var report: CountersReport {
        CountersReport(worker.counters, sessions: [], ports: ports.map(\.name))
    }
}

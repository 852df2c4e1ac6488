import Forwarder
import Packets
import Ports
import Tables
import Testbed
import Wire

/// A forwarder of several workers on one thread, each between memory ports of its own.
final class Crew {
    let ports: [[MemoryPort]]
    let workers: [Worker]
    let tables: ForwardingTables
    private let sessions: [String]

    init(_ exchange: String = Edges.subscriberEdge, workers count: Int = 2) {
        let compiled = Edges.compile(exchange)
        ports = (0..<count).map { _ in
            zip(compiled.ports, compiled.facts.macAddresses).map { port, mac in
                MemoryPort(
                    name: port.name, link: port.isEthernet ? .ethernet : .ip,
                    macAddress: port.isEthernet ? mac : nil)
            }
        }
        sessions = compiled.sessions
        tables = Edges.tables(compiled)
        let share = WorkerShare(workers: count)
        let first = Publication(tables: tables.publication, portsByWorker: ports)
        let clock = Clock()
        workers = (0..<count).map {
            Worker(first, slotByteCount: 4096, number: $0, share: share, clock: { clock.now })
        }
        self.clock = clock
        tables.settle()
    }

    private final class Clock { var now: UInt64 = 1_000_000_000 }
    private let clock: Clock

    /// Lets time pass for all workers.
    func wait(nanoseconds: UInt64) { clock.now += nanoseconds }

    /// Has every worker adopt what has been staged.
    func publish() {
        let next = Publication(tables: tables.publish(), portsByWorker: ports)
        for worker in workers {
            worker.adopt(next)
            while !worker.isAdopted { worker.adoptSome() }
        }
        tables.settle()
    }

    func port(_ name: String, of worker: Int) -> MemoryPort {
        guard let port = ports[worker].first(where: { $0.name == name }) else {
            preconditionFailure("no port \(name)")
        }
        return port
    }

    /// Lets frames come in by a worker's port, has all workers serve all ports, and returns what is sent by a port, by worker.
    @discardableResult
    func pass(_ frames: [[UInt8]], _ arrival: String, to departure: String, worker: Int) -> [[[UInt8]]] {
        for frame in frames { port(arrival, of: worker).offer(frame, timestamp: clock.now) }
        for _ in 0..<8 {
            for worker in workers {
                worker.takeNews()
                for slot in ports[0].indices { _ = worker.serve(PortIndex(rawValue: UInt16(slot))) }
            }
        }
        return workers.indices.map { port(departure, of: $0).takeSent().map(\.bytes) }
    }

    func report(of worker: Int) -> CountersReport {
        CountersReport(workers[worker].counters, sessions: sessions, ports: ports[worker].map(\.name))
    }
}

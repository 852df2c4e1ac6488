import Forwarding
import Packets
import TableCompiler
import Tables
import Testbed

/// What the loop decided about a packet.
enum Outcome: Equatable {
    /// To be sent: the port's name, the frame, and what it would be counted to.
    case sent(String, [UInt8], counter: UInt32, metered: UInt32)
    case punted(Punt)
    case dropped(DropReason)

    /// The frame that is to be sent; nil if there is none.
    var frame: [UInt8]? { if case .sent(_, let frame, _, _) = self { frame } else { nil } }
}

/// The loop on tables of its own: no ports, no slow path, nothing sent.
final class Loop {
    let tables: TablesPublication
    let ports: [String]
    let sessions: [String]
    private var state = LoopState()

    /// - Parameter edit: changes the table objects of the exchange before they are taken in.
    init(_ exchange: String, edit: (inout [TableObject]) -> Void = { _ in }) {
        let compiled = Edges.compile(exchange)
        var objects = compiled.transaction.changes.compactMap { change in
            if case .set(let object) = change { object } else { nil }
        }
        edit(&objects)
        let tables = ForwardingTables()
        for (slot, mac) in compiled.facts.macAddresses.enumerated() {
            tables.portFacts(UInt16(slot), mac: mac, mtu: compiled.facts.mtus[slot].map { UInt16($0) })
        }
        do throws(TableError) {
            try tables.stage(Transaction(number: 1, isReset: true, changes: objects.map { .set($0) }))
        } catch {
            preconditionFailure("\(error)")
        }
        _ = tables.publish()
        self.tables = tables.publication
        ports = compiled.ports.map(\.name)
        sessions = compiled.sessions
    }

    func port(_ name: String) -> PortIndex {
        guard let index = ports.firstIndex(of: name) else { preconditionFailure("there is no port \(name)") }
        return PortIndex(rawValue: UInt16(index))
    }

    /// The counter row of a session.
    func counter(_ session: String, _ direction: Direction) -> UInt32 {
        guard let index = sessions.firstIndex(of: session) else {
            preconditionFailure("no session \(session)")
        }
        return UInt32(index) * 2 + UInt32(direction.rawValue)
    }

    /// Runs the loop over a vector as it stands.
    func forward(_ vector: PacketVector, from port: PortIndex) {
        Forwarding.forward(
            vector.packets, count: vector.count, arena: vector.arena, arenaByteCount: vector.arenaByteCount,
            from: port, tables: tables.view, state: &state)
    }

    /// What becomes of frames that come in by a port, `capacity` of them at a time.
    func forward(_ frames: [[UInt8]], from name: String, capacity: Int = 256) -> [Outcome] {
        let port = port(name)
        let vector = PacketVector(capacity: capacity, slotByteCount: 4096)
        var outcomes: [Outcome] = []
        for start in stride(from: 0, to: frames.count, by: capacity) {
            vector.removeAll()
            for frame in frames[start..<min(start + capacity, frames.count)] {
                frame.withUnsafeBytes { vector.append($0, timestamp: 0) }
            }
            forward(vector, from: port)
            outcomes += (0..<vector.count).map { outcome(vector, $0) }
        }
        return outcomes
    }

    /// What becomes of one frame.
    func forward(_ frame: [UInt8], from name: String) -> Outcome { forward([frame], from: name)[0] }

    /// One frame's descriptor behind the loop.
    func packet(_ frame: [UInt8], from name: String) -> Packet {
        let vector = PacketVector(capacity: 1, slotByteCount: 4096)
        frame.withUnsafeBytes { vector.append($0, timestamp: 0) }
        forward(vector, from: port(name))
        return vector[0]
    }

    func outcome(_ vector: PacketVector, _ index: Int) -> Outcome {
        let packet = vector[index]
        switch packet.disposition {
        case .transmit:
            return .sent(
                ports[Int(packet.egress.rawValue)], Array(vector.frame(index)), counter: packet.counter,
                metered: packet.meteredByteCount)
        case .punt: return .punted(packet.punt)
        case .dropped: return .dropped(packet.dropReason)
        case .undecided, .forwarded, .waiting, .consumed:
            preconditionFailure("the loop left a packet \(packet.disposition)")
        }
    }
}

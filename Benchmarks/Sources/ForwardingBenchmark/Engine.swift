import CReference
import Forwarding
import Packets
import Tables

/// Which of the two loops does the work.
enum Engine: CaseIterable {
    case swift
    case c
}

/// Both loops with their tables, and the one vector that they take turns with.
final class Rig {
    let scenario: Scenario
    let vector = PacketVector()
    private let frames: FrameStore
    private let tables: WorkerTables
    private let view: TablesView
    /// Of the packets, in nanoseconds.
    private var time: UInt64 = 1_000_000_000
    private var state = LoopState()
    private var reference: ref_tables
    private var referenceIdentification: UInt16 = 0
    private let counters: CounterRows

    init(_ scenario: Scenario) {
        self.scenario = scenario
        frames = FrameStore(count: scenario.sessionCount) { scenario.frame($0) }
        let (publication, adjacencies) = Self.tables(scenario)
        tables = WorkerTables(publication, neighbourSeed: 1)
        view = tables.view
        reference =
            scenario.operation.engines.contains(.c)
            ? ref_tables(publication, adjacencies, scenario) : ref_tables()
        counters = CounterRows()
        precondition(MemoryLayout<Packet>.stride == MemoryLayout<ref_packet>.stride)
        precondition(
            MemoryLayout<Packet>.offset(of: \.adjacency) == MemoryLayout<ref_packet>.offset(of: \.adjacency))
    }

    /// The tables, and the adjacencies that all their publications have added.
    private static func tables(_ scenario: Scenario) -> (TablesPublication, [AdjacencyIndex]) {
        let tables = ForwardingTables()
        var publication: TablesPublication?
        var adjacencies: [AdjacencyIndex] = []
        for part in 0..<scenario.partCount {
            if publication != nil { tables.settle() }
            let changes = scenario.objects(part: part).map { Transaction.Change.set($0) }
            do throws(TableError) {
                try tables.stage(Transaction(number: UInt64(part) + 1, changes: changes))
            } catch {
                preconditionFailure("\(error)")
            }
            publication = tables.publish()
            adjacencies += publication!.addedAdjacencies
        }
        return (publication!, adjacencies)
    }

    /// Fills the vector with packets of sessions drawn at random.
    func fill(_ random: inout SeededGenerator) {
        vector.removeAll()
        while !vector.isFull {
            // The upper bits of a product: uniform enough, and without the division of `random(in:)`.
            let session = (random.next() >> 32 &* UInt64(scenario.sessionCount)) >> 32
            time &+= 100
            vector.append(frames[Int(session)], timestamp: time)
        }
    }

    /// Forwards the vector.
    /// - Returns: clock ticks.
    func forward(_ engine: Engine) -> UInt64 {
        let port = PortIndex(rawValue: scenario.port)
        switch engine {
        case .swift:
            let start = ref_clock()
            Forwarding.forward(
                vector.packets, count: vector.count, arena: vector.arena,
                arenaByteCount: vector.arenaByteCount,
                from: port, tables: view, state: &state)
            return ref_clock() &- start
        case .c:
            let packets = UnsafeMutableRawPointer(vector.packets).assumingMemoryBound(to: ref_packet.self)
            let arena = vector.arena.assumingMemoryBound(to: UInt8.self)
            let start = ref_clock()
            ref_forward(packets, vector.count, arena, port.rawValue, &reference, &referenceIdentification)
            return ref_clock() &- start
        }
    }

    /// Counts the vector as if everything had been sent.
    /// - Returns: clock ticks.
    func account(_ engine: Engine) -> UInt64 {
        for index in 0..<vector.count where vector[index].disposition == .transmit {
            vector[index].disposition = .forwarded
        }
        let port = PortIndex(rawValue: scenario.port)
        switch engine {
        case .swift:
            let view = counters.view
            let start = ref_clock()
            Forwarding.account(vector.packets, count: vector.count, from: port, counters: view)
            return ref_clock() &- start
        case .c:
            var rows = counters.reference
            let packets = UnsafeMutableRawPointer(vector.packets).assumingMemoryBound(to: ref_packet.self)
            let start = ref_clock()
            ref_account(packets, vector.count, port.rawValue, &rows)
            return ref_clock() &- start
        }
    }
}

/// Frames of one length, each in cache lines of its own.
final class FrameStore {
    private let memory: UnsafeMutableRawPointer
    private let byteCount: Int
    private let stride: Int

    init(count: Int, frame: (Int) -> [UInt8]) {
        byteCount = frame(0).count
        stride = (byteCount + 63) & ~63
        memory = .allocate(byteCount: stride * count, alignment: 64)
        for index in 0..<count {
            let frame = frame(index)
            precondition(frame.count == byteCount)
            frame.withUnsafeBytes {
                (memory + index * stride).copyMemory(from: $0.baseAddress!, byteCount: byteCount)
            }
        }
    }

    deinit { memory.deallocate() }

    subscript(index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory + index * stride, count: byteCount)
    }
}

/// Counter memory that both loops add to.
final class CounterRows {
    private let words: UnsafeMutablePointer<UInt64>
    init() {
        words = ref_allocate(CountersLayout.wordCount * 8)
            .bindMemory(to: UInt64.self, capacity: CountersLayout.wordCount)
    }

    var view: CountersView { CountersView(words) }

    var reference: ref_counters {
        let sessions = UnsafeMutableRawPointer(words + CountersLayout.conversions)
        return ref_counters(
            sessions: sessions.assumingMemoryBound(to: ref_count.self),
            ports_in: words + CountersLayout.portsIn,
            ports_out: words + CountersLayout.portsOut, drops: words + CountersLayout.drops, totals: words)
    }
}

import CLinux
import Ports
import Wire

/// How much a worker does, and how long it takes. The worker adds; others may read at any time.
final class RuntimeMeter: Sendable {
    private enum Word {
        static let vectors = 0
        static let packets = 1
        static let busy = 2
        static let measuredVectors = 3
        static let measuredPackets = 4
        /// One word a stage.
        static let stages = 8
        static let count = 16
    }

    private let words = SharedWords(count: Word.count)
    private let start = ClockPair()

    /// A clock for the next vector.
    var clock: StageClock { StageClock(isOn: words[Word.vectors] & 15 == 0) }

    /// Counts a vector that is done.
    func note(_ clock: StageClock, packets: Int) {
        words.add(1, to: Word.vectors)
        words.add(UInt64(packets), to: Word.packets)
        guard clock.isOn else { return }
        words.add(1, to: Word.measuredVectors)
        words.add(UInt64(packets), to: Word.measuredPackets)
        let ticks = clock.ticks
        for (index, passed) in [ticks.0, ticks.1, ticks.2, ticks.3, ticks.4].enumerated() {
            words.add(passed, to: Word.stages + index)
        }
    }

    /// Counts a turn over the ports that had packets.
    func noteBusy(ticks: UInt64) { words.add(ticks, to: Word.busy) }

    func reading(worker: Int) -> RuntimeReading {
        let now = ClockPair()
        // Over the whole life of the worker, so that it is exact to a part in a million within a second.
        let scale = Double(now.nanoseconds &- start.nanoseconds) / Double(max(1, now.ticks &- start.ticks))
        func nanoseconds(_ ticks: UInt64) -> UInt64 { UInt64(Double(ticks) * scale) }
        return RuntimeReading(
            worker: worker, elapsed: now.nanoseconds &- start.nanoseconds, vectors: words[Word.vectors],
            packets: words[Word.packets], busy: nanoseconds(words[Word.busy]),
            measuredVectors: words[Word.measuredVectors], measuredPackets: words[Word.measuredPackets],
            stages: Stage.allCases.map { nanoseconds(words[Word.stages + $0.rawValue]) })
    }
}

/// What both clocks say at one moment.
private struct ClockPair: Sendable {
    let ticks: UInt64
    let nanoseconds: UInt64

    init() {
        nanoseconds = monotonicTime()
        ticks = wl_ticks()
    }
}

/// What a worker has done since it was started. Two readings, subtracted, say what it did in between.
public struct RuntimeReading: Equatable, Sendable {
    public var worker: Int
    /// Nanoseconds since the worker was made.
    public var elapsed: UInt64
    public var vectors: UInt64
    public var packets: UInt64
    /// Nanoseconds in turns over the ports in which there were packets.
    public var busy: UInt64
    /// Vectors that were timed: one in sixteen.
    public var measuredVectors: UInt64
    /// Packets of these.
    public var measuredPackets: UInt64
    /// Nanoseconds in which these were in each stage, in the order of `Stage`.
    public var stages: [UInt64]

    public var vectorsPerSecond: Double { Double(vectors) * 1e9 / Double(max(1, elapsed)) }
    public var packetsPerSecond: Double { Double(packets) * 1e9 / Double(max(1, elapsed)) }
    public var packetsPerVector: Double { Double(packets) / Double(max(1, vectors)) }
    /// Of the time: 1 means that there was nothing to do.
    public var idleShare: Double { 1 - min(1, Double(busy) / Double(max(1, elapsed))) }
    /// Nanoseconds a packet; nil where nothing was timed.
    public func nanosecondsPerPacket(_ stage: Stage) -> Double? {
        measuredPackets == 0 ? nil : Double(stages[stage.rawValue]) / Double(measuredPackets)
    }

    /// What was done since an earlier reading of the same worker.
    public func since(_ earlier: RuntimeReading) -> RuntimeReading {
        RuntimeReading(
            worker: worker, elapsed: elapsed &- earlier.elapsed, vectors: vectors &- earlier.vectors,
            packets: packets &- earlier.packets, busy: max(busy, earlier.busy) - earlier.busy,
            measuredVectors: measuredVectors &- earlier.measuredVectors,
            measuredPackets: measuredPackets &- earlier.measuredPackets,
            stages: zip(stages, earlier.stages).map { max($0, $1) - $1 })
    }

    func write(to writer: inout ByteWriter) {
        writer.write(count: worker)
        for word in [elapsed, vectors, packets, busy, measuredVectors, measuredPackets] { writer.write(word) }
        writer.write(stages) { $0.write($1) }
    }

    init(
        worker: Int, elapsed: UInt64, vectors: UInt64, packets: UInt64, busy: UInt64, measuredVectors: UInt64,
        measuredPackets: UInt64, stages: [UInt64]
    ) {
        self.worker = worker
        self.elapsed = elapsed
        self.vectors = vectors
        self.packets = packets
        self.busy = busy
        self.measuredVectors = measuredVectors
        self.measuredPackets = measuredPackets
        self.stages = stages
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            worker: Int(try reader.read(UInt32.self)), elapsed: try reader.read(),
            vectors: try reader.read(), packets: try reader.read(), busy: try reader.read(),
            measuredVectors: try reader.read(), measuredPackets: try reader.read(),
            stages: try reader.readList(elementByteCount: 8) { reader throws(ByteReaderError) in
                try reader.read(UInt64.self)
            })
        guard stages.count == Stage.allCases.count else { throw reader.fault("another number of stages") }
    }
}

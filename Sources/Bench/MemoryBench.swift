import CLinux
import Forwarding
import Glibc
import Packets
import Tables

/// What to measure in memory: every combination.
public struct MemoryBenchPlan: Sendable {
    /// Sessions, or transit labels: as many as subscribers fit an edge.
    public static let sessionCounts = 1...1_000_000
    /// Bytes of an Ethernet frame with its check sequence. The longest packets fit every tunnel of 1,500 bytes.
    public static let frameSizes = 64...1498
    public static let ruleCounts = 0...255

    public var cases: [BenchCase]
    public var sessionCounts: [Int]
    public var frameSizes: [Int]
    public var ruleCounts: [Int]
    /// For each combination, tables not included.
    public var seconds: Double

    public init(
        cases: [BenchCase], sessionCounts: [Int], frameSizes: [Int], ruleCounts: [Int], seconds: Double
    ) {
        self.cases = cases
        self.sessionCounts = sessionCounts
        self.frameSizes = frameSizes
        self.ruleCounts = ruleCounts
        self.seconds = seconds
    }
}

/// What one combination has come to.
public struct MemoryBenchResult: Sendable {
    public let `case`: BenchCase
    public let sessionCount: Int
    /// Bytes of a subscriber's frame that were asked for, check sequence included.
    public let frameSize: Int
    /// Those that it had: an IPv6 packet needs 66.
    public let frameByteCount: Int
    public let ruleCount: Int
    /// Of the time stamp counter, for `forward` and `account` together; the median vector's.
    public let clocksPerPacket: Double
    public let nanosecondsPerPacket: Double
    public let vectorCount: Int

    public var packetsPerSecond: Double { 1e9 / nanosecondsPerPacket }
    public var bitsPerSecond: Double { packetsPerSecond * Double(frameByteCount * 8) }
}

/// Why there is no result.
public struct BenchError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// The forwarder's loop by itself: packets are copied into a vector, taken through `forward` and counted by `account`, as
/// if what leaves it had been sent. Nothing else of a forwarder runs, and no system call.
///
/// Packets are of sessions drawn at random, by a fixed seed. Only the two calls are timed, vector by vector; the median
/// vector counts, so that interrupts don't.
public struct MemoryBench {
    private static let leastVectorCount = 16
    private static let mostVectorCount = 1 << 20

    public let plan: MemoryBenchPlan

    public init(_ plan: MemoryBenchPlan) { self.plan = plan }

    /// Measures every combination, in the order of cases, sessions, rules and sizes.
    /// - Parameter report: is given each result as it comes.
    public func run(report: (MemoryBenchResult) -> Void = { _ in }) throws(BenchError) -> [MemoryBenchResult]
    {
        let rate = TickRate()
        var results: [MemoryBenchResult] = []
        for `case` in plan.cases {
            for sessionCount in plan.sessionCounts {
                // A transit label has no rules.
                for ruleCount in `case`.hasSessions ? plan.ruleCounts : [0] {
                    let tables = try tables(`case`, sessionCount, ruleCount)
                    for frameSize in plan.frameSizes {
                        let scenario = Scenario(
                            `case`, sessionCount: sessionCount, frameSize: frameSize, ruleCount: ruleCount)
                        let ticks = try Self.measure(scenario, tables, seconds: plan.seconds)
                        let clocks = ticks.median / Double(PacketVector.benchCapacity)
                        let result = MemoryBenchResult(
                            case: `case`, sessionCount: sessionCount, frameSize: frameSize,
                            frameByteCount: scenario.frameByteCount, ruleCount: ruleCount,
                            clocksPerPacket: clocks,
                            nanosecondsPerPacket: clocks / rate.ticksPerNanosecond, vectorCount: ticks.count)
                        report(result)
                        results.append(result)
                    }
                }
            }
        }
        return results
    }

    private func tables(
        _ case: BenchCase, _ sessionCount: Int, _ ruleCount: Int
    ) throws(BenchError) -> TablesPublication {
        let scenario = Scenario(`case`, sessionCount: sessionCount, frameSize: 64, ruleCount: ruleCount)
        do throws(TableError) {
            return try scenario.makeTables().publish()
        } catch {
            throw BenchError("the tables of \(sessionCount) sessions were refused: \(error)")
        }
    }

    private static func measure(
        _ scenario: Scenario, _ tables: TablesPublication, seconds: Double
    ) throws(BenchError) -> [Double] {
        let frames = FrameStore(scenario)
        let vector = PacketVector(capacity: PacketVector.benchCapacity)
        let counters = try CounterMemory()
        let port = PortIndex(rawValue: scenario.port)
        var state = LoopState()
        var random = SeededGenerator(seed: 1)
        var ticks: [Double] = []
        let end = Clock.monotonic + UInt64(seconds * 1e9)
        // The first vectors find caches and predictors empty.
        var warming = leastVectorCount
        while warming > 0 || ticks.count < leastVectorCount
            || (Clock.monotonic < end && ticks.count < mostVectorCount)
        {
            vector.removeAll()
            while !vector.isFull {
                // The upper bits of a product: uniform enough, and without a division.
                let session = (random.next() >> 32 &* UInt64(scenario.plan.sessionCount)) >> 32
                frames.append(Int(session), to: vector)
            }
            var begin = wl_ticks()
            forward(
                vector.packets, count: vector.count, arena: vector.arena,
                arenaByteCount: vector.arenaByteCount, from: port, tables: tables.view, state: &state)
            var spent = wl_ticks() &- begin
            for index in 0..<vector.count {
                guard vector.packets[index].disposition == .transmit else {
                    let packet = vector[index]
                    throw BenchError(
                        "\(scenario.case.rawValue): a packet was not forwarded but became "
                            + "\(packet.disposition), \(packet.dropReason)")
                }
                vector.packets[index].disposition = .forwarded
            }
            begin = wl_ticks()
            account(vector.packets, count: vector.count, from: port, counters: counters.view)
            spent += wl_ticks() &- begin
            if warming > 0 { warming -= 1 } else { ticks.append(Double(spent)) }
        }
        return ticks
    }
}

extension PacketVector {
    fileprivate static var benchCapacity: Int { 256 }
}

extension [Double] {
    /// The middle one; of an even number the upper of both.
    var median: Double { sorted()[count / 2] }
}

/// Counters that nobody reads.
private final class CounterMemory {
    private let memory: UnsafeMutableRawPointer

    private static var byteCount: Int { CountersLayout.wordCount * MemoryLayout<UInt64>.stride }

    init() throws(BenchError) {
        let memory = mmap(
            nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            throw BenchError("no memory for \(Self.byteCount >> 20) MiB of counters")
        }
        self.memory = memory
    }

    deinit { munmap(memory, Self.byteCount) }

    var view: CountersView { CountersView(memory.assumingMemoryBound(to: UInt64.self)) }
}

import Glibc
import Synchronization

/// What to measure between two interfaces.
public struct PortsBenchPlan: Sendable {
    /// RFC 2544 §9.1, for Ethernet: bytes of a frame with its check sequence.
    public static let frameSizes = [64, 128, 256, 512, 1024, 1280, 1518]

    public var transmit: String
    public var receive: String
    public var format: TestPacketFormat
    public var frameSizes: [Int]
    public var goal: RateSearchGoal
    /// Shares of the found rate, in percent, at which delays are measured besides.
    public var latencyLoads = [50.0, 10.0]

    public init(
        transmit: String, receive: String, format: TestPacketFormat, frameSizes: [Int], goal: RateSearchGoal
    ) {
        self.transmit = transmit
        self.receive = receive
        self.format = format
        self.frameSizes = frameSizes
        self.goal = goal
    }
}

/// What one frame size has come to.
public struct PortsBenchResult: Sendable {
    /// Bytes of a frame as it was sent, check sequence included.
    public let frameSize: Int
    public let search: RateSearchResult
    /// Delays at shares of the found rate, in percent, the highest first.
    public let latencies: [(load: Double, trial: Trial)]
    /// Whether any packet of this size came through; else nothing was searched for.
    public let isForwarded: Bool

    /// Bits of frames a second at the found rate, as they were sent.
    public var bitsPerSecond: Double? { search.rate.map { $0 * Double(frameSize * 8) } }
    /// Frames that the kernel or our own receiver dropped: these are no fault of the device, and make a rate too low.
    public var ownDropCount: UInt64 {
        search.trials.reduce(0) { $0 + $1.receiverDropCount + $1.interfaceDropCount }
    }
}

/// Sends numbered, time-stamped packets into one side of a device under test, and counts what comes out of the other.
///
/// Both interfaces are this host's, since one clock stamps both ends. A packet is stamped right before the system call that
/// sends it, and by the kernel when the receiving interface has it: between lie the sender's queue, the device and
/// both links, but not the scheduling of this program.
public struct PortsBench {
    /// How long after its last packet a trial waits for more (RFC 2544 §23: two seconds), while none comes.
    private static let patienceMilliseconds: Int32 = 500
    private static let mostWaitNanoseconds: UInt64 = 2_000_000_000

    public let plan: PortsBenchPlan
    private let transmit: TestInterface
    private let receive: TestInterface

    public init(_ plan: PortsBenchPlan) throws(BenchError) {
        self.plan = plan
        transmit = try TestInterface(plan.transmit)
        receive = try TestInterface(plan.receive)
        for size in plan.frameSizes {
            guard size >= plan.format.leastFrameSize else {
                throw BenchError(
                    "frames of \(size) bytes are too short for these packets, which take "
                        + "\(plan.format.leastFrameSize) with headers, signature and check sequence")
            }
            guard size - 18 <= transmit.mtu else {
                throw BenchError(
                    "frames of \(size) bytes are too long for interface \(transmit.name), whose MTU is "
                        + "\(transmit.mtu): `ip link set \(transmit.name) mtu \(size - 18)`, or smaller ones by --size"
                )
            }
        }
    }

    /// Measures every frame size.
    /// - Parameter note: is told of each trial as it ends.
    /// - Parameter report: is given each result as it comes.
    public func run(
        note: (_ size: Int, Trial) -> Void = { _, _ in }, report: (PortsBenchResult) -> Void = { _ in }
    ) throws(BenchError) -> [PortsBenchResult] {
        var results: [PortsBenchResult] = []
        for size in plan.frameSizes {
            let sender = try TrialSender(transmit, plan.format, size: size)
            let receiver = try TrialReceiver(receive)
            guard try probe(sender, receiver) else {
                // Others may fit: this one may be too long for the device, once it has put its headers before it.
                let result = PortsBenchResult(
                    frameSize: size, search: RateSearchResult(), latencies: [], isForwarded: false)
                report(result)
                results.append(result)
                continue
            }
            var search = RateSearch(plan.goal)
            let found = try search.run { rate, seconds throws(BenchError) in
                let trial = try trial(sender, receiver, rate: rate, seconds: seconds)
                note(size, trial)
                return trial
            }
            var latencies: [(load: Double, trial: Trial)] = []
            if let best = found.best { latencies.append((100, best)) }
            for load in plan.latencyLoads {
                guard let rate = found.rate else { break }
                let trial = try trial(
                    sender, receiver, rate: max(1, rate * load / 100), seconds: plan.goal.shortSeconds)
                note(size, trial)
                latencies.append((load, trial))
            }
            let result = PortsBenchResult(
                frameSize: size, search: found, latencies: latencies, isForwarded: true)
            report(result)
            results.append(result)
        }
        guard results.contains(where: \.isForwarded) else { throw nothingArrives }
        return results
    }

    /// A few packets, slowly: whether any come through at all. The first ones may be lost while neighbours are found.
    private func probe(_ sender: TrialSender, _ receiver: TrialReceiver) throws(BenchError) -> Bool {
        for _ in 0..<5 {
            let trial = try trial(sender, receiver, rate: 50, seconds: 0.2)
            if trial.receivedCount > 0 { return true }
        }
        return false
    }

    private var nothingArrives: BenchError {
        BenchError(
            """
            of the packets sent by \(transmit.name), from \(plan.format.source) to \(plan.format.destination), none came \
            to \(receive.name). Look at each step of their way: `tcpdump -ni \(transmit.name)` shows them leave; at the \
            device, is --mac \(plan.format.destinationMAC) the address of the port that they arrive at, and what do \
            `wayleave drops --samples` and `wayleave trace` say of them; does the next hop's address resolve to \
            \(receive.name)
            """)
    }

    private func trial(
        _ sender: TrialSender, _ receiver: TrialReceiver, rate: Double, seconds: Double
    ) throws(BenchError) -> Trial {
        let count = max(1, Int(min(rate * seconds, 4e9)))
        let magic = UInt32.random(in: 1 << 24...UInt32.max)
        let dropsBefore = transmit.droppedCount + receive.droppedCount
        receiver.expect(count: count, magic: magic)
        let thread = ReceiverThread(receiver)
        let sent = Result { () throws(BenchError) in try sender.send(count: count, rate: rate, magic: magic) }
        let failure = thread.finish(
            patienceMilliseconds: Self.patienceMilliseconds, mostWaitNanoseconds: Self.mostWaitNanoseconds)
        let (sentCount, sentSeconds) = try sent.get()
        if let failure { throw failure }
        var trial = Trial(
            intendedRate: rate, offeredRate: Double(sentCount) / sentSeconds, seconds: sentSeconds,
            sentCount: UInt64(sentCount), receivedCount: receiver.arrivals.count)
        trial.duplicateCount = receiver.arrivals.duplicateCount
        trial.reorderedCount = receiver.arrivals.reorderedCount
        trial.receiverDropCount = receiver.takeDrops()
        trial.interfaceDropCount = transmit.droppedCount + receive.droppedCount &- dropsBefore
        trial.latency = receiver.arrivals.latency
        return trial
    }
}

/// Runs a receiver while the calling thread sends.
private final class ReceiverThread: @unchecked Sendable {
    // Unchecked: the receiver belongs to the thread from `init` to `finish`, which joins it.
    private let receiver: TrialReceiver
    /// When sending ended, by the monotonic clock; 0: it goes on.
    private let ended = Atomic<UInt64>(0)
    private var patience: Int32 = 0
    private var mostWait: UInt64 = 0
    private var failure: BenchError?
    private var thread = pthread_t()

    init(_ receiver: TrialReceiver) {
        self.receiver = receiver
        let context = Unmanaged.passRetained(self).toOpaque()
        let error = pthread_create(
            &thread, nil,
            { context in
                let own = Unmanaged<ReceiverThread>.fromOpaque(context!).takeRetainedValue()
                own.run()
                return nil
            }, context)
        precondition(error == 0, "no thread: \(String(cString: strerror(error)))")
    }

    private func run() {
        do throws(BenchError) {
            while true {
                let hasReceived = try receiver.receive(timeoutMilliseconds: 20)
                let end = ended.load(ordering: .acquiring)
                guard end > 0 else { continue }
                if receiver.arrivals.isComplete { return }
                let now = Clock.monotonic
                if now > end + mostWait { return }
                // Nothing for so long: nothing will come.
                if !hasReceived, !(try receiver.receive(timeoutMilliseconds: patience)) { return }
            }
        } catch {
            failure = error
        }
    }

    /// Says that everything has been sent, and waits until everything has come, or nothing does any more.
    func finish(patienceMilliseconds: Int32, mostWaitNanoseconds: UInt64) -> BenchError? {
        patience = patienceMilliseconds
        mostWait = mostWaitNanoseconds
        ended.store(Clock.monotonic, ordering: .releasing)
        pthread_join(thread, nil)
        return failure
    }
}

import CLinux
import Glibc
public import Packets
public import Ports
public import Synchronization
public import Tables
public import Trace

/// What can be seen of a worker: drops and times always, its packets while somebody has armed a tap.
///
/// The worker calls what stands under *The worker*, from its own thread. What it costs with no tap armed: one branch a
/// vector, a look at each packet's outcome, and what a dropped packet leaves behind.
public final class WorkerObserver: @unchecked Sendable {
    private struct Shared {
        var taps: [Tap] = []
        /// Taps that are no longer wanted, and the generation of which on no worker has them.
        var retired: [(tap: Tap, generation: Int)] = []
        var ports: [UInt16: ObservedPort] = [:]
    }

    private let meter = RuntimeMeter()
    private let drops = DropTable()
    private let samples = DropSamples()
    private let shared = Mutex(Shared())
    /// Taps that are armed.
    @usableFromInline let tapCount = Atomic(0)
    /// Changes whenever the taps do.
    private let generation = Atomic(0)
    /// The generation that the worker goes by.
    private let passedGeneration = Atomic(0)

    // The worker's own.
    private var seats: [Seat] = []
    private var knownGeneration = 0
    /// Frames that leave because of the packet that is being followed; nil while none is.
    private var tracedSent: [TracedPacket.Sent]?

    public init() {}

    // MARK: The worker

    /// Whether somebody wants to see packets. To be asked once a vector.
    @inlinable @inline(always) public var isArmed: Bool { tapCount.load(ordering: .acquiring) > 0 }

    /// A clock for the next vector.
    public var clock: StageClock { meter.clock }

    /// What a clock says now, for `noteBusy`.
    public static var ticks: UInt64 { wl_ticks() }

    /// Counts a turn over the ports that has found packets.
    /// - Parameter ticks: what it has taken.
    public func noteBusy(ticks: UInt64) { meter.noteBusy(ticks: ticks) }

    /// Counts a vector that is done.
    public func note(_ clock: StageClock, packets: Int) { meter.note(clock, packets: packets) }

    /// Says which ports there are.
    public func notePorts(_ ports: [(any PacketPort)?]) {
        var observed: [UInt16: ObservedPort] = [:]
        for (slot, port) in ports.enumerated() {
            guard let port else { continue }
            observed[UInt16(slot)] = ObservedPort(slot: UInt16(slot), name: port.name, link: port.link)
        }
        shared.withLock { shared in if shared.ports != observed { shared.ports = observed } }
    }

    /// Counts the dropped ones of packets that are done, and keeps samples of them.
    public func noteDrops(_ vector: PacketVector, _ range: Range<Int>, from port: PortIndex) {
        let packets = vector.packets
        for index in range where packets[index].disposition == .dropped {
            count(packets[index], port, UnsafeRawBufferPointer(vector.frame(index)))
        }
    }

    /// A fragment of a packet that is otherwise forwarded could not be sent: counts it as the packet would be, keeps that as
    /// a sample, and copies the fragment for those who want to see what is dropped.
    /// - Parameter link: of the port where the fragment should have left.
    public func noteLost(
        _ fragments: PacketVector, _ place: Int, of vector: PacketVector, _ index: Int, from port: PortIndex,
        to link: LinkType
    ) {
        let fragment = fragments[place]
        count(fragment, port, UnsafeRawBufferPointer(vector.frame(index)))
        guard isArmed else { return }
        for seat in seats {
            seat.takeLost(UnsafeRawBufferPointer(fragments.frame(place)), fragment, link, currentTimestamp())
        }
    }

    /// Counts a drop, and keeps the frame as a sample of it.
    private func count(
        _ packet: Packet, _ port: PortIndex, _ frame: @autoclosure () -> UnsafeRawBufferPointer
    ) {
        let slot = packet.counter == Packet.noCounter ? nil : packet.counter >> 1
        drops.count(packet.dropReason, port: port, slot: slot)
        guard samples.wants(packet.dropReason, port: port, timestamp: packet.timestamp) else { return }
        samples.take(frame(), packet.dropReason, port: port, slot: slot, timestamp: packet.timestamp)
    }

    /// A vector has come in, and `isArmed`: copies what is to be captured of it.
    public func beginVector(_ vector: PacketVector, from port: PortIndex, link: LinkType) {
        refresh()
        for seat in seats { seat.begin(vector, port.rawValue, link) }
    }

    /// Whether the packet is to be followed, of a vector that has begun. Before it is touched.
    public func wantsTrace(_ vector: PacketVector, _ index: Int, from port: PortIndex, link: LinkType) -> Bool
    {
        seats.contains { $0.wantsTrace(UnsafeRawBufferPointer(vector.frame(index)), port.rawValue, link) }
    }

    /// Begins to note what leaves as the doing of one packet.
    public func beginTrace() { tracedSent = [] }

    /// One packet has been followed to its end.
    /// - Parameter adjacency: the one that it left by, or would have.
    public func endTrace(
        _ packet: Packet, from port: PortIndex, link: LinkType, frame: [UInt8], steps: [Step],
        adjacency: Adjacency?
    ) {
        let outcome: TracedPacket.Outcome =
            switch packet.disposition {
            case .forwarded: .forwarded
            case .consumed: .consumed
            case .dropped: .dropped(packet.dropReason)
            case .undecided, .transmit, .punt, .waiting: .waiting
            }
        let traced = TracedPacket(
            port: port.rawValue, link: link, timestamp: packet.timestamp, frame: frame, steps: steps,
            outcome: outcome,
            conversion: packet.counter == Packet.noCounter ? nil : ConversionIndex(rawValue: packet.counter),
            departure: adjacency.map { TracedPacket.Departure($0) }, sent: tracedSent ?? [])
        tracedSent = nil
        for seat in seats { seat.take(traced) }
    }

    /// Packets have been handed to a port, and `isArmed`: copies those that it took.
    public func noteSent(
        _ vector: PacketVector, _ selection: UnsafeBufferPointer<UInt8>, by port: PortIndex, link: LinkType
    ) {
        guard tracedSent != nil || seats.contains(where: \.takesSent) else { return }
        let now = currentTimestamp()
        for index in selection.map({ Int($0) }) where vector[index].disposition == .forwarded {
            let frame = UnsafeRawBufferPointer(vector.frame(index))
            tracedSent?.append(TracedPacket.Sent(port: port.rawValue, bytes: Array(frame)))
            for seat in seats where seat.takesSent {
                seat.takeSent(frame, vector[index].counter, port.rawValue, link, now)
            }
        }
    }

    /// The vector is done: its copies are told what became of them, and handed over.
    public func endVector(_ vector: PacketVector) { for seat in seats { seat.end(vector) } }

    /// Takes in which taps there are, and lets go of those that are gone: what frees their rings is another thread, so that
    /// it costs this one next to nothing. To be called between vectors, about once a second: no vector does so when the
    /// last tap has gone.
    public func refresh() {
        let generation = generation.load(ordering: .acquiring)
        guard generation != knownGeneration else { return }
        knownGeneration = generation
        let taps = shared.withLock { $0.taps }
        seats = taps.map { tap in seats.first { $0.tap === tap } ?? Seat(tap) }
        passedGeneration.store(generation, ordering: .releasing)
    }

    // MARK: Other threads

    /// By slot, as the worker last said.
    var ports: [UInt16: ObservedPort] { shared.withLock { $0.ports } }
    var dropReading: DropReading { drops.reading }

    func dropSamples(port: UInt16, reason: DropReason) -> [DropSample] {
        samples.samples(port: port, reason: reason)
    }

    func runtime(worker: Int) -> RuntimeReading { meter.reading(worker: worker) }

    /// Session slots get other owners: what was dropped before is not theirs. To be called while the tables of no worker
    /// have anybody in these slots, so that nothing is counted there meanwhile: after the former owners were taken out
    /// everywhere, before the new ones are published. Who reads the drops then sees them as they were before, or after.
    ///
    /// Cost: goes through 8,192 places of the table, and the samples of each port and reason that has drops.
    public func rebind(_ slots: Set<UInt32>) {
        guard !slots.isEmpty else { return }
        drops.forget(slots)
        for (port, reason) in drops.counted { samples.forget(slots, port: port, reason: reason) }
    }

    /// From the next vector on the tap gets its packets.
    func arm(_ tap: Tap) {
        shared.withLock { $0.taps.append(tap) }
        generation.add(1, ordering: .acquiringAndReleasing)
        tapCount.add(1, ordering: .acquiringAndReleasing)
    }

    /// From the next vector on it gets none. Its ring is there until `reclaimRings` finds that the worker has let go of it.
    func disarm(_ tap: Tap) {
        tap.close()
        let wasArmed = shared.withLock { shared in
            let count = shared.taps.count
            shared.taps.removeAll { $0 === tap }
            guard shared.taps.count < count else { return false }
            let next = generation.add(1, ordering: .acquiringAndReleasing).newValue
            shared.retired.append((tap, next))
            return true
        }
        guard wasArmed else { return }
        tapCount.subtract(1, ordering: .acquiringAndReleasing)
    }

    /// Rings that are there though nobody wants their packets any more.
    var retiredRingCount: Int { shared.withLock { $0.retired.count } }

    /// Frees the rings of taps that are gone, and that the worker has let go of.
    /// - Returns: whether there are none any more that it has yet to let go of.
    func reclaimRings() -> Bool {
        let passed = passedGeneration.load(ordering: .acquiring)
        // What is freed here is freed behind the lock, which the worker takes: giving pages back takes a while.
        let (freed, isDone) = shared.withLock { shared in
            let freed = shared.retired.filter { $0.generation <= passed }.map(\.tap)
            shared.retired.removeAll { $0.generation <= passed }
            return (freed, shared.retired.isEmpty)
        }
        withExtendedLifetime(freed) {}
        return isDone
    }
}

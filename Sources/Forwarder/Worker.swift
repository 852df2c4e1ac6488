import Forwarding
public import Observation
public import Packets
public import Ports
public import Tables
import Trace

/// One run-to-completion worker: takes a vector from a port, forwards it, lets the slow path answer what needs an
/// answer, sends, and then counts.
///
/// The order matters for the bill: a packet is on it only once its port has taken it. A packet whose next hop is being
/// asked for waits in the slow path, and goes its way as if it had just come in when the next hop has answered.
@safe public final class Worker {
    /// By slot; nil where there is none.
    public private(set) var ports: [(any PacketPort)?]
    /// What packets are held against. Changes in `adoptSome` only, hence never within a vector.
    public let tables: WorkerTables
    public let counters: Counters
    /// Which of the forwarder's workers it is.
    public let number: Int
    /// Who looks on; nil: nobody.
    let observer: WorkerObserver?
    /// What things grow old by, in nanoseconds; nil: by the packets' time stamps.
    let clock: (() -> UInt64)?

    private(set) var vector: PacketVector
    let slowPath: SlowPath
    var state = LoopState()
    private var adoption: Adoption?
    /// By port: whether its next turn is short.
    private var isShort = [Bool](repeating: false, count: ForwardingTables.portCapacity)
    /// Of the present vector.
    private var forwardedCount = 0
    /// Indices of the packets for one output port, in order.
    private let selection: UnsafeMutableBufferPointer<UInt8>

    /// A worker that has adopted its first publication.
    /// - Parameter publication: the first one of its tables, or that of empty tables.
    /// - Parameter vectorCapacity: packets taken from a port at once, 1…256.
    /// - Parameter neighbourSeed: as `WorkerTables` takes it.
    /// - Parameter observer: takes note of drops and times, and copies packets for those who ask.
    /// - Parameter number: which of the publication's workers it is.
    /// - Parameter share: what there is between these; nil where there is one.
    /// - Parameter clock: nanoseconds of a clock that never goes back, for a live run, where packets are stamped with a time
    ///   of day that may be set. Nil, for a replay: the stamps are the time.
    public init(
        _ publication: Publication, counters: Counters = Counters(), vectorCapacity: Int = 256,
        slotByteCount: Int = 2048, neighbourSeed: UInt64 = .random(in: 0...UInt64.max),
        observer: WorkerObserver? = nil, number: Int = 0, share: WorkerShare? = nil,
        clock: (() -> UInt64)? = nil
    ) {
        precondition(publication.tables.serial <= 1, "what was published before is unknown to a new worker")
        self.number = number
        ports = publication.ports(of: number)
        tables = WorkerTables(
            publication.tables, neighbourSeed: neighbourSeed, policers: share?.policers ?? PolicerStates())
        // Workers begin apart, so that packets of two that are to be put together again are rarely mistaken for each other.
        state.identification = UInt16(truncatingIfNeeded: number << 16 / (share?.count ?? 1))
        self.counters = counters
        self.observer = observer
        self.clock = clock
        vector = PacketVector(capacity: vectorCapacity, slotByteCount: slotByteCount)
        slowPath = SlowPath(tables: tables, slotByteCount: slotByteCount, share: share, number: number)
        unsafe selection = .allocate(capacity: 256)
        adoption = Adoption(publication)
        while !isAdopted { adoptSome() }
    }

    deinit { unsafe selection.deallocate() }

    // MARK: Tables that change

    /// Begins to take in the publication that follows the last one. Between vectors.
    public func adopt(_ publication: Publication) {
        precondition(isAdopted, "adopted a publication before the last one was taken in")
        precondition(publication.tables.serial == tables.publication.serial + 1)
        adoption = Adoption(publication)
    }

    /// Takes in a bounded part of what is to be adopted, some 256 adjacencies. To be called between vectors, until
    /// `isAdopted`.
    public func adoptSome() {
        guard let publication = adoption?.publication else { return }
        if adoption!.advance(tables, &slowPath.neighbours, limit: Self.adoptionStepCount) {
            turn(to: publication)
        }
        if adoption!.isDone { adoption = nil }
    }

    private func turn(to publication: Publication) {
        // Their port is not what it was when they came in.
        giveUp(slowPath.waiting.all(from: publication.tables.changedPorts))
        slowPath.noteChanges(publication.tables)
        tables.turn(to: publication.tables)
        ports = publication.ports(of: number)
        guard publication.slotByteCount > vector.slotByteCount else { return }
        giveUp(slowPath.waiting.all())
        vector = PacketVector(capacity: vector.capacity, slotByteCount: publication.slotByteCount)
        slowPath.makeVectors(slotByteCount: publication.slotByteCount)
    }

    private static let adoptionStepCount = 256

    /// Whether the last publication has been taken in, so that nothing here refers to an earlier one: not before all
    /// workers have may its tables settle.
    public var isAdopted: Bool { adoption == nil }

    /// Begins to forget where a port's neighbours are: its link has been interrupted, and may lead elsewhere now.
    public func forgetNeighbours(_ port: PortIndex) {
        slowPath.neighbours.beginForgetting(port: Int(port.rawValue))
    }

    /// Whether `forgetSome` has something to do.
    public var isForgetting: Bool { slowPath.neighbours.isForgetting }

    /// Forgets a bounded part of the neighbours that are to be forgotten. To be called between vectors, until nothing
    /// `isForgetting`.
    public func forgetSome() { slowPath.neighbours.forgetSome(tables, limit: Self.forgettingStepCount) }

    private static let forgettingStepCount = 1024

    /// What is due each second of a live run: asks next hops for their addresses before there is a packet for them, and
    /// neighbours whether they are still where they were; announces our own addresses where they are new; gives up
    /// packets that have waited long enough. To be called about once a second, between vectors.
    /// - Parameter timestamp: now, in nanoseconds since the Unix epoch.
    public func confirmNeighbours(at timestamp: UInt64) {
        takeNews()
        slowPath.now = clock?()
        slowPath.confirmNeighbours(at: timestamp, isUp: ports.map { $0?.state == .up })
        sendOriginated()
        giveUp(slowPath.waiting.expired(at: slowPath.time(timestamp)))
        if let observer, observer.isArmed { observer.endVector(vector) }
    }

    /// Drops all packets that wait for their next hops, so that each that has come in is counted. At the end of a run.
    public func giveUpWaiting() { giveUp(slowPath.waiting.all()) }

    /// Forwards one vector from a port.
    ///
    /// A port of whose last vector less than half was forwarded has a turn of a quarter's length: so a flood by one port
    /// that costs as much a packet as what is forwarded slows the others down by a fifth, and not by half.
    /// - Returns: the number of packets that had come in; 0 when the port had none.
    public func serve(_ port: PortIndex) -> Int {
        var clock = observer?.clock ?? .off
        vector.limit = isShort[Int(port.rawValue)] ? max(1, vector.capacity / 4) : vector.capacity
        forwardedCount = 0
        let count = receive(from: port)
        guard count > 0 else { return 0 }
        defer { isShort[Int(port.rawValue)] = 2 * forwardedCount < count }
        clock.lap(.receive)
        if let observer, observer.isArmed {
            serveWatched(port, count: count, observer, &clock)
        } else {
            serve(0..<count, of: port, &clock)
        }
        observer?.note(clock, packets: count)
        return count
    }

    /// Takes a part of the vector through all stages.
    func serve(_ range: Range<Int>, of port: PortIndex, _ clock: inout StageClock) {
        guard !range.isEmpty else { return }
        unsafe forward(
            vector.packets + range.lowerBound, count: range.count, arena: vector.arena,
            arenaByteCount: vector.arenaByteCount, from: port, tables: tables.view, state: &state)
        clock.lap(.forward)
        var recorder = NoRecorder()
        finish(range, from: port, &recorder, &clock)
    }

    /// Takes in what has come by a port. What has grown old by the time of these packets goes first.
    func receive(from port: PortIndex) -> Int {
        vector.removeAll()
        let count = ports[Int(port.rawValue)]?.receive(into: vector) ?? 0
        if count > 0 {
            slowPath.now = clock?()
            let time = slowPath.time(vector[0].timestamp)
            giveUp(slowPath.waiting.expired(at: time))
            slowPath.pathMTUs.age(tables, at: time)
        }
        return count
    }

    /// Everything behind the loop: answers, sends, counts. What stands before the range has been through it, what
    /// stands behind it is undecided yet.
    func finish<R: Recorder>(
        _ range: Range<Int>, from port: PortIndex, _ recorder: inout R, _ clock: inout StageClock
    ) {
        finish(vector, range, from: port, &recorder, &clock)
    }

    /// The same for some packets of a vector, all of one port.
    func finish<R: Recorder>(
        _ vector: PacketVector, _ range: Range<Int>, from port: PortIndex, _ recorder: inout R,
        _ clock: inout StageClock
    ) {
        answer(vector, range, from: port, &recorder)
        clock.lap(.answer)
        transmit(vector, range)
        clock.lap(.transmit)
        forwardedCount += unsafe account(
            vector.packets + range.lowerBound, count: range.count, from: port, counters: counters.view)
        observer?.noteDrops(vector, range, from: port)
        sendOriginated()
        clock.lap(.account)
    }

    /// Gives every punted packet to the slow path.
    private func answer<R: Recorder>(
        _ vector: PacketVector, _ range: Range<Int>, from port: PortIndex, _ recorder: inout R
    ) {
        for index in range where unsafe vector.packets[index].disposition == .punt {
            recorder.record(.punted(vector[index].punt))
            let time = slowPath.time(vector[index].timestamp)
            if let refusal = slowPath.limits.refusal(vector, index, from: port, at: time) {
                unsafe vector.packets[index].drop(refusal)
                continue
            }
            if slowPath.isFull { sendOriginated() }
            switch vector[index].punt {
            case .resolve: resolve(vector, index, from: port, &recorder)
            case .fragment, .labelTooBig:
                if !sendFragments(of: vector, index, in: range, from: port, &recorder) {
                    slowPath.handle(vector, index, from: port)
                }
            default:
                slowPath.handle(vector, index, from: port)
                if slowPath.waiting.hasReleased { forwardReleased() }
            }
        }
    }

    /// Sends what the slow path has written.
    private func sendOriginated() {
        sendWritten()
        let derived = slowPath.derived
        guard derived.count > 0 else { return }
        var recorder = NoRecorder()
        unsafe convert(
            derived.packets, count: derived.count, arena: derived.arena,
            arenaByteCount: derived.arenaByteCount, tables: tables.view, isOriginated: true, state: &state,
            recorder: &recorder)
        // What is ours doesn't wait: errors are no use when they come late, and another packet will cause the next.
        for index in 0..<derived.count {
            guard derived[index].disposition == .punt, derived[index].punt == .resolve,
                let nextHop = slowPath.nextHop(derived, index)
            else { continue }
            slowPath.ask(for: nextHop, derived[index])
        }
        transmit(derived, 0..<derived.count)
        unsafe accountOriginated(derived.packets, count: derived.count, counters: counters.view)
        derived.removeAll()
        sendWritten()
    }

    private func sendWritten() {
        let originated = slowPath.originated
        guard originated.count > 0 else { return }
        transmit(originated, 0..<originated.count)
        unsafe accountOriginated(originated.packets, count: originated.count, counters: counters.view)
        originated.removeAll()
    }

    /// Hands each output port its packets, in order: those in these places. Most vectors leave by one port, so one pass
    /// usually does it.
    func transmit(_ vector: PacketVector, _ range: Range<Int>) {
        let packets = unsafe vector.packets
        var next = range.lowerBound
        while next < range.upperBound {
            guard unsafe packets[next].disposition == .transmit else {
                next += 1
                continue
            }
            let egress = unsafe packets[next].egress
            var count = 0
            for index in next..<range.upperBound {
                guard unsafe packets[index].disposition == .transmit, unsafe packets[index].egress == egress
                else { continue }
                unsafe selection[count] = UInt8(index)
                count += 1
            }
            // Every port gives each packet its outcome, so that none is looked at twice.
            if let port = ports[Int(egress.rawValue)] {
                let handed = unsafe UnsafeBufferPointer(rebasing: selection[..<count])
                unsafe port.transmit(vector, selection: handed)
                if let observer, observer.isArmed {
                    unsafe observer.noteSent(vector, handed, by: egress, link: port.link)
                }
            } else {
                for place in 0..<count { vector[Int(unsafe selection[place])].drop(.portDown) }
            }
            next += 1
        }
    }
}

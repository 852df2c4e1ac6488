public import Packets
public import Tables
public import Trace

/// What the loop keeps from one vector to the next.
public struct LoopState: BitwiseCopyable, Sendable {
    /// The next outer IPv4 identification, used only where DF is not set (RFC 6864).
    public var identification: UInt16 = 0
    @inlinable public init() {}
}

/// Takes one vector through the tables: every packet leaves as `.transmit`, rewritten and with its `egress`, as `.punt`
/// for the slow path, or as `.dropped` with its reason.
///
/// In stages (see `Classifier`), each over a batch of packets: what one stage asks for has come in from memory when the
/// next one reads it, and the look-ups of different packets overlap where there is nothing to wait for. Nothing here
/// allocates, locks, counts references or calls the Swift runtime.
///
/// - Parameter packets: `count` descriptors of packets that came in by `port`, lying in the arena with the headroom and
///   tailroom that `PacketVector` states.
@export(implementation)
public func forward<R: Recorder>(
    _ packets: UnsafeMutablePointer<Packet>, count: Int, arena: UnsafeMutableRawPointer, arenaByteCount: Int,
    from port: PortIndex, tables: TablesView, state: inout LoopState, recorder: inout R
) {
    let arena = unsafe Arena(unsafeStart: arena, byteCount: arenaByteCount)
    let input = Input(index: port.rawValue, entry: tables.port(port.rawValue))
    let classifier = Classifier(tables: tables, input: input, arena: arena)
    let converter = Converter(tables: tables, arena: arena, sendsErrors: input.entry.sendsErrors)
    var identification = state.identification
    var scratch = PendingBatch()
    unsafe withUnsafeMutableBytes(of: &scratch.words) { scratch in
        precondition(scratch.count >= PendingBatch.capacity &* MemoryLayout<Pending>.stride)
        let pending = unsafe scratch.baseAddress.unsafelyUnwrapped.bindMemory(
            to: Pending.self, capacity: PendingBatch.capacity)
        var first = 0
        while first < count {
            let batch = unsafe Batch(
                packets: packets + first, pending: pending,
                count: min(PendingBatch.capacity, count &- first))
            if classifier.parse(batch, &recorder) {
                classifier.find(batch, &recorder)
                classifier.admit(batch, &recorder)
            }
            classifier.finish(batch, converter, &identification, &recorder)
            first &+= batch.count
        }
    }
    state.identification = identification
}

/// The rewriting alone, for packets that stand as the stages before let them through: `.transmit`, with `counter` the
/// conversion, `networkOffset` that of the inner IP header and `meteredByteCount` its total length; or without a counter,
/// `adjacency` the NHLFE and `networkOffset` that of the label stack.
///
/// - Parameters:
///   - sendsErrors: whether packets may be punted so that their senders are told what became of them; else they are
///     dropped.
///   - isOriginated: whether the packets are this node's own, such as ICMP errors that go into a tunnel. No hop is taken
///     off their TTL, they aren't policed, and leave without a counter, so that nobody pays for them. They are punted
///     only to have the next hop resolved.
@export(implementation)
public func convert<R: Recorder>(
    _ packets: UnsafeMutablePointer<Packet>, count: Int, arena: UnsafeMutableRawPointer, arenaByteCount: Int,
    tables: TablesView, sendsErrors: Bool = true, isOriginated: Bool = false, state: inout LoopState,
    recorder: inout R
) {
    var packets = unsafe MutableSpan(_unsafeStart: packets, count: count)
    let arena = unsafe Arena(unsafeStart: arena, byteCount: arenaByteCount)
    let converter = Converter(
        tables: tables, arena: arena, sendsErrors: sendsErrors, isOriginated: isOriginated)
    var identification = state.identification
    for index in packets.indices { converter.convert(&packets[index], &identification, &recorder) }
    state.identification = identification
}

/// Gives a packet that is to be taken through both passes once more the class that it came with: rules go by that, and
/// not by what its tunnel has brought. Only for one that the second pass has left as it was, such as a `.resolve`.
public func restoreArrivalClass(
    _ packet: inout Packet, arena: UnsafeMutableRawPointer, arenaByteCount: Int
) {
    guard let arrivalClass = packet.arrivalClass else { return }
    let arena = unsafe Arena(unsafeStart: arena, byteCount: arenaByteCount)
    var window = HeaderWindow(arena, at: Int(packet.offset) &+ Int(packet.networkOffset))
    if window.ipVersion == 4 {
        IPv4.setTrafficClass(&window, arrivalClass)
    } else {
        IPv6.setTrafficClass(&window, arrivalClass)
    }
    packet.arrivalClass = nil
}

/// `forward` as the worker runs it, compiled here once, without a recorder.
public func forward(
    _ packets: UnsafeMutablePointer<Packet>, count: Int, arena: UnsafeMutableRawPointer, arenaByteCount: Int,
    from port: PortIndex, tables: TablesView, state: inout LoopState
) {
    var recorder = NoRecorder()
    unsafe forward(
        packets, count: count, arena: arena, arenaByteCount: arenaByteCount, from: port, tables: tables,
        state: &state, recorder: &recorder)
}

/// Counts a vector whose packets have been sent, consumed or dropped. Called after the send, so that what didn't leave
/// is on nobody's bill. Those that wait are counted when they have an outcome, and until then not as received either.
/// - Returns: how many were forwarded.
@discardableResult
public func account(
    _ packets: UnsafePointer<Packet>, count: Int, from port: PortIndex, counters: CountersView
) -> Int {
    var forwarded: UInt64 = 0
    var consumed: UInt64 = 0
    var waiting = 0
    for index in 0..<count {
        // The counters of the packets behind are on their way meanwhile.
        if index &+ 16 < count { unsafe counters.prefetch(packets[index &+ 16]) }
        let packet = unsafe packets[index]
        switch packet.disposition {
        case .forwarded:
            forwarded &+= 1
            counters.countSent(packet)
        case .consumed: consumed &+= 1
        case .waiting: waiting &+= 1
        default: counters.countDrop(packet.dropReason)
        }
    }
    counters.add(received: count &- waiting, port)
    counters.add(forwarded: forwarded, consumed: consumed)
    return Int(truncatingIfNeeded: forwarded)
}

/// Counts packets that this node sent of its own: replies and errors. One that could not be sent is not counted.
public func accountOriginated(_ packets: UnsafePointer<Packet>, count: Int, counters: CountersView) {
    var originated: UInt64 = 0
    for index in 0..<count {
        let packet = unsafe packets[index]
        guard packet.disposition == .forwarded else { continue }
        originated &+= 1
        counters.countSent(packet)
    }
    counters.add(originated: originated)
}

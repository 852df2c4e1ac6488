public import Packets
public import Tables
public import Trace

/// IPv4 packets that are cut into fragments (RFC 791 §3.2): the slow path does it, and asks here for what one packet has of
/// the second pass. What each fragment has of it follows by `convertFragments`.
extension Converter {
    /// Decides on a packet before it is cut, as the second pass does on one that fits: whether its next hop is known, and
    /// whether the policers let it pass, which meter it once and whole. The colour goes with it into all fragments.
    @export(implementation)
    func prepareFragments<R: Recorder>(_ packet: inout Packet, _ recorder: inout R) {
        let header = Int(packet.offset) &+ Int(packet.networkOffset)
        let conversion = unsafe tables.conversion(ConversionIndex(rawValue: packet.counter))
        packet.disposition = .transmit
        let window = HeaderWindow(arena, at: header)
        guard unsafe departure(IPv4.self, &packet, window, conversion) != nil else { return }
        let index = unsafe conversion.pointee.treatment
        if index != .none, unsafe tables.treatment(index).pointee.rewrites {
            let pushed = unsafe mark(IPv4.self, &packet, header, tables.treatment(index), &recorder)
            guard packet.disposition == .transmit else { return }
            packet.givenClass = pushed
        }
        packet.punt(.fragment)
    }
}

/// Polices an IPv4 packet that is to be cut, before it is: it leaves as the `.fragment` that it came as, marked; dropped;
/// or as `.resolve`, unmetered, if its next hop isn't known.
///
/// - Parameter packet: a session's, punted as `.fragment`, which can be cut.
@export(implementation)
public func prepareFragments<R: Recorder>(
    _ packet: inout Packet, arena: UnsafeMutableRawPointer, arenaByteCount: Int, tables: TablesView,
    recorder: inout R
) {
    let arena = unsafe Arena(unsafeStart: arena, byteCount: arenaByteCount)
    Converter(tables: tables, arena: arena, sendsErrors: false).prepareFragments(&packet, &recorder)
}

/// The second pass for the fragments of a packet that has been prepared, which stand as `convert` wants them: a hop is taken
/// off, and they are marked as their packet was, but not policed.
@export(implementation)
public func convertFragments<R: Recorder>(
    _ fragments: UnsafeMutablePointer<Packet>, count: Int, arena: UnsafeMutableRawPointer,
    arenaByteCount: Int, tables: TablesView, state: inout LoopState, recorder: inout R
) {
    var fragments = unsafe MutableSpan(_unsafeStart: fragments, count: count)
    let arena = unsafe Arena(unsafeStart: arena, byteCount: arenaByteCount)
    let converter = Converter(tables: tables, arena: arena, sendsErrors: true, isFragment: true)
    var identification = state.identification
    for index in fragments.indices { converter.convert(&fragments[index], &identification, &recorder) }
    state.identification = identification
}

/// Counts the fragments of a packet but for its first, which stands for the packet: each as originated, and as sent or as
/// dropped, as it is its own.
public func accountFragments(_ fragments: UnsafePointer<Packet>, count: Int, counters: CountersView) {
    for index in 0..<count {
        let fragment = unsafe fragments[index]
        if fragment.disposition == .forwarded {
            counters.countSent(fragment)
        } else {
            counters.countDrop(fragment.dropReason)
        }
    }
    counters.add(originated: UInt64(count))
}

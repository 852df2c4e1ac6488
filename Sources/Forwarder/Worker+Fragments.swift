import Forwarding
import Observation
import Packets
import Ports
import Trace

/// Packets that are cut into fragments.
extension Worker {
    /// Sends a packet in fragments, or drops it whole: policers meter it before it is cut. The first fragment stands for the
    /// packet, whose outcome it has, and without it none leaves. What follows is originated by us; what of that can't be
    /// sent is dropped by itself, on nobody's bill.
    /// - Returns: false if it can't be split; nothing has been done then.
    func sendFragments<R: Recorder>(
        of vector: PacketVector, _ index: Int, in range: Range<Int>, from port: PortIndex,
        _ recorder: inout R
    ) -> Bool {
        guard let plan = slowPath.fragmentPlan(vector, index) else { return false }
        if vector[index].punt == .fragment {
            unsafe prepareFragments(
                &vector.packets[index], arena: vector.arena, arenaByteCount: vector.arenaByteCount,
                tables: tables.view, recorder: &recorder)
            guard vector[index].disposition == .punt else { return true }
            if vector[index].punt == .resolve {
                wait(vector, index, from: port)
                return true
            }
        }
        let fragments = slowPath.fragment(vector, index, by: plan)
        recorder.record(.fragmented(count: fragments.count))
        unsafe convertFragments(
            fragments.packets, count: fragments.count, arena: fragments.arena,
            arenaByteCount: fragments.arenaByteCount, tables: tables.view, state: &state, recorder: &recorder)
        if fragments[0].disposition == .punt {
            // They all go the same way: none can, and the packet waits whole, if it may.
            guard fragments[0].punt == .resolve else { return false }
            vector[index].adjacency = fragments[0].adjacency
            wait(vector, index, from: port)
            return true
        }
        // What came before goes first: fragments overtake nothing.
        transmit(vector, range.lowerBound..<index)
        transmit(fragments, 0..<1)
        vector[index].takeOutcome(of: fragments[0])
        guard vector[index].disposition == .forwarded else { return true }
        let further = 1..<fragments.count
        transmit(fragments, further)
        unsafe accountFragments(fragments.packets + 1, count: further.count, counters: counters.view)
        for place in further where fragments[place].disposition == .dropped {
            recorder.record(.fragmentLost(fragments[place].dropReason))
            observer?.noteLost(
                fragments, place, of: vector, index, from: port,
                to: tables.view.port(fragments[place].egress.rawValue).isEthernet ? .ethernet : .ip)
        }
        return true
    }
}

extension Packet {
    /// Ends as another does that stands for this packet. The bytes stay its own.
    fileprivate mutating func takeOutcome(of other: Packet) {
        var outcome = other
        (outcome.offset, outcome.byteCount, outcome.networkOffset) = (offset, byteCount, networkOffset)
        self = outcome
    }
}

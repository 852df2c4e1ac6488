public import Packets
public import Tables
public import Trace
public import Wire

extension Converter {
    /// A transit label: swaps it for one label or several, or pops it (RFC 3031 §3.10, RFC 3032 §2.4). The TTL goes on
    /// reduced by one, the traffic class as it is.
    @export(implementation) @inline(always)
    func relabel<R: Recorder>(_ packet: inout Packet, _ recorder: inout R) {
        let index = NHLFEIndex(rawValue: packet.adjacency)
        let nhlfe = unsafe tables.nhlfe(index)
        let stack = Int(packet.offset) &+ Int(packet.networkOffset)
        let end = Int(packet.offset) &+ Int(packet.byteCount)
        var window = HeaderWindow(arena, at: stack)
        let top = LabelStackEntry(rawValue: window.network32(0))
        guard top.ttl > 1 else { return packet.drop(.ttlExpired) }
        let labelCount = unsafe Int(nhlfe.pointee.labelCount)
        let start = stack &+ 4 &- 4 &* labelCount
        guard unsafe end &- start <= Int(nhlfe.pointee.mtu) else { return packet.drop(.tooBig) }
        packet.meteredByteCount = UInt32(truncatingIfNeeded: end &- start)
        unsafe packet.adjacency = nhlfe.pointee.adjacency.rawValue
        let adjacency = unsafe tables.adjacency(nhlfe.pointee.adjacency)
        guard unsafe adjacency.pointee.state != .incomplete else { return packet.punt(.resolve) }

        var etherType = EtherType.mpls
        if labelCount == 0 {
            if let exposed = popTransit(&packet, stack &+ 4, end, top) {
                etherType = exposed
                recorder.record(.timeToLiveHandedOn(top.ttl &- 1))
            } else {
                return
            }
        } else {
            // Everything but label and S is shared: traffic class and the new TTL.
            let shared = top.rawValue & 0xe00 | UInt32(top.ttl &- 1)
            let bottom: UInt32 = top.isBottomOfStack ? 0x100 : 0
            if unsafe nhlfe.pointee.pops {
                // Popped, and at once another tunnel's path label pushed: a label must be left for it to stand on.
                guard bottom == 0 else { return packet.drop(.earlyBottomOfStack) }
                guard end &- stack >= 8 else { return packet.drop(.truncatedLabelStack) }
                window.store(top.ttl &- 1, at: 7)
                recorder.record(.timeToLiveHandedOn(top.ttl &- 1))
            }
            // The last label takes the incoming one's place, and its S bit; those above it stand before.
            unsafe window.store32(network: nhlfe.pointee.label(fromBottom: 0) &<< 12 | shared | bottom, at: 0)
            if labelCount > 1 {
                unsafe window.store32(network: nhlfe.pointee.label(fromBottom: 1) &<< 12 | shared, at: -4)
            }
            if labelCount > 2 {
                unsafe window.store32(network: nhlfe.pointee.label(fromBottom: 2) &<< 12 | shared, at: -8)
            }
        }
        recorder.record(.relabelled(index))
        unsafe leave(
            &packet, from: start, byteCount: Int(packet.meteredByteCount), adjacency, etherType, &recorder)
    }

    /// Penultimate hop popping: writes the TTL into what is exposed, the next label or the IP header.
    /// - Returns: the exposed packet's ethertype, or nil if it was dropped.
    @inlinable
    func popTransit(
        _ packet: inout Packet, _ exposed: Int, _ end: Int,
        _ top: LabelStackEntry
    ) -> EtherType? {
        var window = HeaderWindow(arena, at: exposed)
        let available = end &- exposed
        guard top.isBottomOfStack else {
            guard available >= 4 else {
                packet.drop(.truncatedLabelStack)
                return nil
            }
            window.store(top.ttl &- 1, at: 3)
            return .mpls
        }
        if window.octet(0) &>> 4 == 6 {
            return popToIP(IPv6.self, &packet, &window, available, top)
        }
        return popToIP(IPv4.self, &packet, &window, available, top)
    }

    @export(implementation) @inline(always) @_lifetime(window: copy window)
    func popToIP<IP: NetworkHeader>(
        _: IP.Type, _ packet: inout Packet, _ window: inout HeaderWindow, _ available: Int,
        _ top: LabelStackEntry
    ) -> EtherType? {
        if let fault = IP.fault(window, available: available) {
            packet.drop(fault)
            return nil
        }
        IP.setTimeToLive(&window, top.ttl &- 1)
        // The packet's own length is known now: what the link has padded goes no further.
        packet.meteredByteCount = UInt32(truncatingIfNeeded: IP.totalByteCount(window))
        return IP.etherType
    }
}

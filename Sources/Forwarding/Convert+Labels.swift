public import Packets
public import Tables
public import Trace
public import Wire

extension Converter {
    /// A transit label: swaps it for up to eight labels, or pops it (RFC 3031 §3.10, RFC 3032 §2.4). The TTL goes on
    /// reduced by one, the traffic class as it is.
    @export(implementation) @inline(always)
    func relabel<R: Recorder>(_ packet: inout Packet, isOriginated: Bool, _ recorder: inout R) {
        let index = NHLFEIndex(rawValue: packet.adjacency)
        let nhlfe = unsafe tables.nhlfe(index)
        let stack = Int(packet.offset) &+ Int(packet.networkOffset)
        let end = Int(packet.offset) &+ Int(packet.byteCount)
        var window = HeaderWindow(arena, at: stack)
        let top = LabelStackEntry(rawValue: window.network32(0))
        // Until the next hop is known the packet's `adjacency` is the NHLFE, which the slow path asks for.
        guard isOriginated || top.ttl > 1 else { return answer(&packet, .labelTTLExpired, .ttlExpired) }
        let ttl = isOriginated ? top.ttl : top.ttl &- 1
        let labelCount = unsafe Int(nhlfe.pointee.labelCount)
        let start = stack &+ 4 &- 4 &* labelCount
        guard unsafe end &- start <= Int(nhlfe.pointee.mtu) else {
            // IPv4 below the stack may be fragmented (RFC 3032 §3.4), whether its sender may be told or not.
            return isOriginated ? packet.drop(.tooBig) : packet.punt(.labelTooBig)
        }
        packet.meteredByteCount = UInt32(truncatingIfNeeded: end &- start)
        unsafe packet.adjacency = nhlfe.pointee.adjacency.rawValue
        let adjacency = unsafe tables.adjacency(nhlfe.pointee.adjacency)
        guard unsafe adjacency.pointee.state != .incomplete else { return packet.punt(.resolve) }

        guard unsafe labelCount == 1 && !nhlfe.pointee.pops else {
            return unsafe relabelOtherwise(
                &packet, index, stack, ttl, isOriginated: isOriginated, adjacency, &recorder)
        }
        // Everything but the label is shared: traffic class, S and the new TTL.
        unsafe window.store32(
            network: nhlfe.pointee.label(fromBottom: 0) &<< 12 | top.rawValue & 0xf00 | UInt32(ttl), at: 0)
        recorder.record(.relabelled(index))
        unsafe leave(&packet, from: stack, byteCount: end &- stack, adjacency, .mpls, &recorder)
    }

    /// Anything but one label in another's place.
    /// - Parameters:
    ///   - stack: where the incoming label stands.
    ///   - ttl: the one to be written.
    @export(implementation) @inline(never)
    func relabelOtherwise<R: Recorder>(
        _ packet: inout Packet, _ index: NHLFEIndex, _ stack: Int, _ ttl: UInt8, isOriginated: Bool,
        _ adjacency: UnsafePointer<Adjacency>, _ recorder: inout R
    ) {
        let nhlfe = unsafe tables.nhlfe(index)
        let labelCount = unsafe Int(nhlfe.pointee.labelCount)
        let start = stack &+ 4 &- 4 &* labelCount
        let end = Int(packet.offset) &+ Int(packet.byteCount)
        var window = HeaderWindow(arena, at: stack)
        let top = LabelStackEntry(rawValue: window.network32(0))
        var etherType = EtherType.mpls
        if labelCount == 0 {
            if let exposed = popTransit(&packet, stack &+ 4, end, top, ttl) {
                etherType = exposed
                recorder.record(.timeToLiveHandedOn(ttl))
            } else {
                return
            }
        } else {
            // Everything but label and S is shared: traffic class and the new TTL.
            let shared = top.rawValue & 0xe00 | UInt32(ttl)
            let bottom: UInt32 = top.isBottomOfStack ? 0x100 : 0
            if unsafe nhlfe.pointee.pops {
                // Popped, and at once another tunnel's path label pushed: a label must be left for it to stand on.
                guard bottom == 0 else { return packet.drop(.earlyBottomOfStack) }
                guard end &- stack >= 8 else { return packet.drop(.truncatedLabelStack) }
                window.store(ttl, at: 7)
                recorder.record(.timeToLiveHandedOn(ttl))
            }
            // The last label takes the incoming one's place, and its S bit; those above it stand before.
            unsafe window.store32(network: nhlfe.pointee.label(fromBottom: 0) &<< 12 | shared | bottom, at: 0)
            if labelCount > 1 {
                unsafe window.store32(network: nhlfe.pointee.label(fromBottom: 1) &<< 12 | shared, at: -4)
            }
            if labelCount > 2 {
                for position in 2..<min(labelCount, 8) {
                    unsafe window.store32(
                        network: nhlfe.pointee.label(fromBottom: position) &<< 12 | shared,
                        at: -4 &* position)
                }
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
        _ top: LabelStackEntry, _ ttl: UInt8
    ) -> EtherType? {
        var window = HeaderWindow(arena, at: exposed)
        let available = end &- exposed
        guard top.isBottomOfStack else {
            guard available >= 4 else {
                packet.drop(.truncatedLabelStack)
                return nil
            }
            window.store(ttl, at: 3)
            return .mpls
        }
        if window.octet(0) &>> 4 == 6 {
            return popToIP(IPv6.self, &packet, &window, available, ttl)
        }
        return popToIP(IPv4.self, &packet, &window, available, ttl)
    }

    @export(implementation) @inline(always) @_lifetime(window: copy window)
    func popToIP<IP: NetworkHeader>(
        _: IP.Type, _ packet: inout Packet, _ window: inout HeaderWindow, _ available: Int, _ ttl: UInt8
    ) -> EtherType? {
        if let fault = IP.fault(window, available: available) {
            packet.drop(fault)
            return nil
        }
        // A packet of our own has its own.
        if !isOriginated { IP.setTimeToLive(&window, ttl) }
        // The packet's own length is known now: what the link has padded goes no further.
        packet.meteredByteCount = UInt32(truncatingIfNeeded: IP.totalByteCount(window))
        return IP.etherType
    }
}

public import Packets
public import Tables
public import Trace
public import Wire

/// What only some sessions have: path MTUs, policers, class maps, TCP's segment sizes.
extension Converter {
    /// The longest inner packet, where that is bounded by what has been learned of the tunnel's path.
    @export(implementation) @inline(always)
    func pathLimit<IP: NetworkHeader>(
        _: IP.Type, _ conversion: UnsafePointer<Conversion>, _ limit: UInt16
    ) -> UInt16 {
        let tunnel = unsafe tables.treatment(conversion.pointee.treatment).pointee.pathTunnel
        guard tunnel != 0 else { return limit }
        return unsafe min(
            limit,
            tables.innerLimit(
                tunnel, Int(conversion.pointee.headerByteCount), isIPv6: IP.etherType == .ipv6))
    }

    /// Polices the packet, and if it isn't dropped for that writes into it what its treatment wants. Fragments are as their
    /// packet was marked before it was cut.
    ///
    /// Only where the treatment `rewrites`.
    /// - Returns: the class that is to be pushed, where the treatment says it.
    @export(implementation)
    func treat<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ header: Int, _ conversion: UnsafePointer<Conversion>,
        _ recorder: inout R
    ) -> GivenClass {
        let treatment = unsafe tables.treatment(conversion.pointee.treatment)
        var pushed: UInt8?
        if isFragment {
            pushed = packet.givenClass
        } else if !isOriginated {
            pushed = unsafe mark(IP.self, &packet, header, treatment, &recorder)
            guard packet.disposition == .transmit else { return .none }
        }
        let segmentLimit = unsafe treatment.pointee.segmentLimit
        if segmentLimit != 0 {
            lowerSegmentSize(
                IP.self, header, Int(packet.meteredByteCount), Int(segmentLimit), &recorder)
        }
        if let pushed, unsafe conversion.pointee.encapsulation == .mpls {
            return GivenClass(rawValue: pushed)
        }
        let map = unsafe treatment.pointee.classMap
        guard map != 0 else { return .none }
        return GivenClass(
            rawValue: tables.mappedClass(map, IP.trafficClass(HeaderWindow(arena, at: header)) &>> 2))
    }

    /// Polices the packet (RFC 2698: the session's policer first, then the tunnel's, which never sees what the first has
    /// dropped), and if it isn't dropped for that writes the DSCP of its colour into it.
    /// - Returns: the traffic class of its colour, where there is one.
    @export(implementation) @inline(always)
    func mark<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ header: Int, _ treatment: UnsafePointer<Treatment>,
        _ recorder: inout R
    ) -> UInt8? {
        var marking = Marking()
        unsafe police(.session, treatment.pointee.policer, &packet, &marking, &recorder)
        guard packet.disposition == .transmit else { return nil }
        unsafe police(.tunnel, treatment.pointee.tunnelPolicer, &packet, &marking, &recorder)
        guard packet.disposition == .transmit else { return nil }
        var window = HeaderWindow(arena, at: header)
        let trafficClass = IP.trafficClass(window)
        if let dscp = marking.dscp, dscp != trafficClass &>> 2 {
            IP.setTrafficClass(&window, dscp &<< 2 | trafficClass & 3)
            recorder.record(.remarked(from: trafficClass &>> 2, to: dscp))
        }
        return marking.trafficClass
    }

    /// Has one policer meter the packet. What its action comes to is noted, not done yet.
    @export(implementation) @inline(always)
    func police<R: Recorder>(
        _ owner: PolicedBy, _ policer: PolicerIndex, _ packet: inout Packet, _ marking: inout Marking,
        _ recorder: inout R
    ) {
        guard policer != .none else { return }
        let colour = tables.meter(policer, byteCount: packet.meteredByteCount, at: packet.timestamp)
        let action = tables.action(policer, colour)
        recorder.record(.policed(owner, colour, action))
        switch action {
        case .pass: break
        case .drop: packet.drop(.policed)
        case .dscp(let dscp): marking.dscp = dscp
        case .trafficClass(let trafficClass): marking.trafficClass = trafficClass
        }
    }

    /// Lowers the maximum segment size that a TCP SYN offers to what packets of `limit` bytes take (RFC 9293 §3.7.1,
    /// RFC 6691 §2), and leaves everything else as it is: fragments, what is broken, and what offers less or nothing.
    @export(implementation)
    func lowerSegmentSize<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ header: Int, _ byteCount: Int, _ limit: Int, _ recorder: inout R
    ) {
        let packet = arena.bytes(at: header, byteCount: byteCount)
        let transport: Int
        if IP.etherType == .ipv4 {
            guard IPProtocol(rawValue: packet.octet(at: IPv4Field.protocol)) == .tcp,
                packet.uint16(at: IPv4Field.flagsAndFragmentOffset)
                    & (IPv4Field.moreFragmentsMask | IPv4Field.fragmentOffsetMask) == 0
            else { return }
            transport = Int(packet.octet(at: IPv4Field.versionAndHeaderLength) & 0xf) &* 4
        } else {
            guard let upper = IPv6Upper(in: packet), upper.protocol == .tcp, !upper.isFragment else { return }
            transport = upper.offset
        }
        guard transport &+ TCPField.minimumByteCount <= byteCount,
            packet.octet(at: transport &+ TCPField.flags) & 0x02 != 0
        else { return }
        let end = transport &+ Int(packet.octet(at: transport &+ TCPField.dataOffset) &>> 4) &* 4
        let highest = limit &- (IP.etherType == .ipv4 ? 40 : 60)
        guard end <= byteCount, highest > 0,
            let option = segmentSizeOption(packet, transport &+ TCPField.minimumByteCount, end)
        else { return }
        let old = packet.uint16(at: option)
        guard Int(old) > highest else { return }
        let new = UInt16(truncatingIfNeeded: highest)
        var window = HeaderWindow(arena, at: header &+ transport)
        window.store16(network: new, at: option &- transport)
        // At an odd place the number's octets stand in two of the checksum's words: as one word with them swapped.
        let isOdd = (option &- transport) & 1 == 1
        window.store16(
            network: InternetChecksum.updated(
                window.network16(TCPField.checksum), from: isOdd ? old.byteSwapped : old,
                to: isOdd ? new.byteSwapped : new), at: TCPField.checksum)
        recorder.record(.segmentSizeLowered(from: old, to: new))
    }

    /// Where the value of the maximum segment size option stands among a TCP header's options (RFC 9293 §3.2): nil if
    /// there is none, or something broken before it.
    @inlinable
    func segmentSizeOption(_ packet: RawSpan, _ start: Int, _ end: Int) -> Int? {
        var offset = start
        while offset < end {
            let kind = packet.octet(at: offset)
            if kind == 0 { return nil }
            if kind == 1 {
                offset &+= 1
                continue
            }
            guard offset &+ 1 < end else { return nil }
            let length = Int(packet.octet(at: offset &+ 1))
            guard length >= 2, offset &+ length <= end else { return nil }
            if kind == 2 { return length == 4 ? offset &+ 2 : nil }
            offset &+= length
        }
        return nil
    }
}

/// What policers want written into a packet; the last one's word stands.
@usableFromInline struct Marking: BitwiseCopyable {
    @usableFromInline var dscp: UInt8?
    @usableFromInline var trafficClass: UInt8?
    @inlinable init() {}
}

public import Packets
public import Tables
public import Trace
public import Wire

/// UDP addressed to this node, on a network port: MPLS in it (RFC 7510), or something for the slow path.
extension Classifier {
    @export(implementation)
    func classifyDatagramIPv4<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: position.header)
        let tunnel = tables.tunnel(
            from: IPv4.source(window), to: IPv4.destination(window), datagrams: true)
        // More fragments, or an offset. Whose port that is, only the first one says.
        guard window.network16(IPv4Field.flagsAndFragmentOffset) & 0x3fff == 0 else {
            return tunnel == nil ? packet.punt(.local) : packet.drop(.outerFragment)
        }
        let datagram = Position(
            header: position.header &+ Int(window.octet(IPv4Field.versionAndHeaderLength) & 0xf) &* 4,
            end: position.header &+ IPv4.totalByteCount(window), tags: position.tags)
        let pseudoHeader = TransportChecksum.pseudoHeaderSum(
            source: IPv4.source(window), destination: IPv4.destination(window), protocol: .udp, byteCount: 0)
        classifyDatagram(
            &packet, datagram, tunnel, pseudoHeader, IPv4.trafficClass(window), &recorder)
    }

    /// - Parameter outer: where the extension headers led to.
    @export(implementation)
    func classifyDatagramIPv6<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ outer: OuterIPv6, _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: position.header)
        let tunnel = tables.tunnel(
            from: IPv6.source(window), to: IPv6.destination(window), datagrams: true)
        guard outer.content != .fragment else {
            return tunnel == nil ? packet.punt(.local) : packet.drop(.outerFragment)
        }
        let datagram = Position(
            header: position.header &+ outer.offset, end: position.header &+ IPv6.totalByteCount(window),
            tags: position.tags)
        let pseudoHeader = TransportChecksum.pseudoHeaderSum(
            source: IPv6.source(window), destination: IPv6.destination(window), protocol: .udp, byteCount: 0)
        if outer.offset > IPv6Field.byteCount { recorder.record(.outerExtensionHeaders(outer.offset)) }
        classifyDatagram(
            &packet, datagram, tunnel, pseudoHeader, IPv6.trafficClass(window), &recorder)
    }

    /// - Parameters:
    ///   - datagram: the UDP header.
    ///   - pseudoHeader: its sum, but for the length.
    ///   - outerClass: the outer header's DSCP and ECN.
    @export(implementation)
    func classifyDatagram<R: Recorder>(
        _ packet: inout Packet, _ datagram: Position, _ tunnel: TunnelIndex?, _ pseudoHeader: UInt64,
        _ outerClass: UInt8, _ recorder: inout R
    ) {
        guard datagram.available >= UDPField.byteCount else { return packet.punt(.local) }
        let window = HeaderWindow(arena, at: datagram.header)
        guard window.network16(2) == MPLSInUDP.port else { return packet.punt(.local) }
        let checksum = window.network16(UDPField.checksum)
        recorder.record(.datagram(sourcePort: window.network16(0), checksum: checksum))
        guard let tunnel else { return packet.drop(.unknownTunnelEndpoint) }
        recorder.record(.tunnel(tunnel))
        let entry = tables.tunnel(tunnel)
        // As with IP-in-IP: only the line's own port speaks for the tunnel.
        guard entry.port == input.index else { return packet.drop(.unknownTunnelEndpoint) }
        guard entry.tags == datagram.tags else { return packet.drop(.wrongVLAN) }
        let byteCount = Int(window.network16(UDPField.length))
        guard byteCount >= UDPField.byteCount, byteCount <= datagram.available else {
            return packet.drop(.badUDPLength)
        }
        if checksum == 0 {
            guard !entry.needsChecksum else { return packet.drop(.missingUDPChecksum) }
        } else if !packet.hasSoundChecksum {
            let length = InternetChecksum.sum(UInt16(truncatingIfNeeded: byteCount))
            let sum = arena.sum(at: datagram.header, byteCount: byteCount) &+ pseudoHeader &+ length
            guard InternetChecksum.isValid(sum) else { return packet.drop(.badUDPChecksum) }
        }
        let stack = Position(
            header: datagram.header &+ UDPField.byteCount, end: datagram.header &+ byteCount,
            tags: datagram.tags)
        packet.networkOffset = UInt16(truncatingIfNeeded: stack.header &- Int(packet.offset))
        classifyStack(&packet, stack, tunnel, pathLabel: entry.pathLabel, &recorder)
        guard packet.disposition == .transmit else { return }
        let inner = Int(packet.offset) &+ Int(packet.networkOffset)
        if HeaderWindow(arena, at: inner).ipVersion == 4 {
            takeOver(IPv4.self, &packet, inner, tunnel, outerClass, &recorder)
        } else {
            takeOver(IPv6.self, &packet, inner, tunnel, outerClass, &recorder)
        }
    }

    /// The label stack of a tunnel's datagram: its path label, where it has one, and a user label. Both mean what they do
    /// in this tunnel alone (RFC 5331), so that labels on links don't matter here. Explicit nulls are popped.
    @export(implementation)
    func classifyStack<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ tunnel: TunnelIndex, pathLabel: UInt32,
        _ recorder: inout R
    ) {
        var position = position
        var isPathDue = pathLabel != 0
        guard position.available >= 4 else { return packet.drop(.truncatedLabelStack) }
        let topmost = LabelStackEntry(rawValue: HeaderWindow(arena, at: position.header).network32(0))
        for _ in 0..<Self.maximumLabelCount {
            guard position.available >= 4 else { return packet.drop(.truncatedLabelStack) }
            let entry = LabelStackEntry(rawValue: HeaderWindow(arena, at: position.header).network32(0))
            position.header &+= 4
            guard entry.label.rawValue >= 16 else {
                guard entry.label.isExplicitNull else {
                    recorder.record(.unboundLabel(entry))
                    return packet.drop(
                        entry.label == .associatedChannel ? .associatedChannel : .reservedLabel)
                }
                recorder.record(.explicitNull(entry))
                guard !entry.isBottomOfStack else { return packet.drop(.missingUserLabel) }
                continue
            }
            guard isPathDue else {
                return classifyUserLabel(&packet, position, entry, .tunnel(tunnel), topmost, &recorder)
            }
            guard entry.label.rawValue == pathLabel else {
                recorder.record(.unboundLabel(entry))
                return packet.drop(tables.isUserLabel(entry.label) ? .labelOutOfContext : .unknownLabel)
            }
            recorder.record(.pathLabel(entry, tunnel))
            guard !entry.isBottomOfStack else { return packet.drop(.missingUserLabel) }
            isPathDue = false
        }
        packet.drop(.labelStackTooDeep)
    }

    /// What the outer header of an accepted packet hands on: a congestion mark (RFC 6040 §4.2), and in the uniform model the
    /// DSCP (RFC 2983 §3). Rules have gone by the packet's own.
    @export(implementation) @inline(always)
    func takeOver<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ header: Int, _ tunnel: TunnelIndex, _ outerClass: UInt8,
        _ recorder: inout R
    ) {
        let before = IP.trafficClass(HeaderWindow(arena, at: header))
        let outerECN = outerClass & 3
        let decapsulated = decapsulatedECN(inner: before & 3, outer: outerECN)
        recorder.record(.congestion(inner: before & 3, outer: outerECN, result: decapsulated))
        guard let ecn = decapsulated else { return packet.drop(.ecnMismatch) }
        let isOuter = tables.innerClass(tunnel).isOuter
        let after = (isOuter ? outerClass : before) & 0xfc | ecn
        if after != before {
            handOn(IP.self, &packet, header, class: after, instead: before, &recorder)
        }
    }
}

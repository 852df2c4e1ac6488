public import Packets
public import Tables
public import Trace
public import Wire

/// UDP addressed to this node, on a network port: MPLS in it (RFC 7510), or something for the slow path.
extension Classifier {
    @export(implementation)
    func parseDatagramIPv4<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ pending: inout Pending, _ recorder: inout R
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
        parseDatagram(
            &packet, datagram, tunnel, pseudoHeader, IPv4.trafficClass(window), &pending, &recorder)
    }

    /// - Parameter outer: where the extension headers led to.
    @export(implementation)
    func parseDatagramIPv6<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ outer: OuterIPv6, _ pending: inout Pending,
        _ recorder: inout R
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
        parseDatagram(
            &packet, datagram, tunnel, pseudoHeader, IPv6.trafficClass(window), &pending, &recorder)
    }

    /// - Parameters:
    ///   - datagram: the UDP header.
    ///   - pseudoHeader: its sum, but for the length.
    ///   - outerClass: the outer header's DSCP and ECN.
    @export(implementation)
    func parseDatagram<R: Recorder>(
        _ packet: inout Packet, _ datagram: Position, _ tunnel: TunnelIndex?, _ pseudoHeader: UInt64,
        _ outerClass: UInt8, _ pending: inout Pending, _ recorder: inout R
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
        parseStack(&packet, stack, tunnel, pathLabel: entry.pathLabel, &pending, &recorder)
        pending.isDatagram = true
        pending.outerClass = outerClass
    }

    /// The label stack of a tunnel's datagram: its path label, where it has one, and a user label. Both mean what they do
    /// in this tunnel alone (RFC 5331), so that labels on links don't matter here. Explicit nulls are popped.
    @export(implementation)
    func parseStack<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ tunnel: TunnelIndex, pathLabel: UInt32,
        _ pending: inout Pending, _ recorder: inout R
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
                guard popNull(&packet, entry, &recorder) else { return }
                continue
            }
            guard isPathDue else {
                return parseUserLabel(position, entry, .tunnel(tunnel), topmost, &pending)
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

    /// What the outer header of a packet hands on that may pass: a congestion mark (RFC 6040 §4.2), and in the uniform model
    /// the DSCP (RFC 2983 §3). Rules have gone by the packet's own.
    /// - Returns: false if the packet has been dropped, since the mark would be lost on its sender.
    @export(implementation) @inline(never)
    func takeOver<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ header: Int, _ innerClass: InnerClassEntry,
        _ outerClass: UInt8, _ recorder: inout R
    ) -> Bool {
        let before = IP.trafficClass(HeaderWindow(arena, at: header))
        let outerECN = outerClass & 3
        let decapsulated = decapsulatedECN(inner: before & 3, outer: outerECN)
        recorder.record(.congestion(inner: before & 3, outer: outerECN, result: decapsulated))
        guard let ecn = decapsulated else {
            packet.drop(.ecnMismatch)
            return false
        }
        let after = (innerClass.isOuter ? outerClass : before) & 0xfc | ecn
        if after != before {
            // Labels may have handed on theirs already.
            let arrivalClass = packet.arrivalClass
            handOn(IP.self, &packet, header, class: after, instead: before, &recorder)
            if let arrivalClass { packet.arrivalClass = arrivalClass }
        }
        return true
    }
}

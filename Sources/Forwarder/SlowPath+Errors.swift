import Packets
import Tables
import Wire

/// What a packet's sender is told when it went no further.
enum PacketError: Equatable {
    /// TTL or hop limit used up.
    case timeExceeded
    /// Longer than this many bytes, which the leg or line takes.
    case tooBig(byteCount: Int)
    /// Denied by us (RFC 1812 §5.2.7.1, RFC 4443 §3.1).
    case prohibited
    /// The end of the tunnel that it went into can't be reached (RFC 2003 §5.1, RFC 2473 §8).
    case hostUnreachable

    fileprivate var v4: ICMPv4Error {
        switch self {
        case .timeExceeded: .timeExceeded
        case .tooBig(let byteCount): .fragmentationNeeded(nextHopMTU: UInt16(clamping: byteCount))
        case .prohibited: .destinationUnreachable(code: 13)
        case .hostUnreachable: .destinationUnreachable(code: 1)
        }
    }
    fileprivate var v6: ICMPv6Error {
        switch self {
        case .timeExceeded: .timeExceeded
        case .tooBig(let byteCount): .packetTooBig(mtu: UInt32(clamping: byteCount))
        case .prohibited: .destinationUnreachable(code: 1)
        case .hostUnreachable: .destinationUnreachable(code: 3)
        }
    }
}

extension SlowPath {
    /// Tells a packet's sender why it went no further, the way back that it came: out of the port that it came by; into
    /// the tunnel, as its session's packets of the other direction go; or, about a transit label, along the LSP to its
    /// end, from where the error finds its way (RFC 3032 §2.3.2).
    func report(_ error: PacketError, _ packet: Packet, _ frame: RawSpan, _ arrived: ArrivedFrame) {
        guard let conversion = tunnelConversion(of: packet) else {
            if packet.punt == .labelTTLExpired || packet.punt == .labelTooBig {
                return reportAlongPath(error, packet, frame, arrived)
            }
            let network = frame.extracting(droppingFirst: arrived.networkOffset)
            originate(
                port: arrived.port, replyHeader(to: frame, arrived), timestamp: arrived.timestamp
            ) {
                emit(error, about: network, speakingOn: arrived.port, into: &$0, at: $1)
            }
            return
        }
        let labels = labelStack(frame, isEthernet: tables.view.port(UInt16(arrived.port)).isEthernet)
        let start = packet.punt == .labelTTLExpired ? labels.upperBound : arrived.networkOffset
        derive(.session(conversion.reversed), timestamp: arrived.timestamp) {
            emit(
                error, about: frame.extracting(droppingFirst: start),
                under: error == .timeExceeded ? frame.extracting(labels) : RawSpan(),
                speakingOn: arrived.port, into: &$0, at: 0)
        }
    }

    /// The conversion of a packet that came in a session's tunnel.
    private func tunnelConversion(of packet: Packet) -> ConversionIndex? {
        guard packet.counter != Packet.noCounter else { return nil }
        let index = ConversionIndex(rawValue: packet.counter)
        return unsafe tables.view.conversion(index).pointee.arrival.isTunnel ? index : nil
    }

    /// Writes an error as a whole IP packet, from our address on a port.
    /// - Parameter isCut: whether `packet` is itself a quote, which may end before the packet does.
    /// - Returns: its length; nil if there must be none, or we have no address of this version.
    func emit(
        _ error: PacketError, about packet: RawSpan, isCut: Bool = false, under labels: RawSpan = RawSpan(),
        speakingOn port: Int, into bytes: inout MutableRawSpan, at start: Int
    ) -> Int? {
        guard packet.byteCount > 0 else { return nil }
        if packet.octet(at: 0) >> 4 == 4 {
            guard let source = sourceIPv4(port: port) else { return nil }
            return error.v4.emit(
                about: packet, isCut: isCut, under: labels, from: source, into: &bytes, at: start)
        }
        guard let source = sourceIPv6(port: port) else { return nil }
        return error.v6.emit(
            about: packet, isCut: isCut, under: labels, from: source, into: &bytes, at: start)
    }

    /// The longest packet that would have gone where this one was too long: of its session's leg, or under the labels
    /// that it would have got.
    func room(for packet: Packet, _ frame: RawSpan) -> Int {
        guard packet.counter == Packet.noCounter else {
            let network = frame.extracting(droppingFirst: Int(packet.networkOffset))
            let version: IPVersion = network.octet(at: 0) >> 4 == 6 ? .v6 : .v4
            return Int(
                tables.view.maximumInnerByteCount(ConversionIndex(rawValue: packet.counter), version))
        }
        guard let path = LabelledPacket(frame, at: Int(packet.networkOffset)) else { return 0 }
        let nhlfe = unsafe tables.view.nhlfe(NHLFEIndex(rawValue: packet.adjacency)).pointee
        return Int(nhlfe.mtu) - path.outgoingByteCount(nhlfe)
    }

    /// The label stack of a frame, from the top entry to the bottom one; empty where it has none, or where it has no
    /// bottom among the first 16 entries. That of MPLS in UDP too.
    private func labelStack(_ frame: RawSpan, isEthernet: Bool) -> Range<Int> {
        let none = 0..<0
        func stack(inPacketAt start: Int) -> Range<Int> {
            guard let offset = MPLSInUDP.stackOffset(in: frame.extracting(droppingFirst: start)) else {
                return none
            }
            return LabelledPacket(frame, at: start + offset)?.stack ?? none
        }
        guard isEthernet else { return stack(inPacketAt: 0) }
        var offset = EthernetField.etherType
        for _ in 0..<3 {
            guard offset + 2 <= frame.byteCount else { return none }
            let etherType = EtherType(rawValue: frame.uint16(at: offset))
            if etherType == .mpls {
                return LabelledPacket(frame, at: offset + 2)?.stack ?? none
            }
            if etherType == .ipv4 || etherType == .ipv6 { return stack(inPacketAt: offset + 2) }
            guard etherType == .vlan || etherType == .serviceVLAN else { return none }
            offset += 4
        }
        return none
    }
}

// MARK: - Transit labels
extension SlowPath {
    /// Sends an error about a packet on a transit label to the end of its LSP, under the stack that the packet would have
    /// had, with TTL 255. Whoever takes the last label off sends it on to the inner packet's sender.
    private func reportAlongPath(
        _ error: PacketError, _ packet: Packet, _ frame: RawSpan, _ arrived: ArrivedFrame
    ) {
        guard let path = LabelledPacket(frame, at: arrived.networkOffset), path.isIP(frame) else { return }
        let labels = frame.extracting(path.stack)
        derive(.path(NHLFEIndex(rawValue: packet.adjacency)), timestamp: arrived.timestamp) {
            for offset in stride(from: 0, to: labels.byteCount, by: LabelStackEntry.byteCount) {
                var entry = LabelStackEntry(rawValue: labels.uint32(at: offset))
                entry.ttl = .max
                entry.emit(into: &$0, at: offset)
            }
            return emit(
                error, about: frame.extracting(droppingFirst: path.stack.upperBound),
                under: error == .timeExceeded ? labels : RawSpan(), speakingOn: arrived.port, into: &$0,
                at: labels.byteCount
            ).map { labels.byteCount + $0 }
        }
    }
}

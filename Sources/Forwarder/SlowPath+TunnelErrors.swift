import Packets
import Tables
import Wire

/// What routers inside our IP-in-IP and MPLS-in-UDP tunnels say of the packets that we have put into them.
extension SlowPath {
    /// Takes in an ICMP error about an outer packet of ours: learns the tunnel's path MTU, and tells the inner packet's
    /// sender (RFC 2003 §5, RFC 2473 §8, RFC 4459 §3.2).
    ///
    /// Such an error is easily forged. It is heeded only for a tunnel of ours, by its line's port and VLAN, a thousand
    /// times a second; it changes that tunnel alone, and that no further than to what any path takes. What is no tunnel's
    /// counts for nothing, so that a flood of it doesn't keep a true one from being heard.
    /// - Parameter network: an IP packet to us.
    /// - Parameter tags: VLAN ids that it came under, the outer one in the high half.
    /// - Returns: nil if it has been heeded; else why it is dropped.
    func heed(_ network: RawSpan, under tags: UInt32, _ arrived: ArrivedFrame) -> DropReason? {
        guard let said = ICMPTunnelError(network), let tunnel = tunnel(said) else { return .notServedHere }
        let entry = tables.view.tunnel(tunnel)
        guard Int(entry.port) == arrived.port, entry.tags == tags else { return .notServedHere }
        guard limits.allowsTunnelError(port: arrived.port, at: arrived.time) else { return .requestLimit }
        if case .tooBig(let mtu) = said.finding {
            let report = PathMTUs.Report(
                mtu: Int(clamping: mtu), byteCount: said.outerByteCount,
                isOverIPv6: said.remote.version == .v6)
            guard let learned = PathMTUs.mtu(from: report) else { return nil }
            pathMTUs.learn(learned, of: tunnel, tables, at: arrived.time)
            tell(
                .pathMTU(learned, of: tunnel, serial: tables.publication.serial, at: arrived.time))
        }
        relay(said, network.extracting(said.inner), from: tunnel, arrived)
        return nil
    }

    private func tunnel(_ said: ICMPTunnelError) -> TunnelIndex? {
        switch (said.remote, said.local) {
        case (.v4(let remote), .v4(let local)):
            tables.view.tunnel(from: remote, to: local, datagrams: said.isDatagram)
        case (.v6(let remote), .v6(let local)):
            tables.view.tunnel(from: remote, to: local, datagrams: said.isDatagram)
        default: nil
        }
    }

    /// Tells the inner packet's sender, where the quote says who that is and the session still goes by this tunnel.
    /// - Parameter inner: what is quoted of the inner packet.
    private func relay(
        _ said: ICMPTunnelError, _ inner: RawSpan, from tunnel: TunnelIndex, _ arrived: ArrivedFrame
    ) {
        guard let version = said.innerVersion, let quote = InnerQuote(inner, version),
            let conversion = conversion(quote.source, quote.destination, into: tunnel)
        else { return }
        let error: PacketError
        switch said.finding {
        case .tooBig:
            // A packet that we may fragment we do from now on; one that fits was lost by another's fault.
            let limit = Int(tables.view.maximumInnerByteCount(conversion, version))
            guard quote.mustNotBeFragmented, quote.byteCount > limit else { return }
            error = .tooBig(byteCount: limit)
        case .unreachable: error = .hostUnreachable
        case .other: return
        }
        let arrival = unsafe tables.view.conversion(conversion).pointee.arrival
        let port =
            arrival.isTunnel
            ? tables.view.tunnel(TunnelIndex(rawValue: arrival.index)).port
            : UInt16(truncatingIfNeeded: arrival.index)
        guard tables.view.port(port).sendsErrors else { return }
        derive(.session(conversion.reversed), timestamp: arrived.timestamp) {
            emit(error, about: inner, isCut: true, speakingOn: Int(port), into: &$0, at: 0)
        }
    }

    /// The conversion that puts packets between these inner addresses into a tunnel: that whose other direction arrives by
    /// it.
    private func conversion(
        _ source: IPAddress, _ destination: IPAddress, into tunnel: TunnelIndex
    ) -> ConversionIndex? {
        for direction in Direction.allCases {
            let (subscriber, service) =
                direction == .up ? (source, destination) : (destination, source)
            let (user, use) = (tables.view.subscriber(of: subscriber), tables.view.service(of: service))
            guard user.isIndex, use.isIndex else { continue }
            let back: Direction = direction == .up ? .down : .up
            let arrival = Arrival(tunnel: tunnel)
            let session: SessionIndex?
            switch tables.view.admission(user.asSubscriber, use.asService) {
            case .none: session = nil
            case .session(let found): session = found
            case .group(let group): session = tables.view.path(group, arrival: arrival, direction: back)
            }
            guard let session else { continue }
            let reversed = ConversionIndex(session, back)
            if unsafe tables.view.conversion(reversed).pointee.arrival == arrival { return reversed.reversed }
        }
        return nil
    }
}

/// An inner packet as it is quoted: its header, and at least 8 bytes more.
private struct InnerQuote {
    let source: IPAddress
    let destination: IPAddress
    /// The packet's length, as its header says.
    let byteCount: Int
    /// DF, or IPv6.
    let mustNotBeFragmented: Bool

    /// Nil where there is too little, or it is of another version than the outer header says.
    init?(_ bytes: RawSpan, _ version: IPVersion) {
        guard bytes.byteCount >= IPv4Field.minimumByteCount,
            bytes.octet(at: 0) >> 4 == version.rawValue
        else { return nil }
        switch version {
        case .v4:
            let headerByteCount = Int(bytes.octet(at: 0) & 0xf) * 4
            guard headerByteCount >= IPv4Field.minimumByteCount, bytes.byteCount >= headerByteCount + 8 else {
                return nil
            }
            source = .v4(bytes.ipv4Address(at: IPv4Field.source))
            destination = .v4(bytes.ipv4Address(at: IPv4Field.destination))
            byteCount = Int(bytes.uint16(at: IPv4Field.totalLength))
            mustNotBeFragmented =
                bytes.uint16(at: IPv4Field.flagsAndFragmentOffset) & IPv4Field.dontFragmentMask != 0
        case .v6:
            guard bytes.byteCount >= IPv6Field.byteCount + 8 else { return nil }
            source = .v6(bytes.ipv6Address(at: IPv6Field.source))
            destination = .v6(bytes.ipv6Address(at: IPv6Field.destination))
            byteCount = IPv6Field.byteCount + Int(bytes.uint16(at: IPv6Field.payloadLength))
            mustNotBeFragmented = true
        }
    }
}

public import Packets
public import Tables
public import Trace
public import Wire

extension Classifier {
    /// An IP packet outside any tunnel: who sent it, what is it for, may they?
    @export(implementation)
    func classifyPlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ position: Position,
        _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: position.header)
        if let fault = IP.fault(window, available: position.available) { return packet.drop(fault) }
        recorder.record(IP.step(window))
        let byteCount = IP.totalByteCount(window)
        let source = IP.source(window)
        let destination = IP.destination(window)
        if input.entry.role == .access {
            let service = IP.service(tables, destination)
            guard !service.isUnforwarded else {
                return classifyUnforwarded(IP.self, &packet, position, service, &recorder)
            }
            let subscriber = IP.subscriber(tables, source)
            recorder.record(.subscriber(subscriber))
            guard subscriber.isIndex else {
                return packet.drop(subscriber.isLocal ? .spoofedSource : .unknownSubscriber)
            }
            let owner = tables.subscriber(SubscriberIndex(rawValue: subscriber.index))
            guard owner.isOn(port: input.index) else { return packet.drop(.spoofedSource) }
            guard owner.tags == position.tags else { return packet.drop(.wrongVLAN) }
            recorder.record(.service(service))
            var refusal: DropReason? = .unknownService
            if !service.isNone {
                refusal = admitPlain(
                    IP.self, &packet, position, subscriber, service, .up, byteCount, &recorder)
            }
            if let refusal { classifyRefused(IP.self, &packet, position, byteCount, refusal, &recorder) }
        } else {
            let subscriber = IP.subscriber(tables, destination)
            guard !subscriber.isUnforwarded else {
                return classifyUnforwarded(IP.self, &packet, position, subscriber, &recorder)
            }
            recorder.record(.subscriber(subscriber))
            guard position.tags == 0 else { return packet.drop(.wrongVLAN) }
            guard !subscriber.isNone else { return packet.drop(.unknownDestination) }
            let service = IP.service(tables, source)
            recorder.record(.service(service))
            guard !service.isLocal else { return packet.drop(.spoofedSource) }
            var refusal: DropReason? = .unknownService
            if service.isIndex {
                refusal = admitPlain(
                    IP.self, &packet, position, subscriber, service, .down, byteCount, &recorder)
            }
            if let refusal { classifyRefused(IP.self, &packet, position, byteCount, refusal, &recorder) }
        }
    }

    /// Addressed to this node; or to what no router forwards, such as a group or link-local, whatever services and
    /// subscribers there are.
    @export(implementation)
    func classifyUnforwarded<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ position: Position, _ destination: LookupResult,
        _ recorder: inout R
    ) {
        if destination.isLocal { return classifyLocal(&packet, position, &recorder) }
        // Unicast IPv6 neighbour discovery goes to a link-local address; the slow path knows ours.
        if input.entry.isEthernet, IP.etherType == .ipv6 { return packet.punt(.local) }
        packet.drop(.notUnicast)
    }

    /// Accepts the packet if a session of these two has it so.
    /// - Returns: why not; nil if it is accepted.
    @export(implementation) @inline(always)
    func admitPlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ position: Position,
        _ subscriber: LookupResult, _ service: LookupResult, _ direction: Direction, _ byteCount: Int,
        _ recorder: inout R
    ) -> DropReason? {
        let index: ConversionIndex
        switch tables.admission(subscriber.asSubscriber, service.asService) {
        case .none:
            recorder.record(.noSession)
            return .notAdmitted
        case .session(let session): index = ConversionIndex(session, direction)
        case .group(let group):
            index = flowPath(IP.self, group, direction, position.header, byteCount, &recorder)
        }
        recorder.record(.session(index))
        let conversion = unsafe tables.conversion(index)
        guard unsafe conversion.pointee.arrival == input.arrival else { return .wrongLeg }
        if let reason = refusal(IP.self, index, position.header, byteCount, &recorder) { return reason }
        accept(&packet, index, innerAt: position.header, byteCount: byteCount)
        return nil
    }

    /// A plain packet that no session has, or whose session's rules refuse it: a second look at what else it may be, and
    /// then its end.
    @export(implementation)
    func classifyRefused<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ position: Position, _ byteCount: Int, _ reason: DropReason,
        _ recorder: inout R
    ) {
        guard reason != .wrongLeg else { return packet.drop(reason) }
        let isAccess = input.entry.role == .access
        if isAccess, isHairpin(IP.self, &packet, position, byteCount, &recorder) { return }
        if let index = related(IP.self, position.header, byteCount, input.arrival, &recorder) {
            return accept(&packet, index, innerAt: position.header, byteCount: byteCount)
        }
        let isDenial = reason == .notAdmitted || reason == .unknownService || reason == .fragmentWithoutPorts
        guard isAccess, isDenial, input.entry.answersDenied else { return packet.drop(reason) }
        packet.prohibit(reason)
    }

    /// Whether the packet of one subscriber is one of another's use of a service that the first one offers here, and is
    /// accepted as that: it comes down then, on the other's bill.
    @export(implementation) @inline(always)
    func isHairpin<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ position: Position, _ byteCount: Int, _ recorder: inout R
    ) -> Bool {
        let window = HeaderWindow(arena, at: position.header)
        // Most of what is refused goes to no subscriber, and needs no second look-up.
        let subscriber = IP.subscriber(tables, IP.destination(window))
        guard subscriber.isIndex else { return false }
        let service = IP.service(tables, IP.source(window))
        guard service.isIndex else { return false }
        recorder.record(.hairpin)
        recorder.record(.subscriber(subscriber))
        recorder.record(.service(service))
        return admitPlain(IP.self, &packet, position, subscriber, service, .down, byteCount, &recorder) == nil
    }

    /// Addressed to this node: the end of an IP-in-IP or MPLS-in-UDP tunnel, or something for the slow path.
    @export(implementation)
    func classifyLocal<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ recorder: inout R
    ) {
        // Tunnels come by network ports: a subscriber who writes a tunnel's outer addresses must not speak for others, on
        // their bill.
        guard input.entry.role == .network else { return packet.punt(.local) }
        let window = HeaderWindow(arena, at: position.header)
        guard window.ipVersion == 4 else { return classifyOuterIPv6(&packet, position, &recorder) }
        let announced = IPProtocol(rawValue: window.octet(IPv4Field.protocol))
        if announced == .udp { return classifyDatagramIPv4(&packet, position, &recorder) }
        guard announced == .ipv4 || announced == .ipv6 else { return packet.punt(.local) }
        // More fragments, or an offset: RFC 791. Reassembly is not done here.
        guard window.network16(IPv4Field.flagsAndFragmentOffset) & 0x3fff == 0 else {
            return packet.drop(.outerFragment)
        }
        let inner = Position(
            header: position.header &+ Int(window.octet(IPv4Field.versionAndHeaderLength) & 0xf) &* 4,
            end: position.header &+ IPv4.totalByteCount(window), tags: position.tags)
        classifyTunnel(
            &packet, inner, tables.tunnel(from: IPv4.source(window), to: IPv4.destination(window)), announced,
            IPv4.trafficClass(window), &recorder)
    }

    /// Addressed to this node by IPv6 (RFC 2473): the end of a tunnel, behind whatever extension headers there are.
    @export(implementation)
    func classifyOuterIPv6<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: position.header)
        let byteCount = IPv6.totalByteCount(window)
        let outer = OuterIPv6(in: arena.bytes(at: position.header, byteCount: byteCount))
        switch outer.content {
        case .other where outer.protocol == .udp, .fragment where outer.protocol == .udp:
            classifyDatagramIPv6(&packet, position, outer, &recorder)
        case .other: packet.punt(.local)
        case .fragment: packet.drop(.outerFragment)
        case .broken: packet.drop(.outerExtensionHeader)
        case .packet:
            if outer.offset > IPv6Field.byteCount { recorder.record(.outerExtensionHeaders(outer.offset)) }
            let inner = Position(
                header: position.header &+ outer.offset, end: position.header &+ byteCount,
                tags: position.tags)
            classifyTunnel(
                &packet, inner, tables.tunnel(from: IPv6.source(window), to: IPv6.destination(window)),
                outer.protocol, IPv6.trafficClass(window), &recorder)
        }
    }

    /// What stands in an outer header of these addresses' tunnel, if there is one.
    /// - Parameter outerClass: the outer header's DSCP and ECN.
    @export(implementation) @inline(always)
    func classifyTunnel<R: Recorder>(
        _ packet: inout Packet, _ inner: Position, _ tunnel: TunnelIndex?, _ announced: IPProtocol,
        _ outerClass: UInt8, _ recorder: inout R
    ) {
        guard let tunnel else { return packet.drop(.unknownTunnelEndpoint) }
        recorder.record(.tunnel(tunnel))
        let entry = tables.tunnel(tunnel)
        // Outer addresses are easily written: only the line's own port speaks for the tunnel, as with path labels.
        guard entry.port == input.index else { return packet.drop(.unknownTunnelEndpoint) }
        guard entry.tags == inner.tags else { return packet.drop(.wrongVLAN) }
        if announced == .ipv4 {
            classifyDecapsulated(IPv4.self, &packet, inner, tunnel, outerClass, &recorder)
        } else {
            classifyDecapsulated(IPv6.self, &packet, inner, tunnel, outerClass, &recorder)
        }
    }
}

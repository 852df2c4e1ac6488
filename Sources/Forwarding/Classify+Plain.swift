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
            guard !service.isNone else { return packet.drop(.unknownService) }
            admitPlain(IP.self, &packet, position, subscriber, service, .up, byteCount, &recorder)
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
            guard service.isIndex else {
                return packet.drop(service.isLocal ? .spoofedSource : .unknownService)
            }
            admitPlain(IP.self, &packet, position, subscriber, service, .down, byteCount, &recorder)
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

    @export(implementation) @inline(always)
    func admitPlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ position: Position,
        _ subscriber: LookupResult, _ service: LookupResult, _ direction: Direction, _ byteCount: Int,
        _ recorder: inout R
    ) {
        guard let session = tables.session(subscriber.asSubscriber, service.asService) else {
            recorder.record(.noSession)
            return packet.drop(.notAdmitted)
        }
        let index = ConversionIndex(session, direction)
        recorder.record(.session(index))
        let conversion = unsafe tables.conversion(index)
        guard unsafe conversion.pointee.arrival == input.arrival else { return packet.drop(.wrongLeg) }
        if let reason = refusal(IP.self, index, position.header, byteCount, &recorder) {
            return packet.drop(reason)
        }
        accept(&packet, index, innerAt: position.header, byteCount: byteCount)
    }

    /// Addressed to this node: the end of an IP-in-IP tunnel, or something for the slow path.
    @export(implementation)
    func classifyLocal<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: position.header)
        guard window.octet(0) &>> 4 == 4 else { return packet.punt(.local) }
        let announced = IPProtocol(rawValue: window.octet(IPv4Field.protocol))
        guard announced == .ipv4 || announced == .ipv6 else { return packet.punt(.local) }
        // Tunnels come by network ports, untagged: a subscriber who writes a tunnel's outer addresses must not speak
        // for others, on their bill.
        guard input.entry.role == .network else { return packet.punt(.local) }
        guard position.tags == 0 else { return packet.drop(.wrongVLAN) }
        // More fragments, or an offset: RFC 791. Reassembly is not done here.
        guard window.network16(IPv4Field.flagsAndFragmentOffset) & 0x3fff == 0 else {
            return packet.drop(.outerFragment)
        }
        guard let tunnel = tables.tunnel(from: IPv4.source(window), to: IPv4.destination(window)) else {
            return packet.drop(.unknownTunnelEndpoint)
        }
        recorder.record(.tunnel(tunnel))
        // Outer addresses are easily written: only the line's own port speaks for the tunnel, as with path labels.
        guard tables.tunnel(tunnel).port == input.index else { return packet.drop(.unknownTunnelEndpoint) }
        let inner = Position(
            header: position.header &+ Int(window.octet(IPv4Field.versionAndHeaderLength) & 0xf) &* 4,
            end: position.header &+ IPv4.totalByteCount(window), tags: 0)
        let outerECN = window.octet(IPv4Field.trafficClass) & 3
        if announced == .ipv4 {
            classifyDecapsulated(IPv4.self, &packet, inner, tunnel, outerECN, &recorder)
        } else {
            classifyDecapsulated(IPv6.self, &packet, inner, tunnel, outerECN, &recorder)
        }
    }
}

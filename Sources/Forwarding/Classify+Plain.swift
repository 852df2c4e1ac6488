public import Packets
public import Tables
public import Trace
public import Wire

extension Classifier {
    /// An IP packet outside any tunnel; or the outer header of one.
    @export(implementation) @inline(always)
    func parsePlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ position: Position, _ pending: inout Pending,
        _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: position.header)
        if let fault = IP.fault(window, available: position.available) { return packet.drop(fault) }
        recorder.record(IP.step(window))
        let isUp = input.entry.role == .access
        if !isUp, IP.announcesTunnel(window), IP.subscriber(tables, IP.destination(window)).isLocal {
            // So that what stands inside has all stages before it. Whatever else is ours is found in the next one.
            return classifyLocal(&packet, position, &pending, &recorder)
        }
        IP.prefetchSubscriber(tables, isUp ? IP.source(window) : IP.destination(window))
        pending.kind = IP.plain
        pending.header = UInt32(truncatingIfNeeded: position.header)
        pending.byteCount = UInt32(truncatingIfNeeded: IP.totalByteCount(window))
        pending.tags = position.tags
    }

    /// Who sent it, and what is it for?
    @export(implementation) @inline(always)
    func findPlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ pending: inout Pending, _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: Int(pending.header))
        let isUp = input.entry.role == .access
        let source = IP.source(window)
        let destination = IP.destination(window)
        let subscriber = IP.subscriber(tables, isUp ? source : destination)
        let service = IP.service(tables, isUp ? destination : source)
        let receiver = isUp ? service : subscriber
        guard !receiver.isUnforwarded else {
            return classifyUnforwarded(IP.self, &packet, &pending, receiver, &recorder)
        }
        recorder.record(.subscriber(subscriber))
        if isUp {
            guard subscriber.isIndex else {
                return drop(&packet, &pending, subscriber.isLocal ? .spoofedSource : .unknownSubscriber)
            }
        } else {
            guard pending.tags == 0 else { return drop(&packet, &pending, .wrongVLAN) }
            guard !subscriber.isNone else { return drop(&packet, &pending, .unknownDestination) }
            recorder.record(.service(service))
            guard !service.isLocal else { return drop(&packet, &pending, .spoofedSource) }
        }
        tables.prefetch(subscriber.asSubscriber)
        pending.subscriber = subscriber
        pending.service = service
    }

    /// Are they where they belong, and by which session may they use the service?
    @export(implementation) @inline(always)
    func admitPlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ pending: inout Pending, _ recorder: inout R
    ) {
        var direction = Direction.down
        if input.entry.role == .access {
            let owner = tables.subscriber(pending.subscriber.asSubscriber)
            guard owner.isOn(port: input.index) else { return drop(&packet, &pending, .spoofedSource) }
            guard owner.tags == pending.tags else { return drop(&packet, &pending, .wrongVLAN) }
            recorder.record(.service(pending.service))
            direction = .up
        }
        let header = Int(pending.header)
        let byteCount = Int(pending.byteCount)
        guard pending.service.isIndex else {
            pending.kind = .nothing
            return classifyRefused(IP.self, &packet, header, byteCount, .unknownService, &recorder)
        }
        guard
            let index = admitted(
                IP.self, pending.subscriber, pending.service, direction, header, byteCount, &recorder)
        else {
            pending.kind = .nothing
            return classifyRefused(IP.self, &packet, header, byteCount, .notAdmitted, &recorder)
        }
        tables.prefetch(index)
        pending.conversion = index
    }

    /// Has it come by the session's leg, and do the rules admit it?
    @export(implementation) @inline(always)
    func finishPlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ pending: UnsafePointer<Pending>,
        _ converter: borrowing Converter, _ identification: inout UInt16, _ recorder: inout R
    ) {
        let header = unsafe Int(pending.pointee.header)
        let byteCount = unsafe Int(pending.pointee.byteCount)
        let index = unsafe pending.pointee.conversion
        let conversion = unsafe tables.conversion(index)
        if let reason = unsafe refusal(IP.self, plain: index, conversion, header, byteCount, &recorder) {
            classifyRefused(IP.self, &packet, header, byteCount, reason, &recorder)
            return converter.convert(&packet, &identification, &recorder)
        }
        accept(&packet, index, innerAt: header, byteCount: byteCount)
        unsafe converter.convertInner(
            IP.self, &packet, header, conversion, isOriginated: false, &identification, &recorder)
    }

    /// Drops a packet that other stages would still have looked at.
    @inlinable @inline(always)
    func drop(_ packet: inout Packet, _ pending: inout Pending, _ reason: DropReason) {
        pending.kind = .nothing
        packet.drop(reason)
    }

    /// Addressed to this node; or to what no router forwards, such as a group or link-local, whatever services and
    /// subscribers there are.
    @export(implementation)
    func classifyUnforwarded<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ pending: inout Pending, _ destination: LookupResult,
        _ recorder: inout R
    ) {
        pending.kind = .nothing
        if destination.isLocal {
            classifyLocal(&packet, pending.position, &pending, &recorder)
            // What came out of a tunnel has been parsed.
            if pending.kind == .decapsulated4 {
                findDecapsulated(IPv4.self, &pending)
            } else if pending.kind == .decapsulated6 {
                findDecapsulated(IPv6.self, &pending)
            } else if pending.kind == .labelled {
                findLabelled(&packet, &pending, &recorder)
            }
            return
        }
        // Unicast IPv6 neighbour discovery goes to a link-local address; the slow path knows ours.
        if input.entry.isEthernet, IP.etherType == .ipv6 { return packet.punt(.local) }
        packet.drop(.notUnicast)
    }

    /// The conversion by which packets of these two go, if a session has them.
    @export(implementation) @inline(always)
    func admitted<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ subscriber: LookupResult, _ service: LookupResult, _ direction: Direction,
        _ header: Int, _ byteCount: Int, _ recorder: inout R
    ) -> ConversionIndex? {
        switch admission(subscriber, service) {
        case .none:
            recorder.record(.noSession)
            return nil
        case .session(let session): return ConversionIndex(session, direction)
        case .group(let group): return flowPath(IP.self, group, direction, header, byteCount, &recorder)
        }
    }

    /// What the use of a service is open by. Most uses stand beside their subscriber.
    @inlinable @inline(always)
    func admission(_ subscriber: LookupResult, _ service: LookupResult) -> Admission {
        tables.admission(beside: subscriber.asSubscriber, service.asService)
            ?? furtherAdmission(subscriber, service)
    }
    @inlinable @inline(never)
    func furtherAdmission(_ subscriber: LookupResult, _ service: LookupResult) -> Admission {
        tables.admission(subscriber.asSubscriber, service.asService)
    }

    /// Why a plain packet isn't taken by this conversion; nil if it is.
    @export(implementation) @inline(always)
    func refusal<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, plain index: ConversionIndex, _ conversion: UnsafePointer<Conversion>, _ header: Int,
        _ byteCount: Int, _ recorder: inout R
    ) -> DropReason? {
        recorder.record(.session(index))
        guard unsafe conversion.pointee.arrival == input.arrival else { return .wrongLeg }
        return unsafe refusal(IP.self, index, conversion, header, byteCount, &recorder)
    }

    /// A plain packet that no session has, or whose session's rules refuse it: a second look at what else it may be, and
    /// then its end.
    @export(implementation)
    func classifyRefused<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ header: Int, _ byteCount: Int, _ reason: DropReason,
        _ recorder: inout R
    ) {
        guard reason != .wrongLeg else { return packet.drop(reason) }
        let isAccess = input.entry.role == .access
        if isAccess, isHairpin(IP.self, &packet, header, byteCount, &recorder) { return }
        if let index = related(IP.self, header, byteCount, input.arrival, &recorder) {
            return accept(&packet, index, innerAt: header, byteCount: byteCount)
        }
        let isDenial = reason == .notAdmitted || reason == .unknownService || reason == .fragmentWithoutPorts
        guard isAccess, isDenial, input.entry.answersDenied else { return packet.drop(reason) }
        packet.prohibit(reason)
    }

    /// Whether the packet of one subscriber is one of another's use of a service that the first one offers here, and is
    /// accepted as that: it comes down then, on the other's bill.
    @export(implementation) @inline(always)
    func isHairpin<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ header: Int, _ byteCount: Int, _ recorder: inout R
    ) -> Bool {
        let window = HeaderWindow(arena, at: header)
        // Most of what is refused goes to no subscriber, and needs no second look-up.
        let subscriber = IP.subscriber(tables, IP.destination(window))
        guard subscriber.isIndex else { return false }
        let service = IP.service(tables, IP.source(window))
        guard service.isIndex else { return false }
        recorder.record(.hairpin)
        recorder.record(.subscriber(subscriber))
        recorder.record(.service(service))
        guard
            let index = admitted(IP.self, subscriber, service, .down, header, byteCount, &recorder),
            unsafe refusal(IP.self, plain: index, tables.conversion(index), header, byteCount, &recorder)
                == nil
        else { return false }
        accept(&packet, index, innerAt: header, byteCount: byteCount)
        return true
    }

    /// Addressed to this node: the end of an IP-in-IP or MPLS-in-UDP tunnel, or something for the slow path.
    @export(implementation)
    func classifyLocal<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ pending: inout Pending, _ recorder: inout R
    ) {
        // Tunnels come by network ports: a subscriber who writes a tunnel's outer addresses must not speak for others, on
        // their bill.
        guard input.entry.role == .network else { return packet.punt(.local) }
        let window = HeaderWindow(arena, at: position.header)
        guard window.ipVersion == 4 else { return classifyOuterIPv6(&packet, position, &pending, &recorder) }
        let announced = IPProtocol(rawValue: window.octet(IPv4Field.protocol))
        if announced == .udp { return parseDatagramIPv4(&packet, position, &pending, &recorder) }
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
            IPv4.trafficClass(window), &pending, &recorder)
    }

    /// Addressed to this node by IPv6 (RFC 2473): the end of a tunnel, behind whatever extension headers there are.
    @export(implementation)
    func classifyOuterIPv6<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ pending: inout Pending, _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: position.header)
        let byteCount = IPv6.totalByteCount(window)
        let outer = OuterIPv6(in: arena.bytes(at: position.header, byteCount: byteCount))
        switch outer.content {
        case .other where outer.protocol == .udp, .fragment where outer.protocol == .udp:
            parseDatagramIPv6(&packet, position, outer, &pending, &recorder)
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
                outer.protocol, IPv6.trafficClass(window), &pending, &recorder)
        }
    }

    /// What stands in an outer header of these addresses' tunnel, if there is one.
    /// - Parameter outerClass: the outer header's DSCP and ECN.
    @export(implementation) @inline(always)
    func classifyTunnel<R: Recorder>(
        _ packet: inout Packet, _ inner: Position, _ tunnel: TunnelIndex?, _ announced: IPProtocol,
        _ outerClass: UInt8, _ pending: inout Pending, _ recorder: inout R
    ) {
        guard let tunnel else { return packet.drop(.unknownTunnelEndpoint) }
        recorder.record(.tunnel(tunnel))
        let entry = tables.tunnel(tunnel)
        // Outer addresses are easily written: only the line's own port speaks for the tunnel, as with path labels.
        guard entry.port == input.index else { return packet.drop(.unknownTunnelEndpoint) }
        guard entry.tags == inner.tags else { return packet.drop(.wrongVLAN) }
        if announced == .ipv4 {
            parseDecapsulated(IPv4.self, &packet, inner, tunnel, outerClass, &pending, &recorder)
        } else {
            parseDecapsulated(IPv6.self, &packet, inner, tunnel, outerClass, &pending, &recorder)
        }
    }
}

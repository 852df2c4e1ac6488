public import Packets
public import Tables
public import Trace
public import Wire

extension Classifier {
    /// What came out of an IP-in-IP tunnel (RFC 2003, RFC 4213): the inner addresses say which session it is.
    @export(implementation)
    func classifyDecapsulated<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ inner: Position,
        _ tunnel: TunnelIndex,
        _ outerECN: UInt8, _ recorder: inout R
    ) {
        var window = HeaderWindow(arena, at: inner.header)
        if let fault = IP.fault(window, available: inner.available) { return packet.drop(fault) }
        recorder.record(IP.step(window))
        let byteCount = IP.totalByteCount(window)
        let source = IP.source(window)
        let destination = IP.destination(window)

        // A subscriber's address may lie inside a service's prefix, so both directions are tried, and the session's
        // own leg decides.
        let down = match(IP.self, .down, source, destination, tunnel)
        let match =
            down.isFound ? down : self.match(IP.self, .up, source, destination, tunnel).orFurther(down)
        recorder.record(.subscriber(match.subscriber))
        recorder.record(.service(match.service))
        guard match.isFound else {
            if match.refusal == .notAdmitted { recorder.record(.noSession) }
            return packet.drop(match.refusal)
        }
        let index = match.conversion
        recorder.record(.session(index))
        // RFC 6040 §4.2: a congestion mark survives only where the inner transport can react to it.
        let trafficClass = IP.trafficClass(window)
        let decapsulated = decapsulatedECN(inner: trafficClass & 3, outer: outerECN)
        recorder.record(.congestion(inner: trafficClass & 3, outer: outerECN, result: decapsulated))
        guard let ecn = decapsulated else { return packet.drop(.ecnMismatch) }
        if ecn != trafficClass & 3 { IP.setTrafficClass(&window, trafficClass & 0xfc | ecn) }
        if let reason = refusal(IP.self, index, inner.header, byteCount, &recorder) {
            return packet.drop(reason)
        }
        accept(&packet, index, innerAt: inner.header, byteCount: byteCount)
    }

    /// The session, if any, that these inner addresses belong to in this direction and in this tunnel.
    @export(implementation) @inline(always)
    func match<IP: NetworkHeader>(
        _: IP.Type, _ direction: Direction, _ source: IP.Address, _ destination: IP.Address,
        _ tunnel: TunnelIndex
    ) -> SessionMatch {
        let isDown = direction == .down
        let subscriber = IP.subscriber(tables, isDown ? destination : source)
        let service = IP.service(tables, isDown ? source : destination)
        var match = SessionMatch(subscriber: subscriber, service: service)
        guard isDown ? service.isIndex : subscriber.isIndex else { return match }
        match.refusal = .innerDestinationMismatch
        guard isDown ? subscriber.isIndex : service.isIndex else { return match }
        match.refusal = .notAdmitted
        guard let session = tables.session(subscriber.asSubscriber, service.asService) else { return match }
        match.refusal = .wrongLeg
        let index = ConversionIndex(session, direction)
        guard unsafe tables.conversion(index).pointee.arrival == Arrival(tunnel: tunnel) else { return match }
        match.conversion = index
        return match
    }

    /// The label stack (RFC 3032): a tunnel's path label with a user label below it, a user label alone where the hop
    /// before popped the path label, or a transit label.
    @export(implementation) @inline(always)
    func classifyLabels<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ recorder: inout R
    ) {
        guard position.available >= 4 else { return packet.drop(.truncatedLabelStack) }
        guard position.tags == 0 else { return packet.drop(.wrongVLAN) }
        let window = HeaderWindow(arena, at: position.header)
        let top = LabelStackEntry(rawValue: window.network32(0))
        guard top.label.rawValue >= 16 else {
            recorder.record(.unboundLabel(top))
            return packet.drop(.reservedLabel)
        }
        switch tables.incomingLabel(top.label).action {
        case .transit(let nhlfe):
            recorder.record(.transitLabel(top, nhlfe))
            // The label table is for other nodes. A subscriber must not go past admission and the bill by a label.
            guard input.entry.role == .network else { return packet.drop(.labelOutOfContext) }
            packet.adjacency = nhlfe.rawValue
            packet.disposition = .transmit
        case .tunnel(let tunnel):
            recorder.record(.pathLabel(top, tunnel))
            guard tables.tunnel(tunnel).port == input.index else { return packet.drop(.labelOutOfContext) }
            guard !top.isBottomOfStack else { return packet.drop(.missingUserLabel) }
            guard position.available >= 8 else { return packet.drop(.truncatedLabelStack) }
            let user = LabelStackEntry(rawValue: window.network32(4))
            let inner = Position(header: position.header &+ 8, end: position.end, tags: 0)
            classifyUserLabel(&packet, inner, user, .tunnel(tunnel), top.ttl, &recorder)
        case .none:
            let inner = Position(header: position.header &+ 4, end: position.end, tags: 0)
            classifyUserLabel(&packet, inner, top, .port(input.index), top.ttl, &recorder)
        }
    }

    @export(implementation)
    func classifyUserLabel<R: Recorder>(
        _ packet: inout Packet, _ inner: Position, _ user: LabelStackEntry,
        _ context: LabelContext, _ topTTL: UInt8, _ recorder: inout R
    ) {
        guard user.label.rawValue >= 16 else {
            recorder.record(.unboundLabel(user))
            return packet.drop(.reservedLabel)
        }
        guard let index = tables.userLabel(user.label, in: context) else {
            recorder.record(.unboundLabel(user))
            return packet.drop(tables.isUserLabel(user.label) ? .labelOutOfContext : .unknownLabel)
        }
        recorder.record(.userLabel(user, index))
        guard user.isBottomOfStack else { return packet.drop(.missingBottomOfStack) }
        guard inner.available > 0 else { return packet.drop(.truncatedIPv4) }
        let version = HeaderWindow(arena, at: inner.header).ipVersion
        if version == 4 {
            classifyUnlabelled(IPv4.self, &packet, inner, index, topTTL, &recorder)
        } else if version == 6 {
            classifyUnlabelled(IPv6.self, &packet, inner, index, topTTL, &recorder)
        } else {
            packet.drop(.badIPVersion)
        }
    }

    /// What stood under a user label: it must fit the session in both addresses.
    @export(implementation)
    func classifyUnlabelled<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ inner: Position,
        _ index: ConversionIndex, _ topTTL: UInt8, _ recorder: inout R
    ) {
        tables.prefetch(index)
        let window = HeaderWindow(arena, at: inner.header)
        if let fault = IP.fault(window, available: inner.available) { return packet.drop(fault) }
        recorder.record(IP.step(window))
        let byteCount = IP.totalByteCount(window)
        let down = index.direction == .down
        let source = IP.source(window)
        let destination = IP.destination(window)
        let subscriber = IP.subscriber(tables, down ? destination : source)
        let service = IP.service(tables, down ? source : destination)
        recorder.record(.subscriber(subscriber))
        recorder.record(.service(service))
        let conversion = unsafe tables.conversion(index)
        let subscriberFits =
            unsafe subscriber.isIndex && subscriber.asSubscriber == conversion.pointee.subscriber
        let serviceFits = unsafe service.isIndex && service.asService == conversion.pointee.service
        guard down ? serviceFits : subscriberFits else { return packet.drop(.innerSourceMismatch) }
        guard down ? subscriberFits : serviceFits else { return packet.drop(.innerDestinationMismatch) }
        recorder.record(.session(index))
        if let reason = refusal(IP.self, index, inner.header, byteCount, &recorder) {
            return packet.drop(reason)
        }
        // The stack's TTL ends here too, whichever model holds (RFC 3032 §2.4.2).
        guard topTTL > 1 else { return packet.drop(.ttlExpired) }
        // RFC 3443 §3.4, uniform model: the label's TTL goes on in the IP header. This hop's own one comes off later.
        if unsafe tables.handsOnTTL(conversion.pointee.arrival) {
            var window = HeaderWindow(arena, at: inner.header)
            IP.setTimeToLive(&window, topTTL)
            recorder.record(.timeToLiveHandedOn(topTTL))
        }
        accept(&packet, index, innerAt: inner.header, byteCount: byteCount)
    }

    /// RFC 6040 §4.2, figure 4: the ECN field after decapsulation; nil where the packet must be dropped.
    ///
    /// ECN: 0 not ECN-capable, 1 ECT(1), 2 ECT(0), 3 congestion experienced.
    @inlinable @inline(always)
    func decapsulatedECN(inner: UInt8, outer: UInt8) -> UInt8? {
        if outer == 3 { return inner == 0 ? nil : 3 }
        // ECT(1) outside ECT(0): the outer mark stands.
        return outer == 1 && inner == 2 ? 1 : inner
    }
}

/// What the inner addresses of a decapsulated packet led to.
@usableFromInline struct SessionMatch: BitwiseCopyable {
    @usableFromInline let subscriber: LookupResult
    @usableFromInline let service: LookupResult
    @usableFromInline var conversion = ConversionIndex(rawValue: .max)
    /// Why there is no session, as far as the look-ups got.
    @usableFromInline var refusal = DropReason.innerSourceMismatch

    @inlinable @inline(always)
    init(subscriber: LookupResult, service: LookupResult) {
        self.subscriber = subscriber
        self.service = service
    }

    @inlinable @inline(always)
    var isFound: Bool { conversion.rawValue != .max }

    /// This match, or the other if that one's look-ups got further.
    @inlinable @inline(always)
    func orFurther(_ other: SessionMatch) -> SessionMatch {
        isFound || progress >= other.progress ? self : other
    }

    @inlinable @inline(always)
    var progress: Int {
        switch refusal {
        case .wrongLeg: 3
        case .notAdmitted: 2
        case .innerDestinationMismatch: 1
        default: 0
        }
    }
}

public import Packets
public import Tables
public import Trace
public import Wire

extension Classifier {
    /// What came out of an IP-in-IP tunnel (RFC 2003, RFC 2473, RFC 4213): the inner addresses say which session it is.
    /// - Parameter outerClass: the outer header's DSCP and ECN.
    @export(implementation)
    func classifyDecapsulated<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ inner: Position,
        _ tunnel: TunnelIndex,
        _ outerClass: UInt8, _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: inner.header)
        if let fault = IP.fault(window, available: inner.available) { return packet.drop(fault) }
        recorder.record(IP.step(window))
        let byteCount = IP.totalByteCount(window)
        let source = IP.source(window)
        let destination = IP.destination(window)

        // A subscriber's address may lie inside a service's prefix, so both directions are tried, and the session's
        // own leg decides.
        let down = match(IP.self, .down, source, destination, tunnel, inner.header, byteCount)
        let match =
            down.isFound
            ? down
            : self.match(IP.self, .up, source, destination, tunnel, inner.header, byteCount).orFurther(down)
        recorder.record(.subscriber(match.subscriber))
        recorder.record(.service(match.service))
        let arrival = Arrival(tunnel: tunnel)
        var index = match.conversion
        if match.isFound {
            recorder.record(.session(index))
        } else {
            if match.refusal == .notAdmitted { recorder.record(.noSession) }
            guard let related = related(IP.self, inner.header, byteCount, arrival, &recorder) else {
                return packet.drop(match.refusal)
            }
            index = related
        }
        // RFC 6040 §4.2: a congestion mark survives only where the inner transport can react to it.
        let outerECN = outerClass & 3
        let before = IP.trafficClass(window)
        let decapsulated = decapsulatedECN(inner: before & 3, outer: outerECN)
        recorder.record(.congestion(inner: before & 3, outer: outerECN, result: decapsulated))
        guard let ecn = decapsulated else { return packet.drop(.ecnMismatch) }
        if match.isFound, let reason = refusal(IP.self, index, inner.header, byteCount, &recorder) {
            guard let related = related(IP.self, inner.header, byteCount, arrival, &recorder) else {
                return packet.drop(reason)
            }
            index = related
        }
        var after = before & 0xfc | ecn
        // RFC 2983 §3, uniform model.
        if tables.innerClass(tunnel).isOuter { after = outerClass & 0xfc | ecn }
        if after != before {
            handOn(IP.self, &packet, inner.header, class: after, instead: before, &recorder)
        }
        accept(&packet, index, innerAt: inner.header, byteCount: byteCount)
    }

    /// Writes DSCP and ECN that a tunnel has brought into the inner header, and keeps what stood there.
    @export(implementation) @inline(always)
    func handOn<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ header: Int, class after: UInt8, instead before: UInt8,
        _ recorder: inout R
    ) {
        packet.arrivalClass = before
        var window = HeaderWindow(arena, at: header)
        IP.setTrafficClass(&window, after)
        if before &>> 2 != after &>> 2 {
            recorder.record(.classHandedOn(before: before &>> 2, after: after &>> 2))
        }
    }

    /// The session, if any, that these inner addresses belong to in this direction and in this tunnel.
    @export(implementation) @inline(always)
    func match<IP: NetworkHeader>(
        _: IP.Type, _ direction: Direction, _ source: IP.Address, _ destination: IP.Address,
        _ tunnel: TunnelIndex, _ header: Int, _ byteCount: Int
    ) -> SessionMatch {
        let isDown = direction == .down
        let subscriber = IP.subscriber(tables, isDown ? destination : source)
        let service = IP.service(tables, isDown ? source : destination)
        var match = SessionMatch(subscriber: subscriber, service: service)
        guard isDown ? service.isIndex : subscriber.isIndex else { return match }
        match.refusal = .innerDestinationMismatch
        guard isDown ? subscriber.isIndex : service.isIndex else { return match }
        match.refusal = .notAdmitted
        let arrival = Arrival(tunnel: tunnel)
        let session: SessionIndex
        switch tables.admission(subscriber.asSubscriber, service.asService) {
        case .none: return match
        case .session(let only): session = only
        case .group(let group):
            match.refusal = .wrongLeg
            let hash = IP.flowHash(arena.bytes(at: header, byteCount: byteCount))
            guard let path = path(group, hash, arrival, direction) else { return match }
            session = path
        }
        match.refusal = .wrongLeg
        let index = ConversionIndex(session, direction)
        guard unsafe tables.conversion(index).pointee.arrival == arrival else { return match }
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
        let window = HeaderWindow(arena, at: position.header)
        let top = LabelStackEntry(rawValue: window.network32(0))
        guard top.label.rawValue >= 16 else {
            return classifyNulls(&packet, position, .port(input.index), top, labelCount: 0, &recorder)
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
            if let fault = pathFault(top, tunnel, position.tags) { return packet.drop(fault) }
            guard position.available >= 8 else { return packet.drop(.truncatedLabelStack) }
            let user = LabelStackEntry(rawValue: window.network32(4))
            guard user.label.rawValue >= 16 else {
                let below = Position(
                    header: position.header &+ 4, end: position.end, tags: position.tags)
                return classifyNulls(&packet, below, .tunnel(tunnel), top, labelCount: 1, &recorder)
            }
            let inner = Position(header: position.header &+ 8, end: position.end, tags: position.tags)
            classifyUserLabel(&packet, inner, user, .tunnel(tunnel), top, &recorder)
        case .none:
            let inner = Position(header: position.header &+ 4, end: position.end, tags: position.tags)
            classifyUserLabel(&packet, inner, top, .port(input.index), top, &recorder)
        }
    }

    /// Why what stands under a tunnel's path label isn't looked at; nil if it is.
    @inlinable @inline(always)
    func pathFault(_ path: LabelStackEntry, _ tunnel: TunnelIndex, _ tags: UInt32) -> DropReason? {
        let entry = tables.tunnel(tunnel)
        guard entry.port == input.index else { return .labelOutOfContext }
        guard entry.tags == tags else { return .wrongVLAN }
        return path.isBottomOfStack ? .missingUserLabel : nil
    }

    /// The rest of a label stack that begins with a special-purpose label. Explicit nulls are popped, wherever they stand
    /// (RFC 3032 §2.1, RFC 4182), and say no more than their TTL and traffic class if they stood topmost; the others have
    /// nobody here.
    ///
    /// - Parameter position: that of the next entry.
    /// - Parameter context: where a user label would have its meaning: on the port, until a path label has come.
    /// - Parameter topmost: what the frame's stack began with.
    /// - Parameter labelCount: how many entries have been followed.
    @export(implementation)
    func classifyNulls<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ context: LabelContext, _ topmost: LabelStackEntry,
        labelCount: Int, _ recorder: inout R
    ) {
        var position = position
        var context = context
        for _ in labelCount..<Self.maximumLabelCount {
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
            if case .port = context {
                switch tables.incomingLabel(entry.label).action {
                case .transit(let nhlfe):
                    recorder.record(.transitLabel(entry, nhlfe))
                    return classifyExposed(&packet, position.header &- 4, entry, nhlfe, topmost)
                case .tunnel(let tunnel):
                    recorder.record(.pathLabel(entry, tunnel))
                    if let fault = pathFault(entry, tunnel, position.tags) { return packet.drop(fault) }
                    context = .tunnel(tunnel)
                    continue
                case .none: break
                }
            }
            return classifyUserLabel(&packet, position, entry, context, topmost, &recorder)
        }
        packet.drop(.labelStackTooDeep)
    }

    /// A transit label that explicit nulls have exposed: it goes on with what they said (RFC 3443 §3.4, RFC 3270 §2.6).
    /// - Parameter header: where the label stands.
    @inlinable
    func classifyExposed(
        _ packet: inout Packet, _ header: Int, _ label: LabelStackEntry, _ nhlfe: NHLFEIndex,
        _ topmost: LabelStackEntry
    ) {
        guard input.entry.role == .network else { return packet.drop(.labelOutOfContext) }
        var window = HeaderWindow(arena, at: header)
        window.store32(network: label.rawValue & ~0xeff | topmost.rawValue & 0xeff, at: 0)
        packet.networkOffset = UInt16(truncatingIfNeeded: header &- Int(packet.offset))
        packet.adjacency = nhlfe.rawValue
        packet.disposition = .transmit
    }

    /// Labels that are followed, from the top.
    @inlinable static var maximumLabelCount: Int { 8 }

    /// - Parameter user: no special-purpose label.
    /// - Parameter topmost: what the frame's stack began with.
    @export(implementation)
    func classifyUserLabel<R: Recorder>(
        _ packet: inout Packet, _ inner: Position, _ user: LabelStackEntry,
        _ context: LabelContext, _ topmost: LabelStackEntry, _ recorder: inout R
    ) {
        guard let index = tables.userLabel(user.label, in: context) else {
            recorder.record(.unboundLabel(user))
            return packet.drop(tables.isUserLabel(user.label) ? .labelOutOfContext : .unknownLabel)
        }
        recorder.record(.userLabel(user, index))
        // Under a path label the tunnel's tags have been looked at.
        if case .port = context {
            let arrival = unsafe tables.conversion(index).pointee.arrival
            guard tables.tunnel(TunnelIndex(rawValue: arrival.index)).tags == inner.tags else {
                return packet.drop(.wrongVLAN)
            }
        }
        guard user.isBottomOfStack else { return classifyBelowUserLabel(&packet, inner, &recorder) }
        guard inner.available > 0 else { return packet.drop(.truncatedIPv4) }
        let version = HeaderWindow(arena, at: inner.header).ipVersion
        if version == 4 {
            classifyUnlabelled(IPv4.self, &packet, inner, index, topmost, &recorder)
        } else if version == 6 {
            classifyUnlabelled(IPv6.self, &packet, inner, index, topmost, &recorder)
        } else {
            packet.drop(.badIPVersion)
        }
    }

    /// Below a user label nothing but a packet may stand; of what does, the associated channel is called by its name.
    @export(implementation)
    func classifyBelowUserLabel<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ recorder: inout R
    ) {
        guard position.available >= 4 else { return packet.drop(.missingBottomOfStack) }
        let entry = LabelStackEntry(rawValue: HeaderWindow(arena, at: position.header).network32(0))
        guard entry.label == .associatedChannel else { return packet.drop(.missingBottomOfStack) }
        recorder.record(.unboundLabel(entry))
        packet.drop(.associatedChannel)
    }

    /// What stood under a user label: it must fit the session in both addresses.
    @export(implementation)
    func classifyUnlabelled<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ inner: Position,
        _ labelled: ConversionIndex, _ topmost: LabelStackEntry, _ recorder: inout R
    ) {
        tables.prefetch(labelled)
        let window = HeaderWindow(arena, at: inner.header)
        if let fault = IP.fault(window, available: inner.available) { return packet.drop(fault) }
        recorder.record(IP.step(window))
        let byteCount = IP.totalByteCount(window)
        var index = labelled
        if unsafe tables.conversion(labelled).pointee.isGrouped {
            index = sharedPath(IP.self, labelled, inner.header, byteCount, &recorder)
        }
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
        var reason: DropReason?
        if subscriberFits && serviceFits {
            recorder.record(.session(index))
            reason = refusal(IP.self, index, inner.header, byteCount, &recorder)
        } else {
            reason = (down ? serviceFits : subscriberFits) ? .innerDestinationMismatch : .innerSourceMismatch
        }
        var taken = index
        if let reason {
            guard let related = related(IP.self, inner.header, byteCount, under: index, &recorder) else {
                return packet.drop(reason)
            }
            taken = related
        }
        // The stack's TTL ends here too, whichever model holds (RFC 3032 §2.4.2).
        guard topmost.ttl > 1 else { return expire(&packet, index) }
        let arrival = unsafe conversion.pointee.arrival
        // RFC 3443 §3.4, uniform model: the label's TTL goes on in the IP header. This hop's own one comes off later.
        if tables.handsOnTTL(arrival) {
            var window = HeaderWindow(arena, at: inner.header)
            recorder.record(.timeToLiveHandedOn(topmost.ttl, before: IP.timeToLive(window)))
            IP.setTimeToLive(&window, topmost.ttl)
        }
        // RFC 3270 §2.6: the traffic class may stand for the DSCP. ECN is the packet's own.
        let innerClass = tables.innerClass(TunnelIndex(rawValue: arrival.index))
        if !innerClass.isKeep, let codePoint = innerClass.dscp(topmost.trafficClass) {
            let before = IP.trafficClass(window)
            let after = codePoint &<< 2 | before & 3
            if after != before {
                handOn(IP.self, &packet, inner.header, class: after, instead: before, &recorder)
            }
        }
        accept(&packet, taken, innerAt: inner.header, byteCount: byteCount)
    }

    /// The topmost label's TTL is used up, in the tunnel of this conversion: for the slow path, where senders are told.
    @inlinable
    func expire(_ packet: inout Packet, _ index: ConversionIndex) {
        guard input.entry.sendsErrors else { return packet.drop(.ttlExpired) }
        packet.counter = index.rawValue
        packet.punt(.labelTTLExpired)
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

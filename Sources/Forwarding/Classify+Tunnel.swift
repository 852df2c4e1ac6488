public import Packets
public import Tables
public import Trace
public import Wire

extension Classifier {
    /// What came out of an IP-in-IP tunnel (RFC 2003, RFC 2473, RFC 4213): the inner addresses say which session it is.
    /// - Parameter outerClass: the outer header's DSCP and ECN.
    @export(implementation)
    func parseDecapsulated<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ inner: Position, _ tunnel: TunnelIndex, _ outerClass: UInt8,
        _ pending: inout Pending, _ recorder: inout R
    ) {
        let window = HeaderWindow(arena, at: inner.header)
        if let fault = IP.fault(window, available: inner.available) { return packet.drop(fault) }
        recorder.record(IP.step(window))
        // Most of them are on their way to subscribers.
        IP.prefetchSubscriber(tables, IP.destination(window))
        pending.kind = IP.decapsulated
        pending.header = UInt32(truncatingIfNeeded: inner.header)
        pending.byteCount = UInt32(truncatingIfNeeded: IP.totalByteCount(window))
        pending.tunnel = tunnel
        pending.outerClass = outerClass
    }

    /// Takes the packet for one that goes down, or up if these addresses don't: for now, since a subscriber's address
    /// may lie inside a service's prefix.
    @export(implementation) @inline(always)
    func findDecapsulated<IP: NetworkHeader>(_: IP.Type, _ pending: inout Pending) {
        let window = HeaderWindow(arena, at: Int(pending.header))
        let source = IP.source(window)
        let destination = IP.destination(window)
        pending.direction = .down
        pending.subscriber = IP.subscriber(tables, destination)
        pending.service = IP.service(tables, source)
        if !pending.subscriber.isIndex || !pending.service.isIndex {
            pending.direction = .up
            pending.subscriber = IP.subscriber(tables, source)
            pending.service = IP.service(tables, destination)
        }
        if pending.subscriber.isIndex { tables.prefetch(pending.subscriber.asSubscriber) }
    }

    /// Takes it for the one session's that these two have, for now.
    @inlinable @inline(always)
    func admitDecapsulated(_ pending: inout Pending) {
        pending.conversion = Pending.noConversion
        guard pending.subscriber.isIndex, pending.service.isIndex,
            case .session(let session) = admission(pending.subscriber, pending.service)
        else { return }
        pending.conversion = ConversionIndex(session, pending.direction)
        tables.prefetch(pending.conversion)
    }

    /// Makes sure of the session, and hands on what the tunnel has brought.
    @export(implementation) @inline(always)
    func finishDecapsulated<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ pending: UnsafePointer<Pending>,
        _ converter: borrowing Converter, _ identification: inout UInt16, _ recorder: inout R
    ) {
        let tunnel = unsafe pending.pointee.tunnel
        let outerClass = unsafe pending.pointee.outerClass
        let header = unsafe Int(pending.pointee.header)
        let byteCount = unsafe Int(pending.pointee.byteCount)
        let window = HeaderWindow(arena, at: header)
        let match = unsafe match(IP.self, pending)
        recorder.record(.subscriber(match.subscriber))
        recorder.record(.service(match.service))
        let arrival = Arrival(tunnel: tunnel)
        var index = match.conversion
        if match.isFound {
            recorder.record(.session(index))
        } else {
            if match.refusal == .notAdmitted { recorder.record(.noSession) }
            guard let related = related(IP.self, header, byteCount, arrival, &recorder) else {
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
        if match.isFound,
            let reason = unsafe refusal(
                IP.self, index, tables.conversion(index), header, byteCount, &recorder)
        {
            guard let related = related(IP.self, header, byteCount, arrival, &recorder) else {
                return packet.drop(reason)
            }
            index = related
        }
        var after = before & 0xfc | ecn
        // RFC 2983 §3, uniform model.
        if tables.innerClass(tunnel).isOuter { after = outerClass & 0xfc | ecn }
        if after != before {
            handOn(IP.self, &packet, header, class: after, instead: before, &recorder)
        }
        accept(&packet, index, innerAt: header, byteCount: byteCount)
        unsafe converter.convertInner(
            IP.self, &packet, header, tables.conversion(index), isOriginated: false, &identification,
            &recorder)
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

    /// The session that the inner addresses belong to: the one that the packet has been taken for, if it comes by this
    /// tunnel. Else both directions are tried, and the sessions' own legs decide.
    @export(implementation) @inline(always)
    func match<IP: NetworkHeader>(_: IP.Type, _ pending: UnsafePointer<Pending>) -> SessionMatch {
        let index = unsafe pending.pointee.conversion
        let tunnel = unsafe pending.pointee.tunnel
        if index != Pending.noConversion,
            unsafe tables.conversion(index).pointee.arrival == Arrival(tunnel: tunnel)
        {
            var match = unsafe SessionMatch(
                subscriber: pending.pointee.subscriber, service: pending.pointee.service)
            match.conversion = index
            return match
        }
        let header = unsafe Int(pending.pointee.header)
        let byteCount = unsafe Int(pending.pointee.byteCount)
        let down = match(IP.self, .down, tunnel, header, byteCount)
        if down.isFound { return down }
        return match(IP.self, .up, tunnel, header, byteCount).orFurther(down)
    }

    /// The session, if any, that these inner addresses belong to in this direction and in this tunnel.
    @export(implementation)
    func match<IP: NetworkHeader>(
        _: IP.Type, _ direction: Direction, _ tunnel: TunnelIndex, _ header: Int, _ byteCount: Int
    ) -> SessionMatch {
        let window = HeaderWindow(arena, at: header)
        let source = IP.source(window)
        let destination = IP.destination(window)
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
    func parseLabels<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ pending: inout Pending, _ recorder: inout R
    ) {
        guard position.available >= 4 else { return packet.drop(.truncatedLabelStack) }
        let window = HeaderWindow(arena, at: position.header)
        let top = LabelStackEntry(rawValue: window.network32(0))
        guard top.label.rawValue >= 16 else {
            return parseNulls(
                &packet, position, .port(input.index), top, labelCount: 0, &pending, &recorder)
        }
        switch tables.incomingLabel(top.label).action {
        case .transit(let nhlfe):
            recorder.record(.transitLabel(top, nhlfe))
            // The label table is for other nodes. A subscriber must not go past admission and the bill by a label.
            guard input.entry.role == .network else { return packet.drop(.labelOutOfContext) }
            tables.prefetch(nhlfe)
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
                return parseNulls(
                    &packet, below, .tunnel(tunnel), top, labelCount: 1, &pending, &recorder)
            }
            let inner = Position(header: position.header &+ 8, end: position.end, tags: position.tags)
            parseUserLabel(inner, user, .tunnel(tunnel), top, &pending)
        case .none:
            let inner = Position(header: position.header &+ 4, end: position.end, tags: position.tags)
            parseUserLabel(inner, top, .port(input.index), top, &pending)
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
    func parseNulls<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ context: LabelContext, _ topmost: LabelStackEntry,
        labelCount: Int, _ pending: inout Pending, _ recorder: inout R
    ) {
        var position = position
        var context = context
        for _ in labelCount..<Self.maximumLabelCount {
            guard position.available >= 4 else { return packet.drop(.truncatedLabelStack) }
            let entry = LabelStackEntry(rawValue: HeaderWindow(arena, at: position.header).network32(0))
            position.header &+= 4
            guard entry.label.rawValue >= 16 else {
                guard popNull(&packet, entry, &recorder) else { return }
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
            return parseUserLabel(position, entry, context, topmost, &pending)
        }
        packet.drop(.labelStackTooDeep)
    }

    /// A special-purpose label, on the way down a stack: only explicit nulls are popped.
    /// - Returns: whether the stack goes on below; else the packet has been dropped.
    @export(implementation) @inline(never)
    func popNull<R: Recorder>(
        _ packet: inout Packet, _ entry: LabelStackEntry, _ recorder: inout R
    ) -> Bool {
        guard entry.label.isExplicitNull else {
            recorder.record(.unboundLabel(entry))
            packet.drop(entry.label == .associatedChannel ? .associatedChannel : .reservedLabel)
            return false
        }
        recorder.record(.explicitNull(entry))
        if entry.isBottomOfStack { packet.drop(.missingUserLabel) }
        return !entry.isBottomOfStack
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

    /// A user label, where its stack has been followed to.
    /// - Parameter user: no special-purpose label.
    /// - Parameter topmost: what the frame's stack began with.
    @inlinable @inline(always)
    func parseUserLabel(
        _ inner: Position, _ user: LabelStackEntry, _ context: LabelContext, _ topmost: LabelStackEntry,
        _ pending: inout Pending
    ) {
        tables.prefetchUserLabel(user.label, in: context)
        pending.kind = .labelled
        pending.isDatagram = false
        pending.header = UInt32(truncatingIfNeeded: inner.header)
        pending.byteCount = UInt32(truncatingIfNeeded: inner.available)
        pending.tags = inner.tags
        pending.user = user
        pending.topmost = topmost
        pending.context = context
    }

    /// What does it say?
    @export(implementation) @inline(always)
    func findLabelled<R: Recorder>(
        _ packet: inout Packet, _ pending: inout Pending, _ recorder: inout R
    ) {
        let user = pending.user
        guard let index = tables.userLabel(user.label, in: pending.context) else {
            recorder.record(.unboundLabel(user))
            return drop(
                &packet, &pending, tables.isUserLabel(user.label) ? .labelOutOfContext : .unknownLabel)
        }
        recorder.record(.userLabel(user, index))
        tables.prefetch(index)
        pending.conversion = index
        // Whether there is an IP packet is asked later: this is only for the cache.
        guard pending.byteCount > 0 else { return }
        let window = HeaderWindow(arena, at: Int(pending.header))
        let isUp = index.direction == .up
        if window.ipVersion == 4 {
            tables.prefetchSubscriber(of: isUp ? IPv4.source(window) : IPv4.destination(window))
        } else {
            tables.prefetchSubscriber(of: isUp ? IPv6.source(window) : IPv6.destination(window))
        }
    }

    /// What stands under it, and whose are the addresses?
    @export(implementation) @inline(always)
    func admitLabelled<R: Recorder>(
        _ packet: inout Packet, _ pending: inout Pending, _ recorder: inout R
    ) {
        // Under a path label the tunnel's tags have been looked at.
        if case .port = pending.context {
            let arrival = unsafe tables.conversion(pending.conversion).pointee.arrival
            guard tables.tunnel(TunnelIndex(rawValue: arrival.index)).tags == pending.tags else {
                return drop(&packet, &pending, .wrongVLAN)
            }
        }
        guard pending.user.isBottomOfStack else {
            pending.kind = .nothing
            return classifyBelowUserLabel(&packet, pending.position, &recorder)
        }
        guard pending.byteCount > 0 else { return drop(&packet, &pending, .truncatedIPv4) }
        let version = HeaderWindow(arena, at: Int(pending.header)).ipVersion
        if version == 4 {
            admitUnlabelled(IPv4.self, &packet, &pending, &recorder)
        } else if version == 6 {
            admitUnlabelled6(&packet, &pending, &recorder)
        } else {
            drop(&packet, &pending, .badIPVersion)
        }
    }

    @export(implementation) @inline(always)
    func admitUnlabelled<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ pending: inout Pending, _ recorder: inout R
    ) {
        let header = Int(pending.header)
        let window = HeaderWindow(arena, at: header)
        if let fault = IP.fault(window, available: Int(pending.byteCount)) {
            return drop(&packet, &pending, fault)
        }
        recorder.record(IP.step(window))
        pending.byteCount = UInt32(truncatingIfNeeded: IP.totalByteCount(window))
        if unsafe tables.conversion(pending.conversion).pointee.isGrouped {
            pending.conversion = sharedPath(
                IP.self, pending.conversion, header, Int(pending.byteCount), &recorder)
        }
        let down = pending.conversion.direction == .down
        let source = IP.source(window)
        let destination = IP.destination(window)
        pending.subscriber = IP.subscriber(tables, down ? destination : source)
        pending.service = IP.service(tables, down ? source : destination)
        recorder.record(.subscriber(pending.subscriber))
        recorder.record(.service(pending.service))
        pending.kind = IP.unlabelled
    }

    /// So that the loop, most of whose packets are IPv4, fits the registers.
    @export(implementation) @inline(never)
    func admitUnlabelled6<R: Recorder>(
        _ packet: inout Packet, _ pending: inout Pending, _ recorder: inout R
    ) {
        admitUnlabelled(IPv6.self, &packet, &pending, &recorder)
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
    @export(implementation) @inline(always)
    func finishUnlabelled<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ pending: UnsafePointer<Pending>,
        _ converter: borrowing Converter, _ identification: inout UInt16, _ recorder: inout R
    ) {
        let header = unsafe Int(pending.pointee.header)
        let byteCount = unsafe Int(pending.pointee.byteCount)
        let topmost = unsafe pending.pointee.topmost
        let index = unsafe pending.pointee.conversion
        let subscriber = unsafe pending.pointee.subscriber
        let service = unsafe pending.pointee.service
        var conversion = unsafe tables.conversion(index)
        let subscriberFits =
            unsafe subscriber.isIndex && subscriber.asSubscriber == conversion.pointee.subscriber
        let serviceFits = unsafe service.isIndex && service.asService == conversion.pointee.service
        var reason: DropReason?
        if subscriberFits && serviceFits {
            recorder.record(.session(index))
            reason = unsafe refusal(IP.self, index, conversion, header, byteCount, &recorder)
        } else {
            let sourceFits = index.direction == .down ? serviceFits : subscriberFits
            reason = sourceFits ? .innerDestinationMismatch : .innerSourceMismatch
        }
        let arrival = unsafe conversion.pointee.arrival
        var taken = index
        if let reason {
            guard let related = related(IP.self, header, byteCount, under: index, &recorder) else {
                return packet.drop(reason)
            }
            taken = related
            unsafe conversion = tables.conversion(related)
        }
        // The stack's TTL ends here too, whichever model holds (RFC 3032 §2.4.2).
        guard topmost.ttl > 1 else { return expire(&packet, index) }
        // RFC 3443 §3.4, uniform model: the label's TTL goes on in the IP header. This hop's own one comes off later.
        if tables.handsOnTTL(arrival) {
            var window = HeaderWindow(arena, at: header)
            recorder.record(.timeToLiveHandedOn(topmost.ttl, before: IP.timeToLive(window)))
            IP.setTimeToLive(&window, topmost.ttl)
        }
        // RFC 3270 §2.6: the traffic class may stand for the DSCP. ECN is the packet's own.
        let innerClass = tables.innerClass(TunnelIndex(rawValue: arrival.index))
        if !innerClass.isKeep, let codePoint = innerClass.dscp(topmost.trafficClass) {
            let before = IP.trafficClass(HeaderWindow(arena, at: header))
            let after = codePoint &<< 2 | before & 3
            if after != before {
                handOn(IP.self, &packet, header, class: after, instead: before, &recorder)
            }
        }
        if unsafe pending.pointee.isDatagram,
            unsafe !takeOver(
                IP.self, &packet, header, innerClass, pending.pointee.outerClass, &recorder)
        {
            return
        }
        accept(&packet, taken, innerAt: header, byteCount: byteCount)
        unsafe converter.convertInner(
            IP.self, &packet, header, conversion, isOriginated: false, &identification, &recorder)
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

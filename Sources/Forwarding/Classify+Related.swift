public import Tables
public import Trace
public import Wire

/// ICMP errors belong to the session of the packet that they are about, in the direction that goes back to its sender
/// (RFC 792, RFC 4443 §3): they come from routers on the way, whose addresses are no service's, and no rule names them.
///
/// An error is the session's if its destination is whom the quoted packet came from, and if the session would have let the
/// quoted packet pass, whatever DSCP that has been given. All this is asked only of packets that were refused.
extension Classifier {
    /// The conversion that takes an ICMP error on which came by a port, or out of an IP-in-IP tunnel; nil if the packet is
    /// none, or nobody's.
    @export(implementation)
    func related<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ header: Int, _ byteCount: Int, _ arrival: Arrival, _ recorder: inout R
    ) -> ConversionIndex? {
        guard let quote = quote(IP.self, header, byteCount, &recorder) else { return nil }
        if let index = related(IP.self, header, byteCount, quote, .up, arrival, &recorder) { return index }
        // Up, plain packets come by access ports only.
        guard arrival.isTunnel || input.entry.role == .access else { return nil }
        return related(IP.self, header, byteCount, quote, .down, arrival, &recorder)
    }

    /// As above, where the quoted packet went in this direction.
    @export(implementation) @inline(always)
    func related<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ header: Int, _ byteCount: Int, _ quote: QuotedPacket, _ quotedDirection: Direction,
        _ arrival: Arrival, _ recorder: inout R
    ) -> ConversionIndex? {
        let window = HeaderWindow(arena, at: header)
        let quoted = HeaderWindow(arena, at: header &+ quote.offset)
        let isUp = quotedDirection == .up
        let subscriber = IP.subscriber(tables, isUp ? IP.source(quoted) : IP.destination(quoted))
        let service = IP.service(tables, isUp ? IP.destination(quoted) : IP.source(quoted))
        guard subscriber.isIndex, service.isIndex else { return nil }
        // On their own port subscribers speak for themselves alone.
        guard arrival.isTunnel || isUp || IP.subscriber(tables, IP.source(window)) == subscriber else {
            return nil
        }
        let back = isUp ? Direction.down : .up
        let session: SessionIndex
        switch tables.admission(subscriber.asSubscriber, service.asService) {
        case .none: return nil
        case .session(let only): session = only
        case .group(let group):
            let hash = IP.flowHash(arena.bytes(at: header, byteCount: byteCount))
            if let path = path(group, hash, arrival, back) {
                session = path
            } else if let path = path(group, hash, arrival, quotedDirection) {
                session = path
            } else {
                return nil
            }
        }
        let index = ConversionIndex(session, back)
        let isOrdinary = unsafe tables.conversion(index).pointee.arrival == arrival
        let isTurnedBack =
            unsafe arrival.isTunnel && tables.conversion(index.reversed).pointee.arrival == arrival
        guard isOrdinary || isTurnedBack else { return nil }
        guard
            unsafe refusal(
                IP.self, index.reversed, tables.conversion(index.reversed), header &+ quote.offset,
                quote.byteCount, isQuote: true, &recorder) == nil
        else { return nil }
        recorder.record(.related(index, isTurnedBack: !isOrdinary))
        return index
    }

    /// The conversion that takes an ICMP error on which stood under the user label of `index`; nil if the packet is none,
    /// or not about a packet of this session. About one that went the other way, it goes on as the label says. About one
    /// that went the same way, it comes from a hop inside the tunnel, which can only send it on to the tunnel's end
    /// (RFC 3032 §2.3.2); here it is turned back.
    @export(implementation)
    func related<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ header: Int, _ byteCount: Int, under index: ConversionIndex, _ recorder: inout R
    ) -> ConversionIndex? {
        guard let quote = quote(IP.self, header, byteCount, &recorder) else { return nil }
        let quoted = HeaderWindow(arena, at: header &+ quote.offset)
        let isOrdinary = fits(IP.self, quoted, index.reversed)
        guard isOrdinary || fits(IP.self, quoted, index) else { return nil }
        let there = isOrdinary ? index.reversed : index
        guard
            unsafe refusal(
                IP.self, there, tables.conversion(there), header &+ quote.offset, quote.byteCount,
                isQuote: true, &recorder) == nil
        else { return nil }
        recorder.record(.related(there.reversed, isTurnedBack: !isOrdinary))
        return there.reversed
    }

    /// What an ICMP error quotes, if it goes to whom the quoted packet came from, and comes from where somebody can be.
    @export(implementation) @inline(always)
    func quote<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ header: Int, _ byteCount: Int, _ recorder: inout R
    ) -> QuotedPacket? {
        guard let quote = IP.quote(arena.bytes(at: header, byteCount: byteCount)) else { return nil }
        let window = HeaderWindow(arena, at: header)
        let quoted = HeaderWindow(arena, at: header &+ quote.offset)
        guard IP.isSource(quoted, theDestinationOf: window),
            !IP.service(tables, IP.source(window)).isUnforwarded
        else { return nil }
        recorder.record(IP.quotedStep(quoted))
        return quote
    }

    /// Whether a header's addresses are those of the session's packets in this direction.
    @export(implementation) @inline(always)
    func fits<IP: NetworkHeader>(
        _: IP.Type, _ window: borrowing HeaderWindow, _ index: ConversionIndex
    ) -> Bool {
        let isUp = index.direction == .up
        let subscriber = IP.subscriber(tables, isUp ? IP.source(window) : IP.destination(window))
        let service = IP.service(tables, isUp ? IP.destination(window) : IP.source(window))
        let conversion = unsafe tables.conversion(index)
        return unsafe subscriber.isIndex && subscriber.asSubscriber == conversion.pointee.subscriber
            && service.isIndex && service.asService == conversion.pointee.service
    }
}

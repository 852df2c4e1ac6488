public import Packets
public import Tables
public import Trace
public import Wire

extension Classifier {
    /// Why the session's rules refuse the packet, or nil if one admits it (or there are none). On the way back the same
    /// rules hold mirrored: the service's port is then the source port, and a reply's type stands for its request's. The
    /// DSCP is the one that the sender gave the packet, whatever a tunnel has made of it. Of a quoted packet nobody knows
    /// that one: policers, tunnels and routers on the way may have written others (RFC 2474 §1), so it isn't asked for.
    ///
    /// - Parameter byteCount: of the packet, which may be less than its header says where it is a quoted one.
    /// - Parameter isQuote: whether an ICMP error quotes the packet.
    @export(implementation) @inline(always)
    func refusal<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ index: ConversionIndex, _ conversion: UnsafePointer<Conversion>, _ header: Int,
        _ byteCount: Int, isQuote: Bool = false, _ recorder: inout R
    ) -> DropReason? {
        let treatment = unsafe conversion.pointee.treatment
        guard treatment != .none, unsafe tables.treatment(treatment).pointee.ruleCount > 0 else {
            recorder.record(.everythingAdmitted)
            return nil
        }
        return unsafe refusal(
            IP.self, tables.treatment(treatment), index.direction, header, byteCount, isQuote: isQuote,
            &recorder)
    }

    /// The same where there are rules.
    @export(implementation) @inline(never)
    func refusal<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ treatment: UnsafePointer<Treatment>, _ direction: Direction, _ header: Int,
        _ byteCount: Int, isQuote: Bool, _ recorder: inout R
    ) -> DropReason? {
        let ruleCount = unsafe treatment.pointee.ruleCount
        let packet = arena.bytes(at: header, byteCount: byteCount)
        guard let transport = IP.transport(packet) else { return .truncatedTransport }
        recorder.record(.transport(transport.protocol, isLaterFragment: transport.isLaterFragment))
        let isIPv4 = IP.etherType == .ipv4
        let isUp = direction == .up
        let firstRule = unsafe treatment.pointee.firstRule
        var refusal = DropReason.notAdmitted
        for position in 0..<ruleCount {
            let rule = tables.rule(firstRule &+ position)
            guard rule.anyProtocol || transport.protocol == (isIPv4 ? rule.ipv4Protocol : rule.ipv6Protocol)
            else {
                continue
            }
            if rule.dscps != .max, !isQuote {
                // Of IPv4 the second octet, of IPv6 the second to fourth four bits; DSCP are the upper six of them.
                let first = packet.uint16(at: 0)
                let codePoint = UInt8(truncatingIfNeeded: isIPv4 ? first &>> 2 : first &>> 6) & 0x3f
                recorder.record(.codePoint(codePoint))
                guard rule.dscps &>> UInt64(codePoint) & 1 == 1 else { continue }
            }
            switch rule.match {
            case .nothing: break
            case .ports:
                guard !transport.isLaterFragment else {
                    refusal = .fragmentWithoutPorts
                    continue
                }
                guard transport.offset &+ 4 <= byteCount else {
                    refusal = .truncatedTransport
                    continue
                }
                let port = packet.uint16(at: transport.offset &+ (isUp ? 2 : 0))
                recorder.record(.servicePort(port))
                guard port >= rule.lowestPort, port <= rule.highestPort else { continue }
            case .icmp:
                guard !transport.isLaterFragment else {
                    refusal = .fragmentWithoutPorts
                    continue
                }
                guard transport.offset < byteCount else {
                    refusal = .truncatedTransport
                    continue
                }
                let type = packet.octet(at: transport.offset)
                recorder.record(.messageType(type))
                let types = rule.icmpTypes
                let due = isIPv4 ? (isUp ? types.v4Up : types.v4Down) : (isUp ? types.v6Up : types.v6Down)
                // 255 stands for a version that has no such type, though a packet may come with it.
                guard type == due, due != 255 else { continue }
            }
            recorder.record(.ruleAdmits(position))
            return nil
        }
        recorder.record(.noRuleAdmits(ruleCount: ruleCount))
        return refusal
    }
}

/// What a rule asks about a packet's transport.
@usableFromInline struct Transport: BitwiseCopyable {
    @usableFromInline let `protocol`: IPProtocol
    /// Where the transport header begins, from the IP header on.
    @usableFromInline let offset: Int
    /// Whether it is a fragment without that header.
    @usableFromInline let isLaterFragment: Bool

    /// The packet's IPv4 header is known to be sound.
    @inlinable @inline(always)
    init?(ipv4 packet: RawSpan) {
        `protocol` = IPProtocol(rawValue: packet.octet(at: IPv4Field.protocol))
        offset = Int(packet.octet(at: IPv4Field.versionAndHeaderLength) & 0xf) &* 4
        isLaterFragment =
            packet.uint16(at: IPv4Field.flagsAndFragmentOffset) & IPv4Field.fragmentOffsetMask != 0
    }

    /// Nil where the chain of extension headers is broken or too long to follow.
    @inlinable @inline(always)
    init?(ipv6 packet: RawSpan) {
        guard let upper = IPv6Upper(in: packet) else { return nil }
        `protocol` = upper.protocol
        offset = upper.offset
        isLaterFragment = upper.isLaterFragment
    }
}

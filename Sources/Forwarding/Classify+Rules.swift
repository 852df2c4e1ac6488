public import Packets
public import Tables
public import Trace
public import Wire

extension Classifier {
    /// Why the session's rules refuse the packet, or nil if one admits it (or there are none). On the way back the same
    /// rules hold mirrored: the service's port is then the source port.
    @export(implementation) @inline(always)
    func refusal<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ index: ConversionIndex, _ header: Int, _ byteCount: Int,
        _ recorder: inout R
    ) -> DropReason? {
        let treatment = unsafe tables.treatment(index)
        let ruleCount = unsafe treatment.pointee.ruleCount
        guard ruleCount > 0 else {
            recorder.record(.everythingAdmitted)
            return nil
        }
        let packet = arena.bytes(at: header, byteCount: byteCount)
        let isIPv4 = IP.etherType == .ipv4
        guard let transport = isIPv4 ? Transport(ipv4: packet) : Transport(ipv6: packet) else {
            return .truncatedTransport
        }
        recorder.record(.transport(transport.protocol, isLaterFragment: transport.isLaterFragment))
        let firstRule = unsafe treatment.pointee.firstRule
        var refusal = DropReason.notAdmitted
        for position in 0..<ruleCount {
            let rule = tables.rule(firstRule &+ position)
            guard rule.anyProtocol || transport.protocol == (isIPv4 ? rule.ipv4Protocol : rule.ipv6Protocol)
            else {
                continue
            }
            if rule.match == .ports {
                guard !transport.isLaterFragment else {
                    refusal = .fragmentWithoutPorts
                    continue
                }
                guard transport.offset &+ 4 <= byteCount else {
                    refusal = .truncatedTransport
                    continue
                }
                let port = packet.uint16(at: transport.offset &+ (index.direction == .up ? 2 : 0))
                recorder.record(.servicePort(port))
                guard port >= rule.lowestPort, port <= rule.highestPort else { continue }
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

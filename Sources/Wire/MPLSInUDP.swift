/// MPLS in UDP (RFC 7510).
///
/// ```
/// | IP | UDP: source port, 6635, length, checksum | label stack | what the labels carry |
/// ```
public enum MPLSInUDP {
    /// The destination port of every datagram.
    @inlinable public static var port: UInt16 { 6635 }

    /// The source port of a flow's datagrams: 49,152 to 65,535, by which routers on the way spread flows (RFC 7510 §3).
    ///
    /// By other bits of the hash than those that choose a session's path.
    @inlinable @inline(always)
    public static func sourcePort(_ flow: FlowHash) -> UInt16 {
        UInt16(truncatingIfNeeded: flow.rawValue) | 0xc000
    }

    /// Where the label stack of an IP packet begins that is MPLS in UDP, in bytes from the packet's first. Nil where it is
    /// something else, a fragment, or too short to say.
    /// - Parameter packet: begins with the IP header.
    public static func stackOffset(in packet: RawSpan) -> Int? {
        guard packet.byteCount >= IPv4Field.minimumByteCount else { return nil }
        let transport: Int
        switch packet.octet(at: 0) >> 4 {
        case 4:
            guard IPProtocol(rawValue: packet.octet(at: IPv4Field.protocol)) == .udp,
                packet.uint16(at: IPv4Field.flagsAndFragmentOffset)
                    & (IPv4Field.moreFragmentsMask | IPv4Field.fragmentOffsetMask) == 0
            else { return nil }
            transport = Int(packet.octet(at: 0) & 0xf) * 4
        case 6:
            guard packet.byteCount >= IPv6Field.byteCount else { return nil }
            let outer = OuterIPv6(in: packet)
            guard outer.content == .other, outer.protocol == .udp else { return nil }
            transport = outer.offset
        default: return nil
        }
        guard transport + UDPField.byteCount <= packet.byteCount, packet.uint16(at: transport + 2) == port
        else { return nil }
        return transport + UDPField.byteCount
    }
}

public import Packets
public import Tables
public import Trace
public import Wire

/// First pass, for one packet: parses it, finds the session (or transit label) it belongs to and whether it may pass.
///
/// Leaves the packet `.transmit` with `counter` set to the session's conversion and `networkOffset` to the inner IP
/// header; or, for a transit label, `.transmit` without a counter; or `.dropped`; or `.punt`.
@usableFromInline struct Classifier: ~Copyable, ~Escapable {
    @usableFromInline let tables: TablesView
    @usableFromInline let input: Input
    @usableFromInline let arena: Arena

    @inlinable @inline(always) @_lifetime(copy arena)
    init(tables: TablesView, input: Input, arena: borrowing Arena) {
        self.tables = tables
        self.input = input
        self.arena = copy arena
    }

    @export(implementation) @inline(always)
    func classify<R: Recorder>(_ packet: inout Packet, _ recorder: inout R) {
        guard packet.disposition == .undecided else { return }
        let start = Int(packet.offset)
        let end = start &+ Int(packet.byteCount)
        if input.entry.isEthernet {
            classifyFrame(&packet, start, end, &recorder)
        } else {
            classifyIP(&packet, Position(header: start, end: end, tags: 0), &recorder)
        }
    }

    /// Ethernet II (RFC 894, RFC 2464), with up to two VLAN tags (IEEE 802.1Q, 802.1ad).
    @export(implementation) @inline(always)
    func classifyFrame<R: Recorder>(
        _ packet: inout Packet, _ start: Int, _ end: Int, _ recorder: inout R
    ) {
        let available = end &- start
        guard available >= EthernetField.byteCount else { return packet.drop(.truncatedEthernet) }
        let window = HeaderWindow(arena, at: start)
        let destination = MACAddress(rawValue: window.network64(EthernetField.destination) &>> 16)
        var etherType = EtherType(rawValue: window.network16(EthernetField.etherType))
        var headerByteCount = EthernetField.byteCount
        var tags: UInt32 = 0
        if etherType == .vlan || etherType == .serviceVLAN {
            guard available >= 18 else { return packet.drop(.truncatedEthernet) }
            tags = UInt32(window.network16(14) & 0xfff)
            etherType = EtherType(rawValue: window.network16(16))
            headerByteCount = 18
            if etherType == .vlan {
                guard available >= 22 else { return packet.drop(.truncatedEthernet) }
                tags = tags &<< 16 | UInt32(window.network16(18) & 0xfff)
                etherType = EtherType(rawValue: window.network16(20))
                headerByteCount = 22
            }
        }
        recorder.record(
            .ethernet(
                destination: destination,
                source: MACAddress(rawValue: window.network64(EthernetField.source &- 2)),
                etherType: etherType, tags: tags))
        packet.networkOffset = UInt16(truncatingIfNeeded: headerByteCount)
        let position = Position(header: start &+ headerByteCount, end: end, tags: tags)
        guard destination == input.entry.macAddress else {
            return classifyForeign(&packet, position, destination, etherType)
        }
        if etherType == .mpls {
            classifyLabels(&packet, position, &recorder)
        } else if etherType == .ipv4 {
            classifyPlain(IPv4.self, &packet, position, &recorder)
        } else if etherType == .ipv6 {
            classifyPlain(IPv6.self, &packet, position, &recorder)
        } else if etherType == .arp {
            packet.punt(.arp)
        } else {
            packet.drop(.unknownEtherType)
        }
    }

    /// A frame addressed to a group, or to another station. Of groups only ARP and IPv6 neighbour discovery concern us;
    /// the slow path looks whether it is that.
    @inlinable
    func classifyForeign(
        _ packet: inout Packet, _ position: Position, _ destination: MACAddress, _ etherType: EtherType
    ) {
        guard destination.isGroup else { return packet.drop(.notOurMAC) }
        if etherType == .arp { return packet.punt(.arp) }
        let window = HeaderWindow(arena, at: position.header)
        let isDiscovery =
            etherType == .ipv6 && position.available > IPv6Field.byteCount
            && IPProtocol(rawValue: window.octet(IPv6Field.nextHeader)) == .icmpv6
        return isDiscovery ? packet.punt(.local) : packet.drop(.notUnicast)
    }

    /// A bare IP packet: the first four bits say which version.
    @export(implementation) @inline(always)
    func classifyIP<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ recorder: inout R
    ) {
        packet.networkOffset = 0
        guard position.available > 0 else { return packet.drop(.truncatedIPv4) }
        let version = HeaderWindow(arena, at: position.header).ipVersion
        if version == 4 {
            classifyPlain(IPv4.self, &packet, position, &recorder)
        } else if version == 6 {
            classifyPlain(IPv6.self, &packet, position, &recorder)
        } else {
            packet.drop(.badIPVersion)
        }
    }

    /// The packet is admitted by this conversion: what the second pass needs is noted, and its cache line asked for.
    @inlinable @inline(always)
    func accept(_ packet: inout Packet, _ conversion: ConversionIndex, innerAt header: Int, byteCount: Int) {
        tables.prefetch(conversion)
        packet.counter = conversion.rawValue
        packet.networkOffset = UInt16(truncatingIfNeeded: header &- Int(packet.offset))
        packet.meteredByteCount = UInt32(truncatingIfNeeded: byteCount)
        packet.disposition = .transmit
    }
}

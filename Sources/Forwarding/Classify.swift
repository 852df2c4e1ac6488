public import Packets
public import Tables
public import Trace
public import Wire

/// The stages that decide on a packet: what it is, which session (or transit label) it belongs to, and whether it may
/// pass. Each one asks for the cache lines that the next one reads:
///
/// 1. `parse`: link header, label stack, outer and plain IP header. Asks for where addresses and user labels are found.
/// 2. `find`: whose the addresses are, or what the user label says. Asks for the subscriber, or the conversion.
/// 3. `admit`: by which session the subscriber may use the service; under a label, whose the addresses are. Asks for
///    the conversion.
/// 4. `finish`: leg, rules, and what a tunnel hands on; and at once, what `Converter` does.
///
/// A packet can be decided on in each of them; `Pending.kind` then says that nothing is left to do. At last it is
/// `.transmit` with `counter` set to the session's conversion and `networkOffset` to the inner IP header; or, for a
/// transit label, `.transmit` without a counter; or `.dropped`; or `.punt`.
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

    /// Ethernet II (RFC 894, RFC 2464).
    @export(implementation) @inline(always)
    func parseFrame<R: Recorder>(
        _ packet: inout Packet, _ start: Int, _ end: Int, _ pending: inout Pending, _ recorder: inout R
    ) {
        guard end &- start >= EthernetField.byteCount else { return packet.drop(.truncatedEthernet) }
        let window = HeaderWindow(arena, at: start)
        let etherType = EtherType(rawValue: window.network16(EthernetField.etherType))
        let destination = MACAddress(rawValue: window.network64(EthernetField.destination) &>> 16)
        guard destination == input.entry.macAddress, etherType != .vlan, etherType != .serviceVLAN else {
            return parseOtherFrame(&packet, start, end, &pending, &recorder)
        }
        recordFrame(window, etherType, tags: 0, &recorder)
        packet.networkOffset = UInt16(truncatingIfNeeded: EthernetField.byteCount)
        let position = Position(header: start &+ EthernetField.byteCount, end: end, tags: 0)
        parseContent(&packet, position, etherType, &pending, &recorder)
    }

    /// A frame with up to two VLAN tags (IEEE 802.1Q, 802.1ad), or one that isn't addressed to this port.
    @export(implementation) @inline(never)
    func parseOtherFrame<R: Recorder>(
        _ packet: inout Packet, _ start: Int, _ end: Int, _ pending: inout Pending, _ recorder: inout R
    ) {
        let available = end &- start
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
        recordFrame(window, etherType, tags: tags, &recorder)
        packet.networkOffset = UInt16(truncatingIfNeeded: headerByteCount)
        let position = Position(header: start &+ headerByteCount, end: end, tags: tags)
        guard destination == input.entry.macAddress else {
            return classifyForeign(&packet, position, destination, etherType)
        }
        parseContent(&packet, position, etherType, &pending, &recorder)
    }

    @export(implementation) @inline(always)
    func recordFrame<R: Recorder>(
        _ window: borrowing HeaderWindow, _ etherType: EtherType, tags: UInt32, _ recorder: inout R
    ) {
        recorder.record(
            .ethernet(
                destination: MACAddress(rawValue: window.network64(EthernetField.destination) &>> 16),
                source: MACAddress(rawValue: window.network64(EthernetField.source &- 2)),
                etherType: etherType, tags: tags))
    }

    /// What a frame to this port brings.
    @export(implementation) @inline(always)
    func parseContent<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ etherType: EtherType, _ pending: inout Pending,
        _ recorder: inout R
    ) {
        if etherType == .ipv4 {
            parsePlain(IPv4.self, &packet, position, &pending, &recorder)
        } else if etherType == .mpls {
            parseLabels(&packet, position, &pending, &recorder)
        } else {
            parseOtherContent(&packet, position, etherType, &pending, &recorder)
        }
    }

    @export(implementation) @inline(never)
    func parseOtherContent<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ etherType: EtherType, _ pending: inout Pending,
        _ recorder: inout R
    ) {
        if etherType == .ipv6 {
            parsePlain(IPv6.self, &packet, position, &pending, &recorder)
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
    func parseIP<R: Recorder>(
        _ packet: inout Packet, _ position: Position, _ pending: inout Pending, _ recorder: inout R
    ) {
        packet.networkOffset = 0
        guard position.available > 0 else { return packet.drop(.truncatedIPv4) }
        let version = HeaderWindow(arena, at: position.header).ipVersion
        if version == 4 {
            parsePlain(IPv4.self, &packet, position, &pending, &recorder)
        } else if version == 6 {
            parseOtherContent(&packet, position, .ipv6, &pending, &recorder)
        } else {
            packet.drop(.badIPVersion)
        }
    }

    /// The packet is admitted by this conversion: what is needed to rewrite it is noted.
    @inlinable @inline(always)
    func accept(_ packet: inout Packet, _ conversion: ConversionIndex, innerAt header: Int, byteCount: Int) {
        packet.counter = conversion.rawValue
        packet.networkOffset = UInt16(truncatingIfNeeded: header &- Int(packet.offset))
        packet.meteredByteCount = UInt32(truncatingIfNeeded: byteCount)
        packet.disposition = .transmit
    }
}

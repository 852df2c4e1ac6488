public import Packets
public import Tables
public import Trace
public import Wire

/// Second pass, for one packet that the first one let through: checks TTL, length and next hop, and only then rewrites
/// it, so that whoever must answer with an ICMP error still sees the packet as it came.
@usableFromInline struct Converter: ~Copyable, ~Escapable {
    @usableFromInline let tables: TablesView
    @usableFromInline let arena: Arena
    /// Whether senders are told what became of their packets; else these are dropped.
    @usableFromInline let sendsErrors: Bool
    /// Whether the packets are this node's own: no hop is taken off, nothing is policed, and nobody pays.
    @usableFromInline let isOriginated: Bool
    /// Whether they are fragments of a packet that has been policed whole.
    @usableFromInline let isFragment: Bool

    @inlinable @inline(always) @_lifetime(copy arena)
    init(
        tables: TablesView, arena: borrowing Arena, sendsErrors: Bool, isOriginated: Bool = false,
        isFragment: Bool = false
    ) {
        self.tables = tables
        self.arena = copy arena
        self.sendsErrors = sendsErrors
        self.isOriginated = isOriginated
        self.isFragment = isFragment
    }

    @export(implementation) @inline(never)
    func convert<R: Recorder>(
        _ packet: inout Packet, _ identification: inout UInt16,
        _ recorder: inout R
    ) {
        guard packet.disposition == .transmit else { return }
        guard packet.counter != Packet.noCounter else {
            return relabel(&packet, isOriginated: isOriginated, &recorder)
        }
        let header = Int(packet.offset) &+ Int(packet.networkOffset)
        let conversion = unsafe tables.conversion(ConversionIndex(rawValue: packet.counter))
        if HeaderWindow(arena, at: header).ipVersion == 4 {
            unsafe convertInner(
                IPv4.self, &packet, header, conversion, isOriginated: isOriginated, &identification,
                &recorder)
        } else {
            unsafe convertInner(
                IPv6.self, &packet, header, conversion, isOriginated: isOriginated, &identification,
                &recorder)
        }
    }

    /// - Parameters:
    ///   - conversion: the one whose index is the packet's `counter`.
    ///   - isOriginated: as the property, but known when this is compiled.
    @export(implementation) @inline(always)
    func convertInner<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ header: Int, _ conversion: UnsafePointer<Conversion>,
        isOriginated: Bool, _ identification: inout UInt16, _ recorder: inout R
    ) {
        let treatment = unsafe conversion.pointee.treatment
        var window = HeaderWindow(arena, at: header)
        guard isOriginated || IP.timeToLive(window) > 1 else {
            return answer(&packet, .ttlExpired, .ttlExpired)
        }
        var limit = unsafe conversion.pointee.maximumInnerByteCount
        if treatment != .none { unsafe limit = pathLimit(IP.self, conversion, limit) }
        guard packet.meteredByteCount <= UInt32(limit) else {
            guard isOriginated || IP.dontFragment(window) else { return packet.punt(.fragment) }
            return answer(&packet, .tooBig, .tooBig)
        }
        guard let adjacency = unsafe departure(IP.self, &packet, window, conversion) else { return }
        var given = GivenClass.none
        if treatment != .none, unsafe tables.treatment(treatment).pointee.rewrites {
            unsafe given = treat(IP.self, &packet, header, conversion, &recorder)
            guard packet.disposition == .transmit else { return }
        }

        if !isOriginated { IP.decrementTimeToLive(&window) }
        var etherType = IP.etherType
        let encapsulation = unsafe conversion.pointee.encapsulation
        if encapsulation == .mpls {
            unsafe pushLabels(IP.self, &window, conversion, given)
            etherType = .mpls
        } else if encapsulation != .plain {
            if encapsulation == .ipv4 {
                unsafe pushOuterIPv4(
                    IP.self, &window, conversion, given, packet.meteredByteCount, &identification)
                etherType = .ipv4
            } else if encapsulation == .ipv6 {
                unsafe pushOuterIPv6(IP.self, &window, conversion, given, packet.meteredByteCount)
                etherType = .ipv6
            } else {
                unsafe etherType = pushDatagram(
                    IP.self, header, conversion, given, packet.meteredByteCount, &identification)
                packet.isOwnDatagram = true
            }
        }
        let headerByteCount = unsafe Int(conversion.pointee.headerByteCount)
        recorder.record(.converted(ConversionIndex(rawValue: packet.counter)))
        unsafe leave(
            &packet, from: header &- headerByteCount,
            byteCount: Int(packet.meteredByteCount) &+ headerByteCount, adjacency, etherType, &recorder)
        if isOriginated { packet.counter = Packet.noCounter }
    }

    /// Where the packet leaves, which is noted in it; nil if its next hop isn't known, or it would go in circles: it has
    /// been punted or dropped then.
    @export(implementation) @inline(always)
    func departure<IP: NetworkHeader>(
        _: IP.Type, _ packet: inout Packet, _ window: borrowing HeaderWindow,
        _ conversion: UnsafePointer<Conversion>
    ) -> UnsafePointer<Adjacency>? {
        unsafe packet.adjacency = conversion.pointee.adjacency.rawValue
        var adjacency = unsafe tables.adjacency(conversion.pointee.adjacency)
        if unsafe adjacency.pointee.state == .onLink {
            let onLink = AdjacencyIndex(rawValue: packet.adjacency)
            guard let neighbour = IP.neighbour(tables, IP.destination(window), onLink) else {
                packet.punt(.resolve)
                return nil
            }
            packet.adjacency = neighbour.rawValue
            unsafe adjacency = tables.adjacency(neighbour)
        }
        guard unsafe adjacency.pointee.state != .incomplete else {
            packet.punt(.resolve)
            return nil
        }
        guard unsafe !isRecursive(IP.self, window, conversion) else {
            packet.drop(.recursiveEncapsulation)
            return nil
        }
        return unsafe adjacency
    }

    /// The sender is told, or not: as the port wants it that the packet came by. Nobody is told of an answer's end.
    @inlinable @inline(always)
    func answer(_ packet: inout Packet, _ punt: Punt, _ reason: DropReason) {
        if sendsErrors && !isOriginated { packet.punt(punt) } else { packet.drop(reason) }
    }

    /// Puts the link header before the packet, trims what the link had padded, and says where it leaves.
    @export(implementation) @inline(always)
    func leave<R: Recorder>(
        _ packet: inout Packet, from start: Int, byteCount: Int,
        _ adjacency: UnsafePointer<Adjacency>, _ etherType: EtherType, _ recorder: inout R
    ) {
        recorder.record(.adjacency(AdjacencyIndex(rawValue: packet.adjacency)))
        let linkByteCount = unsafe Int(adjacency.pointee.headerByteCount)
        if linkByteCount > 0 {
            var window = HeaderWindow(arena, at: start)
            unsafe window.store(adjacency.pointee.header.0, at: -24)
            unsafe window.store(adjacency.pointee.header.1, at: -16)
            unsafe window.store(adjacency.pointee.header.2, at: -8)
            window.store16(network: etherType.rawValue, at: -2)
        }
        packet.offset = UInt32(truncatingIfNeeded: start &- linkByteCount)
        packet.byteCount = UInt32(truncatingIfNeeded: byteCount &+ linkByteCount)
        packet.egress = unsafe PortIndex(rawValue: adjacency.pointee.port)
    }
}

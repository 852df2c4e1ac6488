public import Packets
public import Tables
public import Trace
public import Wire

/// Second pass, for one packet that the first one let through: checks TTL, length and next hop, and only then rewrites
/// it, so that whoever must answer with an ICMP error still sees the packet as it came.
@usableFromInline struct Converter: ~Copyable, ~Escapable {
    @usableFromInline let tables: TablesView
    @usableFromInline let arena: Arena

    @inlinable @inline(always) @_lifetime(copy arena)
    init(tables: TablesView, arena: borrowing Arena) {
        self.tables = tables
        self.arena = copy arena
    }

    @export(implementation) @inline(always)
    func convert<R: Recorder>(
        _ packet: inout Packet, _ identification: inout UInt16,
        _ recorder: inout R
    ) {
        guard packet.disposition == .transmit else { return }
        guard packet.counter != Packet.noCounter else { return relabel(&packet, &recorder) }
        let header = Int(packet.offset) &+ Int(packet.networkOffset)
        if HeaderWindow(arena, at: header).ipVersion == 4 {
            convertInner(IPv4.self, &packet, header, &identification, &recorder)
        } else {
            convertInner(IPv6.self, &packet, header, &identification, &recorder)
        }
    }

    @export(implementation) @inline(always)
    func convertInner<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ packet: inout Packet, _ header: Int,
        _ identification: inout UInt16, _ recorder: inout R
    ) {
        let index = ConversionIndex(rawValue: packet.counter)
        let conversion = unsafe tables.conversion(index)
        var window = HeaderWindow(arena, at: header)
        // An ICMP error can be sent only to where the packet came from, and not yet into a tunnel.
        let isAnswerable = unsafe !conversion.pointee.arrival.isTunnel
        guard IP.timeToLive(window) > 1 else {
            return isAnswerable ? packet.punt(.ttlExpired) : packet.drop(.ttlExpired)
        }
        guard unsafe packet.meteredByteCount <= UInt32(conversion.pointee.maximumInnerByteCount) else {
            guard IP.dontFragment(window) else { return packet.punt(.fragment) }
            return isAnswerable ? packet.punt(.tooBig) : packet.drop(.tooBig)
        }
        unsafe packet.adjacency = conversion.pointee.adjacency.rawValue
        var adjacency = unsafe tables.adjacency(conversion.pointee.adjacency)
        if unsafe adjacency.pointee.state == .onLink {
            let onLink = AdjacencyIndex(rawValue: packet.adjacency)
            guard let neighbour = IP.neighbour(tables, IP.destination(window), onLink) else {
                return packet.punt(.resolve)
            }
            packet.adjacency = neighbour.rawValue
            unsafe adjacency = tables.adjacency(neighbour)
        }
        guard unsafe adjacency.pointee.state != .incomplete else { return packet.punt(.resolve) }

        IP.decrementTimeToLive(&window)
        var etherType = IP.etherType
        switch unsafe conversion.pointee.encapsulation {
        case .plain: break
        case .mpls:
            unsafe pushLabels(IP.self, &window, conversion)
            etherType = .mpls
        case .ipv4:
            unsafe pushOuterIPv4(IP.self, &window, conversion, packet.meteredByteCount, &identification)
            etherType = .ipv4
        case .ipv6:
            unsafe pushOuterIPv6(IP.self, &window, conversion, packet.meteredByteCount)
            etherType = .ipv6
        }
        let headerByteCount = unsafe Int(conversion.pointee.headerByteCount)
        recorder.record(.converted(index))
        unsafe leave(
            &packet, from: header &- headerByteCount,
            byteCount: Int(packet.meteredByteCount) &+ headerByteCount, adjacency, etherType, &recorder)
    }

    /// Path label and user label (or the user label alone), prebaked; TTL and traffic class follow the inner packet
    /// (RFC 3443 uniform model, RFC 5462) unless the tunnel fixes them.
    @export(implementation) @inline(always) @_lifetime(window: copy window)
    func pushLabels<IP: NetworkHeader>(
        _: IP.Type, _ window: inout HeaderWindow, _ conversion: UnsafePointer<Conversion>
    ) {
        let flags = unsafe conversion.pointee.flags
        let ttl = UInt32(flags.contains(.copyTTL) ? IP.timeToLive(window) : 0)
        // The top three of eight bits, to bits 9–11 of the entry.
        let trafficClass = UInt32(flags.contains(.copyClass) ? IP.trafficClass(window) &>> 5 : 0) &<< 9
        // Prebaked and patch are both as they lie in memory. With one label the upper word is not part of the packet.
        let patch = UInt64((ttl | trafficClass).bigEndian)
        unsafe window.store(conversion.pointee.labels | patch | patch &<< 32, at: -8)
    }

    /// The outer IPv4 header (RFC 2003, RFC 4213), prebaked. Its checksum field holds the folded sum of what is
    /// prebaked; here only the changing words are added.
    @export(implementation) @inline(always) @_lifetime(window: copy window)
    func pushOuterIPv4<IP: NetworkHeader>(
        _: IP.Type, _ window: inout HeaderWindow, _ conversion: UnsafePointer<Conversion>,
        _ innerByteCount: UInt32,
        _ identification: inout UInt16
    ) {
        let flags = unsafe conversion.pointee.flags
        let inner = IP.trafficClass(window)
        // ECN always goes out with the packet, congestion mark included: RFC 6040 §4.1, normal mode.
        let service = flags.contains(.copyClass) ? inner : inner & 3
        let dontFragment = !flags.contains(.copyDontFragment) || IP.dontFragment(window)
        // An atomic datagram needs no identification (RFC 6864 §4.1).
        let id = dontFragment ? 0 : identification
        identification &+= dontFragment ? 0 : 1
        let byteCount = UInt16(truncatingIfNeeded: innerByteCount &+ 20)
        unsafe window.store(conversion.pointee.header.2, at: -24)
        unsafe window.store(conversion.pointee.header.3, at: -16)
        unsafe window.store(conversion.pointee.header.4, at: -8)
        let first = unsafe UInt16(0x4500) | UInt16(conversion.pointee.serviceOctet | service)
        let fragment: UInt16 = dontFragment ? 0x4000 : 0
        window.store16(network: first, at: -20)
        window.store16(network: byteCount, at: -18)
        window.store16(network: id, at: -16)
        window.store16(network: fragment, at: -14)
        window.store(IP.encapsulatedProtocol.rawValue, at: -11)
        let sum =
            unsafe UInt64(conversion.pointee.prebakedSum) &+ UInt64(first) &+ UInt64(byteCount) &+ UInt64(id)
            &+ UInt64(fragment) &+ UInt64(IP.encapsulatedProtocol.rawValue)
        window.store16(network: ~InternetChecksum.fold(sum), at: -10)
    }

    /// The outer IPv6 header (RFC 2473), prebaked, with flow label 0.
    @export(implementation) @inline(always) @_lifetime(window: copy window)
    func pushOuterIPv6<IP: NetworkHeader>(
        _: IP.Type, _ window: inout HeaderWindow, _ conversion: UnsafePointer<Conversion>,
        _ innerByteCount: UInt32
    ) {
        let flags = unsafe conversion.pointee.flags
        let inner = IP.trafficClass(window)
        let service = flags.contains(.copyClass) ? inner : inner & 3
        unsafe window.store(conversion.pointee.header.0, at: -40)
        unsafe window.store(conversion.pointee.header.1, at: -32)
        unsafe window.store(conversion.pointee.header.2, at: -24)
        unsafe window.store(conversion.pointee.header.3, at: -16)
        unsafe window.store(conversion.pointee.header.4, at: -8)
        let first = unsafe UInt16(0x6000) | UInt16(conversion.pointee.trafficClassOctet | service) &<< 4
        window.store16(network: first, at: -40)
        window.store16(network: UInt16(truncatingIfNeeded: innerByteCount), at: -36)
        window.store(IP.encapsulatedProtocol.rawValue, at: -34)
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

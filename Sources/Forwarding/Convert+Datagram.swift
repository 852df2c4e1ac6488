public import Tables
public import Wire

/// MPLS in UDP (RFC 7510).
extension Converter {
    /// Puts labels, UDP and the outer header before the packet. The labels have its TTL and the top three bits of its DSCP;
    /// the outer header's fields follow as those of IP-in-IP do. The source port is the flow's.
    ///
    /// - Parameter header: where the packet begins, which stands as it leaves.
    /// - Returns: what the outer header is.
    @export(implementation)
    func pushDatagram<IP: NetworkHeader>(
        _: IP.Type, _ header: Int, _ conversion: UnsafePointer<Conversion>, _ given: GivenClass,
        _ innerByteCount: UInt32, _ identification: inout UInt16
    ) -> EtherType {
        let datagram = unsafe Conversion.Datagram(conversion)
        let flags = unsafe conversion.pointee.flags
        var inner = HeaderWindow(arena, at: header)
        let timeToLive = IP.timeToLive(inner)
        let trafficClass = IP.trafficClass(inner)
        let shared = UInt32(trafficClass &>> 5) &<< 9 | UInt32(timeToLive)
        // Where there is one label, UDP takes the upper one's place.
        inner.store(datagram.labels | Self.twice(shared), at: -8)

        let byteCount = Int(innerByteCount) &+ datagram.labelByteCount &+ UDPField.byteCount
        let flow = IP.flowHash(arena.bytes(at: header, byteCount: Int(innerByteCount)))
        let stack = header &- datagram.labelByteCount
        var window = HeaderWindow(arena, at: stack)
        window.store16(network: MPLSInUDP.sourcePort(flow), at: -8)
        window.store16(network: MPLSInUDP.port, at: -6)
        window.store16(network: UInt16(truncatingIfNeeded: byteCount), at: -4)
        window.store16(network: 0, at: -2)
        let service = outerClass(trafficClass, datagram.serviceOctet, given, flags)
        let outerTTL = flags.contains(.copyTTL) ? timeToLive : datagram.ttl
        if datagram.isIPv6 {
            window.store32(network: 0x6000_0000 | UInt32(service) &<< 20, at: -48)
            window.store16(network: UInt16(truncatingIfNeeded: byteCount), at: -44)
            window.store(IPProtocol.udp.rawValue, at: -42)
            window.store(outerTTL, at: -41)
            window.store(datagram.addresses6.0, at: -40)
            window.store(datagram.addresses6.1, at: -32)
            window.store(datagram.addresses6.2, at: -24)
            window.store(datagram.addresses6.3, at: -16)
        } else {
            let total = UInt16(truncatingIfNeeded: byteCount &+ IPv4Field.minimumByteCount)
            var dontFragment = !flags.contains(.copyDontFragment) || IP.dontFragment(inner)
            // As with IP-in-IP (RFC 4213 §3.2.2).
            if IP.etherType == .ipv6, unsafe tables.exceedsPath(conversion, outerByteCount: Int(total)) {
                dontFragment = false
            }
            let id = dontFragment ? 0 : identification
            identification &+= dontFragment ? 0 : 1
            let first = UInt16(0x4500) | UInt16(service)
            let fragment: UInt16 = dontFragment ? 0x4000 : 0
            let ttlAndProtocol = UInt16(outerTTL) &<< 8 | UInt16(IPProtocol.udp.rawValue)
            // The prebaked TTL is in the sum already.
            let added = flags.contains(.copyTTL) ? ttlAndProtocol : UInt16(IPProtocol.udp.rawValue)
            let sum =
                UInt64(datagram.prebakedSum) &+ UInt64(first) &+ UInt64(total) &+ UInt64(id)
                &+ UInt64(fragment) &+ UInt64(added)
            window.store16(network: first, at: -28)
            window.store16(network: total, at: -26)
            window.store16(network: id, at: -24)
            window.store16(network: fragment, at: -22)
            window.store16(network: ttlAndProtocol, at: -20)
            window.store16(network: ~InternetChecksum.fold(sum), at: -18)
            window.store(datagram.addresses4, at: -16)
        }
        if datagram.hasChecksum { sealDatagram(datagram, at: stack &- UDPField.byteCount, byteCount) }
        return datagram.isIPv6 ? .ipv6 : .ipv4
    }

    /// Writes the UDP checksum. Cost: that of reading the datagram once.
    /// - Parameter start: where the UDP header stands, the checksum zero.
    @export(implementation) @inline(always)
    func sealDatagram(_ datagram: Conversion.Datagram, at start: Int, _ byteCount: Int) {
        var window = HeaderWindow(arena, at: start)
        var sum = arena.sum(at: start, byteCount: byteCount)
        sum &+= InternetChecksum.sum(UInt16(IPProtocol.udp.rawValue))
        sum &+= InternetChecksum.sum(UInt16(truncatingIfNeeded: byteCount))
        // The addresses stand before the UDP header.
        sum &+= Self.sum(window.load(-8, as: UInt64.self))
        if datagram.isIPv6 {
            sum &+= Self.sum(window.load(-16, as: UInt64.self))
            sum &+= Self.sum(window.load(-24, as: UInt64.self))
            sum &+= Self.sum(window.load(-32, as: UInt64.self))
        }
        window.store(TransportChecksum.field(sum, protocol: .udp), at: UDPField.checksum)
    }

    /// Of 8 bytes as they lie in memory.
    @inlinable @inline(always) static func sum(_ word: UInt64) -> UInt64 {
        word & 0xffff_ffff &+ word &>> 32
    }

    @export(implementation) @inline(always)
    func isRecursive<IP: NetworkHeader>(
        _: IP.Type, _ window: borrowing HeaderWindow, inDatagram datagram: Conversion.Datagram
    ) -> Bool {
        IP.etherType == .ipv4
            ? !datagram.isIPv6 && IPv4.source(window) == datagram.destination4
            : datagram.isIPv6 && IPv6.source(window) == datagram.destination6
    }
}

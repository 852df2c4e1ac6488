public import Tables
public import Wire

/// A class that is put on the outside whatever the conversion's flags say: a traffic class or a DSCP, as is pushed.
@usableFromInline struct GivenClass: BitwiseCopyable {
    /// 255: none is given.
    @usableFromInline let rawValue: UInt8
    @inlinable @inline(always) init(rawValue: UInt8) { self.rawValue = rawValue }
    @inlinable static var none: Self { Self(rawValue: .max) }
    @inlinable @inline(always) var isNone: Bool { rawValue == .max }
}

extension Converter {
    /// Path labels and user label, prebaked; TTL and traffic class follow the inner packet (RFC 3443 uniform model,
    /// RFC 5462) unless the tunnel fixes them, or the class is given.
    @export(implementation) @inline(always) @_lifetime(window: copy window)
    func pushLabels<IP: NetworkHeader>(
        _: IP.Type, _ window: inout HeaderWindow, _ conversion: UnsafePointer<Conversion>,
        _ given: GivenClass
    ) {
        let flags = unsafe conversion.pointee.flags
        let ttl = UInt32(flags.contains(.copyTTL) ? IP.timeToLive(window) : 0)
        // The top three of eight bits, to bits 9–11 of the entry.
        let trafficClass = UInt32(flags.contains(.copyClass) ? IP.trafficClass(window) &>> 5 : 0) &<< 9
        guard unsafe given.isNone && conversion.pointee.headerByteCount <= 8 else {
            return unsafe pushGivenLabels(&window, conversion, ttl, trafficClass, given)
        }
        // Prebaked and patch are both as they lie in memory. With one label the upper word is not part of the packet.
        unsafe window.store(conversion.pointee.labels | Self.twice(ttl | trafficClass), at: -8)
    }

    /// More than two labels, or a class that is given.
    @inlinable @inline(never) @_lifetime(window: copy window)
    func pushGivenLabels(
        _ window: inout HeaderWindow, _ conversion: UnsafePointer<Conversion>, _ ttl: UInt32,
        _ trafficClass: UInt32, _ given: GivenClass
    ) {
        let pushed = given.isNone ? trafficClass : UInt32(given.rawValue & 7) &<< 9
        let mask = Self.twice(given.isNone ? .max : ~0xe00)
        let patch = Self.twice(ttl | pushed)
        unsafe window.store(conversion.pointee.labels & mask | patch, at: -8)
        guard unsafe conversion.pointee.headerByteCount > 8 else { return }
        // Up to eight entries; what stands before the first of them is not part of the packet.
        unsafe window.store(conversion.pointee.header.3 & mask | patch, at: -16)
        unsafe window.store(conversion.pointee.header.2 & mask | patch, at: -24)
        unsafe window.store(conversion.pointee.header.1 & mask | patch, at: -32)
    }

    /// Two equal label stack entries, as they lie in memory.
    @inlinable @inline(always) static func twice(_ entry: UInt32) -> UInt64 {
        let word = UInt64(entry.bigEndian)
        return word | word &<< 32
    }

    /// The outer traffic class octet. DSCP: given, copied, or as prebaked. ECN: out with the packet, congestion mark
    /// included (RFC 6040 §4.1, normal mode), or none (compatibility mode).
    @inlinable @inline(always)
    func outerClass(_ inner: UInt8, _ prebaked: UInt8, _ given: GivenClass, _ flags: Conversion.Flags)
        -> UInt8
    {
        let ecn = flags.contains(.compatibleECN) ? 0 : inner & 3
        let dscp = flags.contains(.copyClass) ? inner & 0xfc : prebaked
        return ecn | (given.isNone ? dscp : given.rawValue &<< 2)
    }

    /// The outer IPv4 header (RFC 2003, RFC 4213), prebaked. Its checksum field holds the folded sum of what is
    /// prebaked; here only the changing words are added.
    @export(implementation) @inline(always) @_lifetime(window: copy window)
    func pushOuterIPv4<IP: NetworkHeader>(
        _: IP.Type, _ window: inout HeaderWindow, _ conversion: UnsafePointer<Conversion>,
        _ given: GivenClass, _ innerByteCount: UInt32, _ identification: inout UInt16
    ) {
        let flags = unsafe conversion.pointee.flags
        let service = unsafe outerClass(
            IP.trafficClass(window), conversion.pointee.serviceOctet, given, flags)
        let byteCount = UInt16(truncatingIfNeeded: innerByteCount &+ 20)
        var dontFragment = !flags.contains(.copyDontFragment) || IP.dontFragment(window)
        // What IPv6 must always take goes over a narrower path in fragments (RFC 4213 §3.2.2).
        if IP.etherType == .ipv6, unsafe tables.exceedsPath(conversion, outerByteCount: Int(byteCount)) {
            dontFragment = false
        }
        // An atomic datagram needs no identification (RFC 6864 §4.1).
        let id = dontFragment ? 0 : identification
        identification &+= dontFragment ? 0 : 1
        // Zero where it is prebaked.
        let ttl = flags.contains(.copyTTL) ? IP.timeToLive(window) : 0
        unsafe window.store(conversion.pointee.header.2, at: -24)
        unsafe window.store(conversion.pointee.header.3 | (UInt64(ttl) &<< 32).littleEndian, at: -16)
        unsafe window.store(conversion.pointee.header.4, at: -8)
        let first = UInt16(0x4500) | UInt16(service)
        let fragment: UInt16 = dontFragment ? 0x4000 : 0
        window.store16(network: first, at: -20)
        window.store16(network: byteCount, at: -18)
        window.store16(network: id, at: -16)
        window.store16(network: fragment, at: -14)
        window.store(IP.encapsulatedProtocol.rawValue, at: -11)
        let sum =
            unsafe UInt64(conversion.pointee.prebakedSum) &+ UInt64(first) &+ UInt64(byteCount) &+ UInt64(id)
            &+ UInt64(fragment) &+ UInt64(UInt16(ttl) &<< 8 | UInt16(IP.encapsulatedProtocol.rawValue))
        window.store16(network: ~InternetChecksum.fold(sum), at: -10)
    }

    /// The outer IPv6 header (RFC 2473), prebaked, with flow label 0.
    @export(implementation) @inline(never) @_lifetime(window: copy window)
    func pushOuterIPv6<IP: NetworkHeader>(
        _: IP.Type, _ window: inout HeaderWindow, _ conversion: UnsafePointer<Conversion>,
        _ given: GivenClass, _ innerByteCount: UInt32
    ) {
        let flags = unsafe conversion.pointee.flags
        let service = unsafe outerClass(
            IP.trafficClass(window), conversion.pointee.trafficClassOctet, given, flags)
        unsafe window.store(conversion.pointee.header.0, at: -40)
        unsafe window.store(conversion.pointee.header.1, at: -32)
        unsafe window.store(conversion.pointee.header.2, at: -24)
        unsafe window.store(conversion.pointee.header.3, at: -16)
        unsafe window.store(conversion.pointee.header.4, at: -8)
        window.store16(network: 0x6000 | UInt16(service) &<< 4, at: -40)
        window.store16(network: UInt16(truncatingIfNeeded: innerByteCount), at: -36)
        window.store(IP.encapsulatedProtocol.rawValue, at: -34)
        if flags.contains(.copyTTL) { window.store(IP.timeToLive(window), at: -33) }
    }

    /// Whether the packet comes from the other end of the tunnel that it is about to go into (RFC 2003 §3.2).
    @export(implementation) @inline(always)
    func isRecursive<IP: NetworkHeader>(
        _: IP.Type, _ window: borrowing HeaderWindow, _ conversion: UnsafePointer<Conversion>
    ) -> Bool {
        if unsafe conversion.pointee.encapsulation == .udp {
            return unsafe isRecursive(IP.self, window, inDatagram: Conversion.Datagram(conversion))
        }
        if IP.etherType == .ipv4 {
            return unsafe conversion.pointee.encapsulation == .ipv4
                && IPv4.source(window) == conversion.pointee.outerDestination4
        }
        return unsafe conversion.pointee.encapsulation == .ipv6
            && IPv6.source(window) == conversion.pointee.outerDestination6
    }
}

public import Packets
public import Tables
public import Trace
public import Wire

/// The IP header as the stages see it, written once for both versions. Every function reads at constant offsets from
/// the header that the window stands at.
@usableFromInline protocol NetworkHeader {
    associatedtype Address: BitwiseCopyable

    /// What is wrong with the header, of which `available` bytes arrived; nil if nothing.
    static func fault(_ window: borrowing HeaderWindow, available: Int) -> DropReason?
    static func totalByteCount(_ window: borrowing HeaderWindow) -> Int
    static func source(_ window: borrowing HeaderWindow) -> Address
    static func destination(_ window: borrowing HeaderWindow) -> Address
    /// Whether one header's source is the other's destination. `Address` can't be `Equatable`: its witness table would be
    /// asked of the runtime.
    static func isSource(_ window: borrowing HeaderWindow, theDestinationOf other: borrowing HeaderWindow)
        -> Bool
    static func step(_ window: borrowing HeaderWindow) -> Step
    /// The step of a header that an ICMP error quotes.
    static func quotedStep(_ window: borrowing HeaderWindow) -> Step

    static func timeToLive(_ window: borrowing HeaderWindow) -> UInt8
    @_lifetime(window: copy window)
    static func setTimeToLive(_ window: inout HeaderWindow, _ value: UInt8)
    @_lifetime(window: copy window)
    static func decrementTimeToLive(_ window: inout HeaderWindow)
    /// DSCP in the high 6 bits, ECN in the low 2.
    static func trafficClass(_ window: borrowing HeaderWindow) -> UInt8
    @_lifetime(window: copy window)
    static func setTrafficClass(_ window: inout HeaderWindow, _ value: UInt8)
    /// Whether a router must not fragment it.
    static func dontFragment(_ window: borrowing HeaderWindow) -> Bool

    /// What rules look at; nil where the chain of extension headers is broken or too long to follow. The header is
    /// known to be sound.
    static func transport(_ packet: RawSpan) -> Transport?
    /// The packet that an ICMP error quotes; nil if this is none. The header is known to be sound.
    static func quote(_ packet: RawSpan) -> QuotedPacket?
    /// That of the packet's flow. The header is known to be sound.
    static func flowHash(_ packet: RawSpan) -> FlowHash

    static func subscriber(_ tables: TablesView, _ address: Address) -> LookupResult
    static func service(_ tables: TablesView, _ address: Address) -> LookupResult
    /// Asks for the cache line where the look-up begins.
    static func prefetchSubscriber(_ tables: TablesView, _ address: Address)
    static func neighbour(_ tables: TablesView, _ address: Address, _ onLink: AdjacencyIndex)
        -> AdjacencyIndex?
    /// Whether what stands right behind this header, of the least length, is said to be an IP packet, or MPLS in UDP.
    static func announcesTunnel(_ window: borrowing HeaderWindow) -> Bool

    static var etherType: EtherType { get }
    /// What is pending about such packets.
    static var plain: Pending.Kind { get }
    static var decapsulated: Pending.Kind { get }
    static var unlabelled: Pending.Kind { get }
    /// The protocol number by which it announces itself inside IP.
    static var encapsulatedProtocol: IPProtocol { get }
}

/// IPv4 (RFC 791).
@usableFromInline enum IPv4: NetworkHeader {
    @inlinable @inline(always)
    static func fault(_ window: borrowing HeaderWindow, available: Int) -> DropReason? {
        guard available >= IPv4Field.minimumByteCount else { return .truncatedIPv4 }
        let first = window.octet(IPv4Field.versionAndHeaderLength)
        var headerByteCount = IPv4Field.minimumByteCount
        if first != 0x45 {
            guard first &>> 4 == 4 else { return .badIPVersion }
            headerByteCount = Int(first & 0xf) &* 4
            guard headerByteCount >= IPv4Field.minimumByteCount else { return .badIPv4HeaderLength }
            guard headerByteCount <= available else { return .truncatedIPv4 }
        }
        let total = totalByteCount(window)
        guard total >= headerByteCount, total <= available else { return .badIPv4TotalLength }
        // The header in 32-bit words: a one's complement sum over wider words folds to the same 16 bits (RFC 1071 §2).
        let a = window.load(0, as: UInt64.self)
        let b = window.load(8, as: UInt64.self)
        var sum = (a & 0xffff_ffff) &+ a &>> 32 &+ (b & 0xffff_ffff) &+ b &>> 32
        sum &+= UInt64(window.load(16, as: UInt32.self))
        if headerByteCount > IPv4Field.minimumByteCount {
            for word in 5..<(headerByteCount &>> 2) {
                sum &+= UInt64(window.load(word &* 4, as: UInt32.self))
            }
        }
        // Both halves of the sum are each other's complement, or all ones, where it folds to all ones.
        let (carried, overflow) = UInt32(truncatingIfNeeded: sum).addingReportingOverflow(
            UInt32(truncatingIfNeeded: sum &>> 32))
        let folded = carried &+ (overflow ? 1 : 0)
        let isSound = UInt16(truncatingIfNeeded: folded ^ folded &>> 16) == 0xffff || folded == .max
        return isSound ? nil : .badIPv4Checksum
    }
    @inlinable @inline(always)
    static func totalByteCount(_ window: borrowing HeaderWindow) -> Int {
        Int(window.network16(IPv4Field.totalLength))
    }
    @inlinable @inline(always)
    static func source(_ window: borrowing HeaderWindow) -> IPv4Address {
        IPv4Address(rawValue: window.network32(IPv4Field.source))
    }
    @inlinable @inline(always)
    static func destination(_ window: borrowing HeaderWindow) -> IPv4Address {
        IPv4Address(rawValue: window.network32(IPv4Field.destination))
    }
    @inlinable @inline(always)
    static func isSource(_ window: borrowing HeaderWindow, theDestinationOf other: borrowing HeaderWindow)
        -> Bool
    {
        source(window) == destination(other)
    }
    @inlinable @inline(always)
    static func step(_ window: borrowing HeaderWindow) -> Step {
        .ipv4(
            source: source(window), destination: destination(window),
            protocol: IPProtocol(rawValue: window.octet(IPv4Field.protocol)),
            timeToLive: timeToLive(window), byteCount: totalByteCount(window))
    }
    @inlinable @inline(always)
    static func quotedStep(_ window: borrowing HeaderWindow) -> Step {
        .quotedIPv4(
            source: source(window), destination: destination(window),
            protocol: IPProtocol(rawValue: window.octet(IPv4Field.protocol)))
    }

    @inlinable @inline(always)
    static func timeToLive(_ window: borrowing HeaderWindow) -> UInt8 { window.octet(IPv4Field.ttl) }
    @inlinable @inline(always) @_lifetime(window: copy window)
    static func setTimeToLive(_ window: inout HeaderWindow, _ value: UInt8) {
        let old = window.network16(IPv4Field.ttl)
        let new = UInt16(value) &<< 8 | old & 0xff
        window.store16(network: new, at: IPv4Field.ttl)
        window.store16(
            network: InternetChecksum.updated(window.network16(IPv4Field.checksum), from: old, to: new),
            at: IPv4Field.checksum)
    }
    @inlinable @inline(always) @_lifetime(window: copy window)
    static func decrementTimeToLive(_ window: inout HeaderWindow) {
        window.store(window.octet(IPv4Field.ttl) &- 1, at: IPv4Field.ttl)
        // One less in the high octet of a word: one more in the checksum's (RFC 1141, with the carry of RFC 1624).
        let sum = UInt32(window.load(IPv4Field.checksum, as: UInt16.self).littleEndian) &+ 1
        window.store(
            UInt16(truncatingIfNeeded: sum &+ (sum >= 0xffff ? 1 : 0)).littleEndian, at: IPv4Field.checksum)
    }
    @inlinable @inline(always)
    static func trafficClass(_ window: borrowing HeaderWindow) -> UInt8 {
        window.octet(IPv4Field.trafficClass)
    }
    @inlinable @inline(always) @_lifetime(window: copy window)
    static func setTrafficClass(_ window: inout HeaderWindow, _ value: UInt8) {
        let old = window.network16(0)
        let new = old & 0xff00 | UInt16(value)
        window.store16(network: new, at: 0)
        window.store16(
            network: InternetChecksum.updated(window.network16(IPv4Field.checksum), from: old, to: new),
            at: IPv4Field.checksum)
    }
    @inlinable @inline(always)
    static func dontFragment(_ window: borrowing HeaderWindow) -> Bool {
        window.octet(IPv4Field.flagsAndFragmentOffset) & 0x40 != 0
    }

    @inlinable @inline(always)
    static func transport(_ packet: RawSpan) -> Transport? { Transport(ipv4: packet) }
    @inlinable @inline(always)
    static func quote(_ packet: RawSpan) -> QuotedPacket? { QuotedPacket(inIPv4: packet) }
    @inlinable @inline(always)
    static func flowHash(_ packet: RawSpan) -> FlowHash { FlowHash(ipv4: packet) }

    @inlinable @inline(always)
    static func subscriber(_ tables: TablesView, _ address: IPv4Address) -> LookupResult {
        tables.subscriber(of: address)
    }
    @inlinable @inline(always)
    static func service(_ tables: TablesView, _ address: IPv4Address) -> LookupResult {
        tables.service(of: address)
    }
    @inlinable @inline(always)
    static func prefetchSubscriber(_ tables: TablesView, _ address: IPv4Address) {
        tables.prefetchSubscriber(of: address)
    }
    @inlinable @inline(always)
    static func announcesTunnel(_ window: borrowing HeaderWindow) -> Bool {
        let announced = IPProtocol(rawValue: window.octet(IPv4Field.protocol))
        return announced == .ipv4 || announced == .ipv6
            || announced == .udp && window.network16(IPv4Field.minimumByteCount &+ 2) == MPLSInUDP.port
    }
    @inlinable @inline(always)
    static func neighbour(_ tables: TablesView, _ address: IPv4Address, _ onLink: AdjacencyIndex)
        -> AdjacencyIndex?
    {
        tables.neighbour(address, onLink: onLink)
    }

    @inlinable static var etherType: EtherType { .ipv4 }
    @inlinable static var plain: Pending.Kind { .plain4 }
    @inlinable static var decapsulated: Pending.Kind { .decapsulated4 }
    @inlinable static var unlabelled: Pending.Kind { .unlabelled4 }
    @inlinable static var encapsulatedProtocol: IPProtocol { .ipv4 }
}

/// IPv6 (RFC 8200).
@usableFromInline enum IPv6: NetworkHeader {
    @inlinable @inline(always)
    static func fault(_ window: borrowing HeaderWindow, available: Int) -> DropReason? {
        guard available >= IPv6Field.byteCount else { return .truncatedIPv6 }
        guard window.ipVersion == 6 else { return .badIPVersion }
        return totalByteCount(window) <= available ? nil : .badIPv6PayloadLength
    }
    @inlinable @inline(always)
    static func totalByteCount(_ window: borrowing HeaderWindow) -> Int {
        Int(window.network16(IPv6Field.payloadLength)) &+ IPv6Field.byteCount
    }
    @inlinable @inline(always)
    static func source(_ window: borrowing HeaderWindow) -> IPv6Address {
        IPv6Address(high: window.network64(IPv6Field.source), low: window.network64(IPv6Field.source &+ 8))
    }
    @inlinable @inline(always)
    static func destination(_ window: borrowing HeaderWindow) -> IPv6Address {
        IPv6Address(
            high: window.network64(IPv6Field.destination), low: window.network64(IPv6Field.destination &+ 8))
    }
    @inlinable @inline(always)
    static func isSource(_ window: borrowing HeaderWindow, theDestinationOf other: borrowing HeaderWindow)
        -> Bool
    {
        source(window) == destination(other)
    }
    @inlinable @inline(always)
    static func step(_ window: borrowing HeaderWindow) -> Step {
        .ipv6(
            source: source(window), destination: destination(window),
            protocol: IPProtocol(rawValue: window.octet(IPv6Field.nextHeader)),
            timeToLive: timeToLive(window), byteCount: totalByteCount(window))
    }
    @inlinable @inline(always)
    static func quotedStep(_ window: borrowing HeaderWindow) -> Step {
        .quotedIPv6(
            source: source(window), destination: destination(window),
            protocol: IPProtocol(rawValue: window.octet(IPv6Field.nextHeader)))
    }

    @inlinable @inline(always)
    static func timeToLive(_ window: borrowing HeaderWindow) -> UInt8 { window.octet(IPv6Field.hopLimit) }
    @inlinable @inline(always) @_lifetime(window: copy window)
    static func setTimeToLive(_ window: inout HeaderWindow, _ value: UInt8) {
        window.store(value, at: IPv6Field.hopLimit)
    }
    @inlinable @inline(always) @_lifetime(window: copy window)
    static func decrementTimeToLive(_ window: inout HeaderWindow) {
        window.store(window.octet(IPv6Field.hopLimit) &- 1, at: IPv6Field.hopLimit)
    }
    @inlinable @inline(always)
    static func trafficClass(_ window: borrowing HeaderWindow) -> UInt8 {
        UInt8(truncatingIfNeeded: window.network16(0) &>> 4)
    }
    @inlinable @inline(always) @_lifetime(window: copy window)
    static func setTrafficClass(_ window: inout HeaderWindow, _ value: UInt8) {
        window.store16(network: window.network16(0) & 0xf00f | UInt16(value) &<< 4, at: 0)
    }
    @inlinable @inline(always)
    static func dontFragment(_ window: borrowing HeaderWindow) -> Bool { true }

    @inlinable @inline(always)
    static func transport(_ packet: RawSpan) -> Transport? { Transport(ipv6: packet) }
    @inlinable @inline(always)
    static func quote(_ packet: RawSpan) -> QuotedPacket? { QuotedPacket(inIPv6: packet) }
    @inlinable @inline(always)
    static func flowHash(_ packet: RawSpan) -> FlowHash { FlowHash(ipv6: packet) }

    @inlinable @inline(always)
    static func subscriber(_ tables: TablesView, _ address: IPv6Address) -> LookupResult {
        tables.subscriber(of: address)
    }
    @inlinable @inline(always)
    static func service(_ tables: TablesView, _ address: IPv6Address) -> LookupResult {
        tables.service(of: address)
    }
    @inlinable @inline(always)
    static func prefetchSubscriber(_ tables: TablesView, _ address: IPv6Address) {
        tables.prefetchSubscriber(of: address)
    }
    @inlinable @inline(always)
    static func announcesTunnel(_ window: borrowing HeaderWindow) -> Bool {
        let announced = IPProtocol(rawValue: window.octet(IPv6Field.nextHeader))
        return announced == .ipv4 || announced == .ipv6
            || announced == .udp && window.network16(IPv6Field.byteCount &+ 2) == MPLSInUDP.port
    }
    @inlinable @inline(always)
    static func neighbour(_ tables: TablesView, _ address: IPv6Address, _ onLink: AdjacencyIndex)
        -> AdjacencyIndex?
    {
        tables.neighbour(address, onLink: onLink)
    }

    @inlinable static var etherType: EtherType { .ipv6 }
    @inlinable static var plain: Pending.Kind { .plain6 }
    @inlinable static var decapsulated: Pending.Kind { .decapsulated6 }
    @inlinable static var unlabelled: Pending.Kind { .unlabelled6 }
    @inlinable static var encapsulatedProtocol: IPProtocol { .ipv6 }
}

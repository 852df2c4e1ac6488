public import CLinux
public import Wire

/// What an address belongs to: an index, this node itself, nobody that a router forwards to, or nothing.
public struct LookupResult: BitwiseCopyable, Sendable, Equatable {
    @usableFromInline let rawValue: UInt32
    @inlinable init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable init(_ index: UInt32) { rawValue = index &+ 1 }

    /// Nothing.
    @inlinable public static var none: Self { Self(rawValue: 0) }
    /// One of the node's own addresses.
    @inlinable public static var local: Self { Self(rawValue: 0x4000_0000) }
    /// Never forwarded to nor from: `ForwardingTables.confined`, and the broadcast addresses of our own links.
    @inlinable public static var confined: Self { Self(rawValue: 0x4000_0001) }
    @inlinable @inline(always) public var isLocal: Bool { rawValue == 0x4000_0000 }
    @inlinable @inline(always) public var isConfined: Bool { rawValue == 0x4000_0001 }
    /// `isLocal` or `isConfined`: what isn't forwarded, in one comparison.
    @inlinable @inline(always) public var isUnforwarded: Bool { rawValue >= 0x4000_0000 }
    @inlinable @inline(always) public var isNone: Bool { rawValue == 0 }
    /// The subscriber or service index. Only when `isIndex`.
    @inlinable @inline(always) public var index: UInt32 { rawValue &- 1 }
    /// Whether there is an index.
    @inlinable @inline(always) public var isIndex: Bool { index < 0x3fff_ffff }
    @inlinable @inline(always) public var asSubscriber: SubscriberIndex { SubscriberIndex(rawValue: index) }
    @inlinable @inline(always) public var asService: ServiceIndex { ServiceIndex(rawValue: index) }
}

/// The forwarding tables as the data path sees them: bare pointers, trivially copied, valid while their
/// `ForwardingTables` lives.
///
/// Indices that come out of a table were checked when the tables were made, so they are not checked again; what comes
/// from a packet goes only into look-ups that take any input.
@safe public struct TablesView: BitwiseCopyable {
    @usableFromInline let ports: PagedView<PortEntry>
    @usableFromInline let incomingLabels: PagedView<ILMEntry>
    @usableFromInline let boundUserLabels: PagedView<UInt64>
    @usableFromInline let nhlfes: PagedView<NHLFE>
    @usableFromInline let tunnels: PagedView<TunnelEntry>
    @usableFromInline let subscribers: PagedView<SubscriberEntry>
    @usableFromInline let conversions: PagedView<Conversion>
    @usableFromInline let groups: PagedView<PathGroupEntry>
    @usableFromInline let treatments: UnsafeMutablePointer<Treatment>
    @usableFromInline let policers: UnsafeMutablePointer<PolicerEntry>
    @usableFromInline let classMaps: UnsafeMutablePointer<ClassMap>
    @usableFromInline let rules: UnsafeMutablePointer<Rule>
    /// The worker's own where there are several.
    @usableFromInline var adjacencies: UnsafeMutablePointer<Adjacency>
    @usableFromInline let userLabels: BucketMatchView
    /// Of uses that find no place beside their subscriber.
    @usableFromInline let admissions: BucketMatchView
    @usableFromInline let tunnelEndpoints: ExactMatchView
    /// Of MPLS-in-UDP.
    @usableFromInline let datagramEndpoints: ExactMatchView
    @usableFromInline var neighbours: ExactMatchView
    /// Of the keys of IPv6 neighbours.
    @usableFromInline var neighbourSeed: UInt64
    /// By policer place. All workers'.
    @usableFromInline var policerStates: UnsafeMutablePointer<PolicerState>
    /// Whether there are several of these, so that a policer is locked while it meters.
    @usableFromInline var sharesPolicers = false
    /// By tunnel: the path MTU that has been learned, in bytes of the outer packet; 0: none. The worker's own.
    @usableFromInline var pathMTUs: UnsafeMutablePointer<UInt16>
    @usableFromInline let subscriberPrefixes: PrefixesView
    @usableFromInline let servicePrefixes: PrefixesView

    @inlinable @inline(always) public func port(_ index: UInt16) -> PortEntry { ports[UInt32(index)] }
    @inlinable @inline(always) public func tunnel(_ index: TunnelIndex) -> TunnelEntry {
        tunnels[index.rawValue]
    }
    @inlinable @inline(always) public func nhlfe(_ index: NHLFEIndex) -> UnsafePointer<NHLFE> {
        unsafe nhlfes.pointer(index.rawValue)
    }
    @inlinable @inline(always) public func subscriber(_ index: SubscriberIndex) -> SubscriberSide {
        unsafe subscribers.pointer(index.rawValue).pointee.side
    }
    @inlinable @inline(always) public func rule(_ index: Int) -> Rule { unsafe rules[index] }
    @inlinable @inline(always) public func adjacency(_ index: AdjacencyIndex) -> UnsafePointer<Adjacency> {
        unsafe UnsafePointer(adjacencies + Int(index.rawValue))
    }
    /// A pointer, so that reading one field loads one field of the record's cache line.
    @inlinable @inline(always) public func conversion(_ index: ConversionIndex) -> UnsafePointer<Conversion> {
        unsafe conversions.pointer(index.rawValue)
    }

    /// Asks for the conversion's cache line.
    @inlinable @inline(always) public func prefetch(_ index: ConversionIndex) {
        unsafe wl_prefetch_read(conversion(index))
    }
    /// Asks for the subscriber's cache line.
    @inlinable @inline(always) public func prefetch(_ index: SubscriberIndex) {
        unsafe wl_prefetch_read(subscribers.pointer(index.rawValue))
    }

    /// Asks for the entry's two cache lines at most.
    @inlinable @inline(always) public func prefetch(_ index: NHLFEIndex) {
        let entry = unsafe nhlfe(index)
        unsafe wl_prefetch_read(entry)
        unsafe wl_prefetch_read(UnsafeRawPointer(entry) + (MemoryLayout<NHLFE>.size - 1))
    }

    /// Whether packets that arrive so take over the top label's TTL.
    @inlinable @inline(always) public func handsOnTTL(_ arrival: Arrival) -> Bool {
        unsafe arrival.isTunnel && tunnels.pointer(arrival.index).pointee.handsOnTTL
    }

    /// Incoming label map. Any label of 20 bits.
    @inlinable @inline(always) public func incomingLabel(_ label: Label) -> ILMEntry {
        incomingLabels[label.rawValue]
    }

    /// The conversion bound to a user label in its context, or nil.
    @inlinable @inline(always) public func userLabel(_ label: Label, in context: LabelContext)
        -> ConversionIndex?
    {
        let found = userLabels.lookup(context.key(label.rawValue))
        return found == 0 ? nil : ConversionIndex(rawValue: found &- 1)
    }

    /// Asks for the cache line where the look-up of a user label begins.
    @inlinable @inline(always) public func prefetchUserLabel(_ label: Label, in context: LabelContext) {
        userLabels.prefetch(context.key(label.rawValue))
    }

    /// Whether the label is a user label in some context.
    @inlinable @inline(always) public func isUserLabel(_ label: Label) -> Bool {
        boundUserLabels[label.rawValue &>> 6] &>> UInt64(label.rawValue & 63) & 1 == 1
    }

    @inlinable @inline(always) public func subscriber(of address: IPv4Address) -> LookupResult {
        subscriberPrefixes.lookup(address)
    }
    @inlinable @inline(always) public func subscriber(of address: IPv6Address) -> LookupResult {
        subscriberPrefixes.lookup(address)
    }
    @inlinable @inline(always) public func service(of address: IPv4Address) -> LookupResult {
        servicePrefixes.lookup(address)
    }
    @inlinable @inline(always) public func service(of address: IPv6Address) -> LookupResult {
        servicePrefixes.lookup(address)
    }
    /// Asks for the cache line where the look-up of a subscriber's address begins.
    @inlinable @inline(always) public func prefetchSubscriber(of address: IPv4Address) {
        subscriberPrefixes.prefetch(address)
    }
    @inlinable @inline(always) public func prefetchSubscriber(of address: IPv6Address) {
        subscriberPrefixes.prefetch(address)
    }
    /// Asks for the cache line where the look-up of a service's address begins.
    @inlinable @inline(always) public func prefetchService(of address: IPv4Address) {
        servicePrefixes.prefetch(address)
    }
    @inlinable @inline(always) public func prefetchService(of address: IPv6Address) {
        servicePrefixes.prefetch(address)
    }

    /// The IP-in-IP tunnel between these outer addresses, or with `datagrams` the MPLS-in-UDP one; nil if there is none.
    @inlinable @inline(always) public func tunnel(
        from remote: IPv4Address, to local: IPv4Address, datagrams: Bool = false
    ) -> TunnelIndex? {
        let endpoints = datagrams ? datagramEndpoints : tunnelEndpoints
        let found = endpoints.lookup(Self.endpointKey(remote, local))
        return found == 0 ? nil : TunnelIndex(rawValue: found &- 1)
    }

    /// The IP-in-IP tunnel between these outer addresses, or with `datagrams` the MPLS-in-UDP one; nil if there is none.
    @inlinable @inline(always) public func tunnel(
        from remote: IPv6Address, to local: IPv6Address, datagrams: Bool = false
    ) -> TunnelIndex? {
        let endpoints = datagrams ? datagramEndpoints : tunnelEndpoints
        let found = endpoints.lookup(Self.endpointKey(remote, local))
        guard found != 0 else { return nil }
        let index = TunnelIndex(rawValue: found &- 1)
        let entry = tunnel(index)
        return entry.remote == remote && entry.local == local ? index : nil
    }

    /// The adjacency of a destination that is its own next hop, or nil while its MAC address is not known.
    @inlinable @inline(always) public func neighbour(_ address: IPv4Address, onLink: AdjacencyIndex)
        -> AdjacencyIndex?
    {
        let found = neighbours.lookup(neighbourKey(onLink, address))
        return found == 0 ? nil : AdjacencyIndex(rawValue: found &- 1)
    }
    /// The adjacency of a destination that is its own next hop, or nil while its MAC address is not known.
    @inlinable @inline(always) public func neighbour(_ address: IPv6Address, onLink: AdjacencyIndex)
        -> AdjacencyIndex?
    {
        let found = neighbours.lookup(neighbourKey(onLink, address))
        guard found != 0 else { return nil }
        let index = AdjacencyIndex(rawValue: found &- 1)
        let entry = unsafe adjacency(index)
        guard unsafe entry.pointee.addressHigh == address.high && entry.pointee.addressLow == address.low
        else {
            return nil
        }
        return index
    }

    /// 36 bits.
    @inlinable @inline(always) static func admissionKey(
        _ subscriber: SubscriberIndex, _ service: ServiceIndex
    ) -> UInt64 {
        UInt64(subscriber.rawValue) &<< 16 | UInt64(service.rawValue)
    }
    @inlinable @inline(always) static func endpointKey(_ remote: IPv4Address, _ local: IPv4Address) -> UInt64
    {
        UInt64(remote.rawValue) &<< 32 | UInt64(local.rawValue)
    }
    /// A mixture of 256 bits: a hit must be compared with the tunnel's ends. Two tunnels can't share one.
    @inlinable @inline(always) static func endpointKey(_ remote: IPv6Address, _ local: IPv6Address) -> UInt64
    {
        let remote = (remote.high ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: remote.low ^ local.high)
        let local = (remote.high ^ local.low).multipliedFullWidth(by: remote.low ^ 0xbf58_476d_1ce4_e5b9)
        return local.high ^ local.low | 1 &<< 63
    }
    static func endpointKey(_ remote: IPAddress, _ local: IPAddress) -> UInt64 {
        switch (remote, local) {
        case (.v4(let remote), .v4(let local)): endpointKey(remote, local)
        case (.v6(let remote), .v6(let local)): endpointKey(remote, local)
        default: preconditionFailure("ends of two versions were not refused")
        }
    }
    /// Exact for IPv4. For IPv6 a mixture of 128 bits, so that a hit must be compared with the adjacency's address.
    @inlinable @inline(always) func neighbourKey(_ onLink: AdjacencyIndex, _ address: IPv4Address)
        -> UInt64
    {
        UInt64(onLink.rawValue) &<< 32 | UInt64(address.rawValue)
    }
    /// A product of both halves under the seed, folded: who doesn't know the seed can't choose addresses that share a
    /// key, of which only the first could be learned.
    @inlinable @inline(always) func neighbourKey(_ onLink: AdjacencyIndex, _ address: IPv6Address)
        -> UInt64
    {
        let high = address.high ^ neighbourSeed
        let low = address.low ^ (neighbourSeed &* 0x9e37_79b9_7f4a_7c15) ^ UInt64(onLink.rawValue) &<< 32
        let product = high.multipliedFullWidth(by: low)
        return (product.high ^ product.low) | 1 &<< 63
    }
    func neighbourKey(_ onLink: AdjacencyIndex, _ address: IPAddress) -> UInt64 {
        switch address {
        case .v4(let address): neighbourKey(onLink, address)
        case .v6(let address): neighbourKey(onLink, address)
        }
    }
}

extension IPv6Address {
    /// The address as one number.
    @inlinable var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }
}

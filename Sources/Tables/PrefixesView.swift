public import Wire

/// The prefixes of one kind of owner as the data path sees them: owners' single IPv4 addresses and IPv6 networks of 64
/// bits by exact match, where nothing longer lies in them, and all other prefixes as tries. See `PrefixRegister`.
@safe public struct PrefixesView: BitwiseCopyable {
    @usableFromInline let hosts4: BucketMatchView
    @usableFromInline let hosts6: NetworkMatchView
    @usableFromInline let trie4: PoptrieView<UInt32>
    @usableFromInline let trie6: PoptrieView<UInt128>

    init(
        hosts4: BucketMatchView, hosts6: NetworkMatchView, trie4: PoptrieView<UInt32>,
        trie6: PoptrieView<UInt128>
    ) {
        self.hosts4 = hosts4
        self.hosts6 = hosts6
        self.trie4 = trie4
        self.trie6 = trie6
    }

    /// Whose an address is: a hit among the hosts is final. One cache miss for those, in the tries as
    /// `PoptrieView.lookup`.
    @inlinable @inline(always) func lookup(_ address: IPv4Address) -> LookupResult {
        if !hosts4.isEmpty {
            let host = hosts4.lookup(UInt64(address.rawValue))
            if host != 0 { return LookupResult(rawValue: host) }
        }
        return LookupResult(rawValue: trie4.lookup(address.rawValue))
    }

    /// Whose an address is, likewise.
    @inlinable @inline(always) func lookup(_ address: IPv6Address) -> LookupResult {
        if !hosts6.isEmpty {
            let host = hosts6.lookup(address.high)
            if host != 0 { return LookupResult(rawValue: host) }
        }
        return LookupResult(rawValue: trie6.lookup(address.bits))
    }

    /// Asks for the cache line where a look-up among the hosts begins.
    @inlinable @inline(always) func prefetch(_ address: IPv4Address) {
        if !hosts4.isEmpty { hosts4.prefetch(UInt64(address.rawValue)) }
    }

    /// Likewise.
    @inlinable @inline(always) func prefetch(_ address: IPv6Address) {
        if !hosts6.isEmpty { hosts6.prefetch(address.high) }
    }
}

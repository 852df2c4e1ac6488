import Wire

/// The prefixes of one kind of owner, subscribers or services, of both IP versions, with the node's own addresses
/// among them, on two sides.
///
/// *Hosts* stand by themselves: owners' single IPv4 addresses, and IPv6 networks of 64 bits that nothing longer lies
/// in. No longer prefix can hold their addresses, so that an exact match decides, and one more of them costs no
/// compilation. All others are edited as trees and published as tries. A network of 64 bits moves between the two as
/// longer prefixes in it come and go.
///
/// An own address hides a prefix of the same one address, which comes to light again when the node gives it up. In
/// the same way an owner's prefix hides that it is confined, which is to say that no router forwards what is in it.
/// Neither is a host: where no owner has one, their look-up costs a branch.
struct PrefixRegister: ~Copyable {
    private var hosts4 = BucketMatch()
    private var hosts6 = NetworkMatch()
    private var tree4 = PrefixTree<UInt32>()
    private var tree6 = PrefixTree<UInt128>()
    private var trie4 = Poptrie(PrefixTree<UInt32>())
    private var trie6 = Poptrie(PrefixTree<UInt128>())
    private var isStale4 = false
    private var isStale6 = false
    /// What owners have under own addresses.
    private var hidden: [IPPrefix: UInt32] = [:]
    /// How often each prefix has been called confined.
    private var confined: [IPPrefix: Int] = [:]

    /// What is published, for the data path.
    var view: PrefixesView {
        unsafe PrefixesView(
            hosts4: hosts4.view, hosts6: hosts6.view, trie4: trie4.view, trie6: trie6.view)
    }

    /// What `view` points into.
    var memory: [AnyObject] { hosts4.memory + hosts6.memory + [trie4, trie6] }

    /// The memory that it holds for the data path, in bytes.
    var byteCount: Int { hosts4.byteCount + hosts6.byteCount + trie4.byteCount + trie6.byteCount }

    /// Compiles what has changed beside the hosts: about a microsecond for each prefix of a version that has. Part of
    /// a publication, behind `turn`.
    mutating func compile() {
        if isStale4 { trie4 = Poptrie(tree4) }
        if isStale6 { trie6 = Poptrie(tree6) }
        (isStale4, isStale6) = (false, false)
    }

    mutating func turn() {
        hosts4.turn()
        hosts6.turn()
    }

    mutating func settle() {
        hosts4.settle()
        hosts6.settle()
    }

    /// Whether somebody has exactly this prefix.
    func isOwned(_ prefix: IPPrefix) -> Bool {
        let value = self[prefix]
        return value == LookupResult.local.rawValue
            ? hidden[prefix] != nil : value != 0 && value != LookupResult.confined.rawValue
    }

    /// - Parameter prefix: one that nobody owns.
    mutating func insert(_ prefix: IPPrefix, _ result: LookupResult) {
        if self[prefix] == LookupResult.local.rawValue {
            hidden[prefix] = result.rawValue
        } else {
            self[prefix] = result.rawValue
        }
    }

    /// - Parameter prefix: one that somebody owns.
    mutating func remove(_ prefix: IPPrefix) {
        if hidden.removeValue(forKey: prefix) == nil { self[prefix] = unowned(prefix) }
    }

    mutating func insertLocal(_ address: IPAddress) {
        let prefix = IPPrefix(address)
        let value = self[prefix]
        if value != 0, value != LookupResult.confined.rawValue { hidden[prefix] = value }
        self[prefix] = LookupResult.local.rawValue
    }

    mutating func removeLocal(_ address: IPAddress) {
        let prefix = IPPrefix(address)
        self[prefix] = hidden.removeValue(forKey: prefix) ?? unowned(prefix)
    }

    mutating func insertConfined(_ prefix: IPPrefix) {
        confined[prefix, default: 0] += 1
        if self[prefix] == 0 { self[prefix] = LookupResult.confined.rawValue }
    }

    mutating func removeConfined(_ prefix: IPPrefix) {
        confined[prefix]! -= 1
        guard confined[prefix] == 0 else { return }
        confined[prefix] = nil
        if self[prefix] == LookupResult.confined.rawValue { self[prefix] = 0 }
    }

    /// What is stored for a prefix that nobody has.
    private func unowned(_ prefix: IPPrefix) -> UInt32 {
        confined[prefix] == nil ? 0 : LookupResult.confined.rawValue
    }

    /// What is stored for exactly this prefix, or 0.
    private subscript(prefix: IPPrefix) -> UInt32 {
        get {
            switch prefix.address {
            case .v4(let address): value(of: address, prefix.bitCount)
            case .v6(let address): value(of: address, prefix.bitCount)
            }
        }
        set {
            switch prefix.address {
            case .v4(let address): set(address, prefix.bitCount, newValue)
            case .v6(let address): set(address, prefix.bitCount, newValue)
            }
        }
    }

    // MARK: IPv4

    private func value(of address: IPv4Address, _ bitCount: Int) -> UInt32 {
        let host = bitCount == 32 ? hosts4.lookup(UInt64(address.rawValue)) : 0
        return host != 0 ? host : tree4.value(of: address.rawValue, length: bitCount)
    }

    private mutating func set(_ address: IPv4Address, _ bitCount: Int, _ value: UInt32) {
        let isHost = bitCount == 32 && LookupResult(rawValue: value).isIndex
        if isHost {
            hosts4.insert(UInt64(address.rawValue), value: value)
        } else if bitCount == 32 {
            hosts4.remove(UInt64(address.rawValue))
        }
        if tree4.set(address.rawValue, bitCount, isHost ? 0 : value) { isStale4 = true }
    }

    // MARK: IPv6

    private static var networkBitCount: Int { 64 }

    private func value(of address: IPv6Address, _ bitCount: Int) -> UInt32 {
        let host = bitCount == Self.networkBitCount ? hosts6.lookup(address.high) : 0
        return host != 0 ? host : tree6.value(of: address.bits, length: bitCount)
    }

    private mutating func set(_ address: IPv6Address, _ bitCount: Int, _ value: UInt32) {
        guard bitCount != Self.networkBitCount else { return setNetwork(address, value) }
        if tree6.set(address.bits, bitCount, value) { isStale6 = true }
        guard bitCount > Self.networkBitCount else { return }
        let network = IPv6Address(high: address.high, low: 0)
        let networkValue = self.value(of: network, Self.networkBitCount)
        if networkValue != 0 { setNetwork(network, networkValue) }
    }

    private mutating func setNetwork(_ network: IPv6Address, _ value: UInt32) {
        let isHost =
            LookupResult(rawValue: value).isIndex
            && !tree6.hasLonger(network.bits, length: Self.networkBitCount)
        if isHost { hosts6.insert(network.high, value: value) } else { hosts6.remove(network.high) }
        if tree6.set(network.bits, Self.networkBitCount, isHost ? 0 : value) { isStale6 = true }
    }
}

extension PrefixTree {
    /// Stores a value for a prefix, or with 0 removes it.
    /// - Returns: whether that is something else than before.
    fileprivate mutating func set(_ bits: Bits, _ length: Int, _ value: UInt32) -> Bool {
        (value == 0 ? remove(bits, length: length) : insert(bits, length: length, value: value)) != value
    }
}

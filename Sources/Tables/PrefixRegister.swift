import Wire

/// The prefixes of one kind of owner, subscribers or services, of both IP versions, with the node's own addresses
/// among them: edited as trees, published as poptries.
///
/// An own address hides a prefix of the same one address, which comes to light again when the node gives it up.
struct PrefixRegister: ~Copyable {
    private var tree4 = PrefixTree<UInt32>()
    private var tree6 = PrefixTree<UInt128>()
    private var trie4 = Poptrie(PrefixTree<UInt32>())
    private var trie6 = Poptrie(PrefixTree<UInt128>())
    private var isStale4 = false
    private var isStale6 = false
    private var hidden: [IPPrefix: UInt32] = [:]

    /// Compiles what has changed. About a microsecond for each prefix of a version that has.
    mutating func compiled() -> (v4: Poptrie<UInt32>, v6: Poptrie<UInt128>) {
        if isStale4 { trie4 = Poptrie(tree4) }
        if isStale6 { trie6 = Poptrie(tree6) }
        (isStale4, isStale6) = (false, false)
        return (trie4, trie6)
    }

    /// Whether somebody has exactly this prefix.
    func isOwned(_ prefix: IPPrefix) -> Bool {
        let value = self[prefix]
        return value == LookupResult.local.rawValue ? hidden[prefix] != nil : value != 0
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
        if hidden.removeValue(forKey: prefix) == nil { self[prefix] = 0 }
    }

    mutating func insertLocal(_ address: IPAddress) {
        let prefix = IPPrefix(address)
        let value = self[prefix]
        if value != 0 { hidden[prefix] = value }
        self[prefix] = LookupResult.local.rawValue
    }

    mutating func removeLocal(_ address: IPAddress) {
        let prefix = IPPrefix(address)
        self[prefix] = hidden.removeValue(forKey: prefix) ?? 0
    }

    /// What is stored for exactly this prefix, or 0.
    private subscript(prefix: IPPrefix) -> UInt32 {
        get {
            switch prefix.address {
            case .v4(let address): tree4.value(of: address.rawValue, length: prefix.bitCount)
            case .v6(let address): tree6.value(of: address.bits, length: prefix.bitCount)
            }
        }
        set {
            switch prefix.address {
            case .v4(let address):
                isStale4 = true
                if newValue == 0 {
                    tree4.remove(address.rawValue, length: prefix.bitCount)
                } else {
                    tree4.insert(address.rawValue, length: prefix.bitCount, value: newValue)
                }
            case .v6(let address):
                isStale6 = true
                if newValue == 0 {
                    tree6.remove(address.bits, length: prefix.bitCount)
                } else {
                    tree6.insert(address.bits, length: prefix.bitCount, value: newValue)
                }
            }
        }
    }
}

/// What an address is to a prefix table: `UInt32` for IPv4, `UInt128` for IPv6, first bit on the wire uppermost.
public typealias AddressBits = FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable

/// A set of address prefixes with a value each, made to be edited: the form in which a `Poptrie` is prepared.
///
/// A binary trie whose chains are cut short (Morrison's PATRICIA, 1968): each node is a prefix, either stored or the
/// fork of two longer ones, so that *n* prefixes take at most 2 *n* nodes of 20 (IPv4) or 32 bytes (IPv6). Inserting,
/// removing and looking up cost at most as many steps as an address has bits. A value type, copied on write.
///
/// Prefixes come out in order: by bits, then by length, so that each comes before all that lie in it.
public struct PrefixTree<Bits: AddressBits>: Sendable {
    /// The values that may be stored: 0 stands for "no match", and a `Poptrie` needs the top bit.
    public static var values: ClosedRange<UInt32> { 1...0x7fff_ffff }

    /// The stored prefixes.
    public private(set) var count = 0

    /// The root stands first and covers every address. It is nobody's child, so index 0 means "no child".
    var nodes: [Node] = [Node(bits: 0, length: 0, value: 0)]
    private var freeNodes: [UInt32] = []

    /// A prefix and its place. Without a value it is the root or a fork with two children.
    struct Node: BitwiseCopyable {
        var bits: Bits
        var value: UInt32
        /// The longer prefixes that go on with a 0, and with a 1.
        var zero: UInt32 = 0
        var one: UInt32 = 0
        var length: UInt8

        init(bits: Bits, length: Int, value: UInt32) {
            self.bits = bits
            self.value = value
            self.length = UInt8(length)
        }

        subscript(bit: Bool) -> UInt32 {
            get { bit ? one : zero }
            set { if bit { one = newValue } else { zero = newValue } }
        }

        /// Its child, where it has one only.
        var onlyChild: UInt32 { zero | one }
    }

    /// An empty set.
    public init() {}

    /// Whether no prefix is stored.
    public var isEmpty: Bool { count == 0 }

    /// The root, the stored prefixes and their forks: at most 2 `count` + 1.
    package var nodeCount: Int { nodes.count - freeNodes.count }

    /// Stores `value` for a prefix, in place of the one that it may have.
    /// - Parameters:
    ///   - bits: the prefix, zero behind its length.
    ///   - length: the bits that count, 0…32 or 0…128.
    ///   - value: one of `values`.
    /// - Returns: the value that was stored before, or 0.
    @specialized(where Bits == UInt32)
    @specialized(where Bits == UInt128)
    @discardableResult
    public mutating func insert(_ bits: Bits, length: Int, value: UInt32) -> UInt32 {
        Self.check(bits, length)
        precondition(Self.values.contains(value))
        var parent = 0
        while Int(nodes[parent].length) < length {
            let side = bits.bit(Int(nodes[parent].length))
            let child = Int(nodes[parent][side])
            guard child != 0 else {
                nodes[parent][side] = add(Node(bits: bits, length: length, value: value))
                count += 1
                return 0
            }
            let shared = Swift.min(
                length, Int(nodes[child].length), (bits ^ nodes[child].bits).leadingZeroBitCount)
            if shared < Int(nodes[child].length) {
                nodes[parent][side] = fork(above: child, at: shared, bits, length: length, value: value)
                count += 1
                return 0
            }
            parent = child
        }
        let previous = nodes[parent].value
        nodes[parent].value = value
        if previous == 0 { count += 1 }
        return previous
    }

    /// Removes a prefix.
    /// - Returns: the value that it had, or 0 if it was not stored.
    @specialized(where Bits == UInt32)
    @specialized(where Bits == UInt128)
    @discardableResult
    public mutating func remove(_ bits: Bits, length: Int) -> UInt32 {
        Self.check(bits, length)
        var grandparent = 0
        var parent = 0
        var node = 0
        while Int(nodes[node].length) < length {
            grandparent = parent
            parent = node
            node = Int(nodes[node][bits.bit(Int(nodes[node].length))])
            if node == 0 { return 0 }
        }
        let value = nodes[node].value
        guard Int(nodes[node].length) == length, nodes[node].bits == bits, value != 0 else { return 0 }
        count -= 1
        nodes[node].value = 0
        guard node != 0, nodes[node].zero == 0 || nodes[node].one == 0 else { return value }

        // Neither stored nor a fork any more: its only child, if any, takes its place. That may leave the parent
        // in the same position.
        nodes[parent][bits.bit(Int(nodes[parent].length))] = nodes[node].onlyChild
        let wasLeaf = nodes[node].onlyChild == 0
        freeNodes.append(UInt32(node))
        if wasLeaf, parent != 0, nodes[parent].value == 0 {
            nodes[grandparent][bits.bit(Int(nodes[grandparent].length))] = nodes[parent].onlyChild
            freeNodes.append(UInt32(parent))
        }
        return value
    }

    /// The value stored for exactly this prefix, or 0.
    @specialized(where Bits == UInt32)
    @specialized(where Bits == UInt128)
    public func value(of bits: Bits, length: Int) -> UInt32 {
        Self.check(bits, length)
        var node = 0
        while Int(nodes[node].length) < length {
            node = Int(nodes[node][bits.bit(Int(nodes[node].length))])
            if node == 0 { return 0 }
        }
        return Int(nodes[node].length) == length && nodes[node].bits == bits ? nodes[node].value : 0
    }

    /// Whether a longer prefix is stored that lies in this one.
    @specialized(where Bits == UInt32)
    @specialized(where Bits == UInt128)
    func hasLonger(_ bits: Bits, length: Int) -> Bool {
        Self.check(bits, length)
        var node = 0
        while Int(nodes[node].length) < length {
            node = Int(nodes[node][bits.bit(Int(nodes[node].length))])
            if node == 0 { return false }
        }
        guard (nodes[node].bits ^ bits).leadingZeroBitCount >= length else { return false }
        return Int(nodes[node].length) > length || nodes[node].zero != 0 || nodes[node].one != 0
    }

    /// The value of the longest prefix that holds `address`, or 0. Walks the tree: for tests and tools, not for packets.
    @specialized(where Bits == UInt32)
    @specialized(where Bits == UInt128)
    public func lookup(_ address: Bits) -> UInt32 {
        var best: UInt32 = 0
        var node = 0
        repeat {
            let length = Int(nodes[node].length)
            guard (address ^ nodes[node].bits).leadingZeroBitCount >= length else { break }
            if nodes[node].value != 0 { best = nodes[node].value }
            guard length < Bits.bitWidth else { break }
            node = Int(nodes[node][address.bit(length)])
        } while node != 0
        return best
    }

    /// Puts the new prefix above `child`, or beside it under a new fork, `shared` bits being common to both.
    private mutating func fork(
        above child: Int, at shared: Int, _ bits: Bits, length: Int, value: UInt32
    ) -> UInt32 {
        let childSide = nodes[child].bits.bit(shared)
        var above = Node(bits: bits.prefix(shared), length: shared, value: shared == length ? value : 0)
        above[childSide] = UInt32(child)
        if shared < length { above[!childSide] = add(Node(bits: bits, length: length, value: value)) }
        return add(above)
    }

    private mutating func add(_ node: Node) -> UInt32 {
        if let free = freeNodes.popLast() {
            nodes[Int(free)] = node
            return free
        }
        nodes.append(node)
        return UInt32(nodes.count - 1)
    }

    private static func check(_ bits: Bits, _ length: Int) {
        precondition((0...Bits.bitWidth).contains(length) && bits == bits.prefix(length))
    }
}

extension FixedWidthInteger {
    /// The bit at `position`, counted from the most significant.
    @inline(__always) func bit(_ position: Int) -> Bool { (self << position) >> (Self.bitWidth - 1) != 0 }

    /// The first `length` bits, zeros behind them.
    @inline(__always) func prefix(_ length: Int) -> Self {
        length == 0 ? 0 : self & (~0 << (Self.bitWidth - length))
    }
}

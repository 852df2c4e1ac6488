import CLinux

/// Longest-prefix match, compiled: the immutable form of a `PrefixTree` that packets are looked up in.
///
/// A poptrie (Asai and Ohara, *Poptrie: A Compressed Trie with Population Count for Fast and Scalable Software IP
/// Routing Table Lookup*, SIGCOMM 2015): the first 16 bits of an address index an array directly, then each node
/// decides six more. A node's children lie side by side, and so do its leaves, of which equal neighbours are stored
/// once; counting the bits of a 64-bit vector finds the right one.
///
/// ```
/// direct  65,536 × UInt32   value, or node index with the top bit set: 256 KiB
/// nodes   24 bytes each     six bits of an address, or a chain without a fork
/// leaves  UInt32 each       values; 0 is no match
/// ```
///
/// All in one allocation of whole pages, on huge pages from 2 MiB on. Nodes are laid out depth first, so that the
/// nodes under a lone long prefix fill consecutive cache lines. For IPv6, where most of an address is a chain without
/// a fork, `PoptrieNode` adds a second kind of node to the paper's. Measured: 29 bytes a prefix for a million of
/// IPv4's (/16 to /32, mostly /24), 73 for a mix of /32 to /128, 98 for random /128.
///
/// A change is a new compilation, linear in prefixes and nodes.
///
/// Rejected: DIR-24-8 (64 MiB a table, twice, and nothing for IPv6); a binary trie (a miss for every bit).
public final class Poptrie<Bits: AddressBits>: @unchecked Sendable {
    private let memory: PageMemory

    /// What the packet loop uses. Taking it is unsafe: nothing but its taker keeps this object alive.
    @unsafe public let view: PoptrieView<Bits>
    /// The prefixes compiled in.
    public let count: Int
    /// Its nodes, of 24 bytes each.
    public let nodeCount: Int
    /// Its leaves, of 4 bytes each.
    public let leafCount: Int

    /// Compiles the prefixes of `tree`. Takes half a second for a million of IPv4's, one for a million of IPv6's.
    /// Traps on an x86-64 processor older than x86-64-v2, which can't count bits.
    @specialized(where Bits == UInt32)
    @specialized(where Bits == UInt128)
    public init(_ tree: PrefixTree<Bits>) {
        precondition(wl_has_popcount() != 0, "the processor has no POPCNT (x86-64-v2)")
        var compiler = PoptrieCompiler(tree)
        compiler.compile()
        count = tree.count
        nodeCount = compiler.nodes.count
        leafCount = compiler.leaves.count

        let directByteCount = compiler.direct.count * MemoryLayout<UInt32>.stride
        let nodesByteCount = nodeCount * MemoryLayout<PoptrieNode>.stride
        let leavesByteCount = leafCount * MemoryLayout<UInt32>.stride
        let memory = PageMemory(byteCount: directByteCount + nodesByteCount + leavesByteCount)
        let nodesStart = unsafe memory.start + directByteCount
        let leavesStart = unsafe nodesStart + nodesByteCount
        let direct = unsafe memory.start.initializeMemory(as: UInt32.self, from: compiler.direct)
        let nodes = unsafe nodesStart.initializeMemory(as: PoptrieNode.self, from: compiler.nodes)
        let leaves = unsafe leavesStart.initializeMemory(as: UInt32.self, from: compiler.leaves)
        self.memory = memory
        unsafe view = PoptrieView(direct: direct, nodes: nodes, leaves: leaves)
    }

    /// The value of the longest prefix that holds `address`, or 0. As `view.lookup`, at the price of a call.
    @specialized(where Bits == UInt32)
    @specialized(where Bits == UInt128)
    public func lookup(_ address: Bits) -> UInt32 {
        withExtendedLifetime(self) { unsafe view.lookup(address) }
    }

    /// The memory it holds, in bytes.
    public var byteCount: Int { memory.byteCount }
}

extension UnsafeMutableRawPointer {
    /// Copies an array's elements here.
    fileprivate func initializeMemory<Element: BitwiseCopyable>(
        as _: Element.Type, from array: [Element]
    ) -> UnsafePointer<Element> {
        let target = unsafe UnsafeMutableBufferPointer(
            start: bindMemory(to: Element.self, capacity: array.count), count: array.count)
        _ = unsafe target.initialize(fromContentsOf: array)
        return unsafe UnsafePointer(target.baseAddress!)
    }
}

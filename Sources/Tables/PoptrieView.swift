/// A compiled prefix table as the packet loop sees it: three pointers, to be copied into a local before the loop.
///
/// Every address may be looked up, whatever its bits: where a look-up leads depends only on what the table's maker
/// wrote. The `Poptrie` that it was taken from must outlive it.
@safe public struct PoptrieView<Bits: AddressBits>: BitwiseCopyable, @unchecked Sendable {
    @usableFromInline let direct: UnsafePointer<UInt32>
    @usableFromInline let nodes: UnsafePointer<PoptrieNode>
    @usableFromInline let leaves: UnsafePointer<UInt32>

    init(direct: UnsafePointer<UInt32>, nodes: UnsafePointer<PoptrieNode>, leaves: UnsafePointer<UInt32>) {
        unsafe self.direct = direct
        unsafe self.nodes = nodes
        unsafe self.leaves = leaves
    }

    /// The value of the longest prefix that holds `address`: 1…2³¹−1, or 0 where none does.
    ///
    /// Reads one word where no prefix under the address's first 16 bits is longer than that; else a node for every six
    /// further bits in which prefixes differ, or for up to 60 in which they don't, and a leaf.
    @inlinable @inline(always)
    public func lookup(_ address: Bits) -> UInt32 {
        let first = Int(truncatingIfNeeded: address &>> Bits(truncatingIfNeeded: Bits.bitWidth &- 16))
        var entry = unsafe direct[first]
        guard entry & PoptrieNode.flag != 0 else { return entry }
        entry ^= PoptrieNode.flag
        var rest = address &<< 16
        while true {
            let node = unsafe nodes[Int(truncatingIfNeeded: entry)]
            if PoptrieNode.maySkip(Bits.self), node.isSkip {
                guard node.matches(rest) else { return unsafe leaves[Int(truncatingIfNeeded: node.leafBase)] }
                entry = node.childBase ^ PoptrieNode.flag
                rest = rest &<< Bits(truncatingIfNeeded: node.skippedBitCount)
                continue
            }
            let bit: UInt64 =
                1 &<< UInt64(truncatingIfNeeded: rest &>> Bits(truncatingIfNeeded: Bits.bitWidth &- 6))
            guard node.children & bit != 0 else { return unsafe leaves[node.leaf(bit)] }
            entry = node.child(bit)
            rest = rest &<< 6
        }
    }
}

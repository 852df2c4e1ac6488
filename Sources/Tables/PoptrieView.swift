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
    /// Reads one word where no prefix in the address's first 16 bits is longer than that; else a node for every six
    /// further bits that matter, and a leaf.
    @inlinable @inline(always)
    public func lookup(_ address: Bits) -> UInt32 {
        let first = Int(truncatingIfNeeded: address &>> Bits(truncatingIfNeeded: Bits.bitWidth &- 16))
        var entry = unsafe direct[first]
        guard entry & PoptrieNode.flag != 0 else { return entry }
        entry ^= PoptrieNode.flag
        var rest = address &<< 16
        while true {
            let node = unsafe nodes + Int(truncatingIfNeeded: entry)
            let slot = UInt64(truncatingIfNeeded: rest &>> Bits(truncatingIfNeeded: Bits.bitWidth &- 6))
            let bit: UInt64 = 1 &<< slot
            let children = unsafe node.pointee.children
            guard children & bit != 0 else {
                // Runs that begin at this slot or before it.
                let run = unsafe (node.pointee.leaves & (bit | (bit &- 1))).nonzeroBitCount
                return unsafe leaves[Int(truncatingIfNeeded: node.pointee.leafBase) &+ run &- 1]
            }
            entry =
                unsafe node.pointee.childBase
                &+ UInt32(truncatingIfNeeded: (children & (bit &- 1)).nonzeroBitCount)
            rest = rest &<< 6
        }
    }
}

/// Six bits of an address: for each of their 64 values a child or a leaf. 24 bytes, in host byte order.
///
/// ```
///  0        8        16          20         24
/// +--------+--------+-----------+----------+
/// |children| leaves | childBase | leafBase |
/// +--------+--------+-----------+----------+
/// ```
@usableFromInline struct PoptrieNode: BitwiseCopyable {
    /// Bit *s* is set where slot *s* has a child. Its place is `childBase` + the set bits below.
    @usableFromInline var children: UInt64 = 0
    /// Bit *s* is set where a run of equal leaves begins with slot *s*; slots with a child interrupt nothing. The
    /// value's place is `leafBase` + the set bits up to the slot, less one.
    @usableFromInline var leaves: UInt64 = 0
    @usableFromInline var childBase: UInt32 = 0
    @usableFromInline var leafBase: UInt32 = 0

    /// Marks a direct entry as the index of a node; without it the entry is the value.
    @inlinable static var flag: UInt32 { 0x8000_0000 }
}

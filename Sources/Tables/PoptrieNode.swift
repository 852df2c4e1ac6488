public import CLinux

/// A step of a look-up in a `Poptrie`. 24 bytes, in host byte order.
///
/// ```
///  0        8        16          20         24
/// +--------+--------+-----------+----------+
/// |children| leaves | childBase | leafBase |   branch: six bits of the address
/// +--------+--------+-----------+----------+
/// |pattern | count  | child     | leafBase |   skip: `count` bits that must be like `pattern`
/// +--------+--------+-----------+----------+
/// ```
///
/// A *branch* has a child or a leaf for each value of six bits. A *skip* is our addition to the paper, for IPv6: it
/// stands for a chain of two to ten branches that have one child each and otherwise the same leaf everywhere. A lone
/// /128 under a populated /22 takes three nodes with it, and eighteen without.
@usableFromInline struct PoptrieNode: BitwiseCopyable {
    /// Branch: bit *s* is set where slot *s* has a child, at `childBase` + the set bits below.
    /// Skip: the bits expected, from the most significant on.
    @usableFromInline var children: UInt64 = 0
    /// Branch: bit *s* is set where a run of equal leaves begins with slot *s*; slots with a child interrupt nothing.
    /// The value's place is `leafBase` + the set bits up to the slot, less one.
    /// Skip: the number of bits expected, 12…60.
    @usableFromInline var leaves: UInt64 = 0
    /// Branch: the first child. Skip: the only child, and `flag`.
    @usableFromInline var childBase: UInt32 = 0
    /// The first leaf; on a skip the only one, for addresses with other bits.
    @usableFromInline var leafBase: UInt32 = 0

    /// An empty node, to be filled in.
    init() {}

    /// In the direct array: an index of a node, not a value. In `childBase`: a skip, not a branch.
    @inlinable static var flag: UInt32 { 0x8000_0000 }

    /// Whether tables of this address type have skips. IPv4's chains are too short; the question vanishes when compiled.
    @inlinable @inline(always)
    static func maySkip<Bits: AddressBits>(_: Bits.Type) -> Bool { Bits.bitWidth > 64 }

    @inlinable @inline(always) var isSkip: Bool { childBase & Self.flag != 0 }

    /// Whether the address's remaining bits, `rest`, begin as this skip demands.
    @inlinable @inline(always)
    func matches<Bits: AddressBits>(_ rest: Bits) -> Bool {
        let upper = UInt64(truncatingIfNeeded: rest &>> Bits(truncatingIfNeeded: Bits.bitWidth &- 64))
        return (upper ^ children) &>> (64 &- leaves) == 0
    }

    @inlinable @inline(always) var skippedBitCount: UInt64 { leaves }

    /// The child of the slot that `bit` stands for, on a branch that has it.
    @inlinable @inline(always)
    func child(_ bit: UInt64) -> UInt32 {
        childBase &+ UInt32(truncatingIfNeeded: wl_popcount(children & (bit &- 1)))
    }

    /// The place of the leaf of the slot that `bit` stands for, on a branch that has no child there.
    @inlinable @inline(always)
    func leaf(_ bit: UInt64) -> Int {
        let run = wl_popcount(leaves & (bit | (bit &- 1)))
        return Int(truncatingIfNeeded: UInt64(leafBase) &+ run &- 1)
    }
}

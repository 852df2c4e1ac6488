public import Tables

/// The port that a vector came in by, with what the stages ask about it.
@usableFromInline struct Input: BitwiseCopyable {
    @usableFromInline let index: UInt16
    @usableFromInline let entry: PortEntry

    @inlinable @inline(always)
    init(index: UInt16, entry: PortEntry) {
        self.index = index
        self.entry = entry
    }

    @inlinable @inline(always)
    var arrival: Arrival { Arrival(port: index) }
}

/// Where a stage stands in a packet: arena offsets, and what the frame said.
@usableFromInline struct Position: BitwiseCopyable {
    /// The header to be looked at.
    @usableFromInline var header: Int
    /// The end of what arrived.
    @usableFromInline let end: Int
    /// VLAN ids, outer in the high half.
    @usableFromInline let tags: UInt32

    @inlinable @inline(always)
    init(header: Int, end: Int, tags: UInt32) {
        self.header = header
        self.end = end
        self.tags = tags
    }

    @inlinable @inline(always)
    var available: Int { end &- header }
}

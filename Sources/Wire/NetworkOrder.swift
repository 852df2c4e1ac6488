// Numbers as protocols write them: most significant octet first, at any alignment. Every access is
// bounds-checked; a check whose offset is constant and whose span has a known length disappears in an
// optimised build.

extension RawSpan {
    /// The octet at `offset`. Out of bounds traps.
    @inlinable @inline(always) public func octet(at offset: Int) -> UInt8 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
    }
    /// The 16-bit number at `offset`, in host byte order. Out of bounds traps.
    @inlinable @inline(always) public func uint16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
    /// The 32-bit number at `offset`, in host byte order. Out of bounds traps.
    @inlinable @inline(always) public func uint32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    /// The 64-bit number at `offset`, in host byte order. Out of bounds traps.
    @inlinable @inline(always) public func uint64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    /// The six octets at `offset`. Out of bounds traps.
    @inlinable @inline(always) public func macAddress(at offset: Int) -> MACAddress {
        MACAddress(rawValue: UInt64(uint16(at: offset)) << 32 | UInt64(uint32(at: offset &+ 2)))
    }
    /// The four octets at `offset`. Out of bounds traps.
    @inlinable @inline(always) public func ipv4Address(at offset: Int) -> IPv4Address {
        IPv4Address(rawValue: uint32(at: offset))
    }
    /// The sixteen octets at `offset`. Out of bounds traps.
    @inlinable @inline(always) public func ipv6Address(at offset: Int) -> IPv6Address {
        IPv6Address(high: uint64(at: offset), low: uint64(at: offset &+ 8))
    }
}

extension MutableRawSpan {
    /// Writes one octet. Out of bounds traps.
    @inlinable @inline(always) public mutating func store(_ value: UInt8, at offset: Int) {
        storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
    }
    /// Writes a 16-bit number, most significant octet first. Out of bounds traps.
    @inlinable @inline(always) public mutating func store(_ value: UInt16, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }
    /// Writes a 32-bit number, most significant octet first. Out of bounds traps.
    @inlinable @inline(always) public mutating func store(_ value: UInt32, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }
    /// Writes a 64-bit number, most significant octet first. Out of bounds traps.
    @inlinable @inline(always) public mutating func store(_ value: UInt64, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
    }
    /// Writes six octets. Out of bounds traps.
    @inlinable @inline(always) public mutating func store(_ address: MACAddress, at offset: Int) {
        store(UInt16(truncatingIfNeeded: address.rawValue >> 32), at: offset)
        store(UInt32(truncatingIfNeeded: address.rawValue), at: offset &+ 2)
    }
    /// Writes four octets. Out of bounds traps.
    @inlinable @inline(always) public mutating func store(_ address: IPv4Address, at offset: Int) {
        store(address.rawValue, at: offset)
    }
    /// Writes sixteen octets. Out of bounds traps.
    @inlinable @inline(always) public mutating func store(_ address: IPv6Address, at offset: Int) {
        store(address.high, at: offset)
        store(address.low, at: offset &+ 8)
    }
    /// Copies all bytes of `source`, which may not overlap. Out of bounds traps.
    @inlinable @inline(always) public mutating func store(_ source: RawSpan, at offset: Int) {
        precondition(offset >= 0 && source.byteCount <= byteCount - offset)
        unsafe withUnsafeMutableBytes { target in
            unsafe source.withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                unsafe (to + offset).copyMemory(from: from, byteCount: source.count)
            }
        }
    }
    /// Sets the checksum field at `field` for the bytes of `range`, in which it lies at an even distance, and
    /// for what `sum` has already counted, such as a pseudo-header.
    @inlinable @inline(always)
    public mutating func storeChecksum(at field: Int, over range: Range<Int>, adding sum: UInt64 = 0) {
        store(0 as UInt16, at: field)
        let total = sum &+ InternetChecksum.sum(bytes.extracting(range))
        storeBytes(of: InternetChecksum.field(total), toByteOffset: field, as: UInt16.self)
    }
}

/// The control information of a VLAN tag (IEEE 802.1Q §9.6). `rawValue` is in host byte order.
///
/// ```
///  0     3 4                    15
/// +-----+-+-----------------------+
/// | PCP |D|          VID          |
/// +-----+-+-----------------------+
/// ```
public struct VLANTag: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// All sixteen bits.
    public var rawValue: UInt16

    /// The tag with these sixteen bits.
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// - Parameter identifier: 0…4,095; higher bits are cut off.
    /// - Parameter priority: 0…7; higher bits are cut off.
    @inlinable public init(identifier: UInt16, priority: UInt8 = 0, isDropEligible: Bool = false) {
        rawValue = UInt16(priority & 7) << 13 | (isDropEligible ? 0x1000 : 0) | identifier & 0xfff
    }

    /// Priority code point: 0…7.
    @inlinable public var priority: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 13) }
    /// DEI: may be dropped first under congestion.
    @inlinable public var isDropEligible: Bool { rawValue & 0x1000 != 0 }
    /// VID: 1…4,094 name a VLAN; 0 gives only a priority, and 4,095 is reserved.
    @inlinable public var identifier: UInt16 { rawValue & 0xfff }
}

extension VLANTag {
    /// Up to two VLAN ids in one word, the outer one in the high half; zero for none.
    /// - Parameter identifiers: outer first.
    public static func packed(_ identifiers: [UInt16]) -> UInt32 {
        identifiers.reduce(0) { $0 << 16 | UInt32($1) }
    }
}

/// Where the fields behind a tag's ethertype stand, in bytes (IEEE 802.1Q §9.6, 802.1ad).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------------------------------+-------------------------------+
/// | control information (VLANTag) |   ethertype of what follows   |
/// +-------------------------------+-------------------------------+
/// ```
///
/// The ethertype that announces the tag, 8100 or 88a8, stands in the header before it.
public enum VLANField {
    /// 16 bits: a `VLANTag`.
    @inlinable public static var tag: Int { 0 }
    /// 16 bits.
    @inlinable public static var etherType: Int { 2 }

    /// What a tag adds to a frame.
    @inlinable public static var byteCount: Int { 4 }
}

/// A VLAN tag in bytes whose length has been checked, and what it encloses.
public struct VLANView: ~Escapable {
    /// The tag behind its ethertype, and the rest of the frame.
    public let bytes: RawSpan

    /// Truncated below 4 bytes.
    /// - Parameter bytes: begin behind the ethertype that announced the tag: the payload of an `EthernetView`
    ///   or of another `VLANView`.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount >= VLANField.byteCount else { throw WireError(.vlan, .truncated) }
        self.bytes = bytes
    }

    /// Priority and VLAN identifier.
    public var tag: VLANTag { VLANTag(rawValue: bytes.uint16(at: VLANField.tag)) }
    /// What follows the tag, which may be another one.
    public var etherType: EtherType { EtherType(rawValue: bytes.uint16(at: VLANField.etherType)) }

    /// What follows the tag, padding included.
    public var payload: RawSpan {
        @_lifetime(copy self) get { bytes.extracting(VLANField.byteCount..<bytes.byteCount) }
    }
}

extension VLANTag {
    /// Writes the tag and the ethertype of what follows it.
    /// - Parameter start: where the tag begins, right behind the ethertype that announces it.
    /// - Returns: 4, the bytes written.
    @discardableResult
    public func emit(etherType: EtherType, into bytes: inout MutableRawSpan, at start: Int = 0) -> Int {
        bytes.store(rawValue, at: start + VLANField.tag)
        bytes.store(etherType.rawValue, at: start + VLANField.etherType)
        return VLANField.byteCount
    }
}

/// One entry of an MPLS label stack (RFC 3032 §2.1; RFC 5462 for the traffic class).
///
/// ```
///  0                                       20    23 24             31
/// +---------------------------------------+-----+-+---------------+
/// |                 label                 | TC  |S|      TTL      |
/// +---------------------------------------+-----+-+---------------+
/// ```
///
/// `rawValue` is in host byte order. In a packet the top of the stack comes first; S marks the bottom.
public struct LabelStackEntry: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// All 32 bits.
    public var rawValue: UInt32

    /// The bytes of an entry.
    @inlinable public static var byteCount: Int { 4 }

    /// The entry with these 32 bits.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// - Parameter trafficClass: 0…7; higher bits are cut off.
    @inlinable public init(label: Label, trafficClass: UInt8 = 0, isBottomOfStack: Bool, ttl: UInt8) {
        rawValue =
            label.rawValue << 12 | UInt32(trafficClass & 7) << 9 | (isBottomOfStack ? 0x100 : 0) | UInt32(ttl)
    }

    /// What the next router looks up.
    @inlinable public var label: Label {
        get { Label(unchecked: rawValue >> 12) }
        set { rawValue = rawValue & 0xfff | newValue.rawValue << 12 }
    }
    /// 0…7; higher bits are cut off when set.
    @inlinable public var trafficClass: UInt8 {
        get { UInt8(truncatingIfNeeded: rawValue >> 9) & 7 }
        set { rawValue = rawValue & ~0xe00 | UInt32(newValue & 7) << 9 }
    }
    /// S: below this entry comes the payload.
    @inlinable public var isBottomOfStack: Bool {
        get { rawValue & 0x100 != 0 }
        set { rawValue = rawValue & ~0x100 | (newValue ? 0x100 : 0) }
    }
    /// Hops that are left.
    @inlinable public var ttl: UInt8 {
        get { UInt8(truncatingIfNeeded: rawValue) }
        set { rawValue = rawValue & ~0xff | UInt32(newValue) }
    }

    /// Writes the entry's four bytes.
    /// - Returns: 4, the bytes written.
    @discardableResult
    public func emit(into bytes: inout MutableRawSpan, at start: Int = 0) -> Int {
        bytes.store(rawValue, at: start)
        return Self.byteCount
    }
}

extension LabelStackEntry: CustomStringConvertible {
    /// As in `16001 tc 0 ttl 64`, with ` bottom` behind the last.
    public var description: String {
        "\(label) tc \(trafficClass) ttl \(ttl)" + (isBottomOfStack ? " bottom" : "")
    }
}

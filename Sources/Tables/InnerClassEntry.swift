/// What becomes of the inner DSCP of what arrives in a tunnel (`TunnelObject.InnerClass`). 8 bytes.
public struct InnerClassEntry: BitwiseCopyable, Sendable, Equatable {
    /// One octet for each traffic class, 0 in the lowest: a DSCP, or 64. All ones: the outer DSCP is taken over.
    @usableFromInline let rawValue: UInt64

    init(_ innerClass: TunnelObject.InnerClass) {
        switch innerClass {
        case .keep: rawValue = Self.keep.rawValue
        case .outer: rawValue = .max
        case .map(let entries):
            rawValue = entries.enumerated().reduce(0) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
        }
    }
    @inlinable init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The inner DSCP stays.
    @inlinable public static var keep: Self { Self(rawValue: 0x4040_4040_4040_4040) }
    @inlinable @inline(always) public var isKeep: Bool { rawValue == 0x4040_4040_4040_4040 }
    /// IP-in-IP: the outer DSCP is taken over.
    @inlinable @inline(always) public var isOuter: Bool { rawValue == .max }

    /// MPLS: the inner DSCP that a traffic class, 0…7, makes; nil: it stays. Not where `isOuter`.
    @inlinable @inline(always) public func dscp(_ trafficClass: UInt8) -> UInt8? {
        let dscp = UInt8(truncatingIfNeeded: rawValue &>> (8 &* UInt64(trafficClass & 7)))
        return dscp < 64 ? dscp : nil
    }
}

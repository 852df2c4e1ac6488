/// A treatment's place in the tables; 0 is that of nothing further.
public struct TreatmentIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static var none: Self { Self(rawValue: 0) }
}

/// A policer's place in the tables; 0 is that of none.
public struct PolicerIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static var none: Self { Self(rawValue: 0) }
}

/// What one direction of a session meets beyond its conversion: rules, policers, a class map, and what else most
/// sessions have nothing of. 32 bytes; those that are equal stand once, and place 0 holds the empty one.
///
/// Rules are asked for in the first pass, all else in the second.
public struct Treatment: BitwiseCopyable, Hashable, Sendable {
    /// The first rule in the low 24 bits, the number of rules in the high 8; no rules means that all is admitted.
    @usableFromInline package var ruleRange: UInt32 = 0
    /// One more than the index of the IP-in-IP tunnel whose path MTU bounds the packets; 0: there is none.
    @usableFromInline package var pathTunnel: UInt32 = 0
    /// Of this direction of the session.
    public var policer = PolicerIndex.none
    /// Of the tunnel that packets go into.
    public var tunnelPolicer = PolicerIndex.none
    /// The place of the class map; 0: there is none.
    @usableFromInline package var classMap: UInt32 = 0
    /// TCP's maximum segment sizes are held to what packets of so many bytes take; 0: they stay.
    public var segmentLimit: UInt16 = 0
    /// Whether the second pass polices or rewrites by it.
    @usableFromInline package var rewrites = false
    private var unused: UInt8 = 0
    private var reserved: UInt64 = 0

    @inlinable public init() {}

    @inlinable @inline(always) public var firstRule: Int { Int(ruleRange & 0xff_ffff) }
    @inlinable @inline(always) public var ruleCount: Int { Int(ruleRange &>> 24) }

    /// Places of the rules: below 2²⁴, at most 255.
    @inlinable public var rules: Range<Int> {
        get { firstRule..<firstRule + ruleCount }
        set {
            precondition(newValue.upperBound < 1 << 24 && newValue.count < 256)
            ruleRange = newValue.isEmpty ? 0 : UInt32(newValue.lowerBound) | UInt32(newValue.count) << 24
        }
    }

    /// The IP-in-IP tunnel whose path MTU bounds the packets.
    @inlinable public var tunnel: TunnelIndex? {
        pathTunnel == 0 ? nil : TunnelIndex(rawValue: pathTunnel &- 1)
    }

    /// Whether there is nothing in it.
    var isEmpty: Bool { self == Treatment() }
}

public import Wire

/// An outer IPv4 header before the inner IPv4 (RFC 2003) or IPv6 (RFC 4213) header.
public struct IPIPEncapsulation: Equatable, Sendable {
    /// The recommended default of RFC 1700.
    public static let defaultTTL: UInt8 = 64
    /// What it adds to every packet, in bytes: an IPv4 header without options.
    public static let overheadByteCount = 20

    /// Our end: the outer source when sending.
    public var local: IPAddress
    /// The other end: the outer destination when sending.
    public var remote: IPAddress
    /// The outer TTL, 1…255.
    public var ttl: UInt8
    /// The outer header's DSCP.
    public var dscp: DSCP
    /// The outer header's don't-fragment bit.
    public var df: DontFragment

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        local: IPAddress, remote: IPAddress, ttl: UInt8 = IPIPEncapsulation.defaultTTL, dscp: DSCP = .copy,
        df: DontFragment = .copy
    ) {
        self.local = local
        self.remote = remote
        self.ttl = ttl
        self.dscp = dscp
        self.df = df
    }

    /// The outer header's DSCP (RFC 2983). ECN always follows RFC 6040.
    public enum DSCP: Equatable, Sendable {
        /// The inner packet's.
        case copy
        /// This number, 0…63.
        case fixed(UInt8)
    }

    /// The outer header's don't-fragment bit (RFC 2003 §3.1).
    public enum DontFragment: String, CaseIterable, Sendable {
        /// The inner packet's; set where that is IPv6.
        case copy
        /// Always set.
        case set
    }
}

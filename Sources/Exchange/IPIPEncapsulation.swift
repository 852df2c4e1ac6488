public import Wire

/// An outer IPv4 header before the inner IPv4 (RFC 2003) or IPv6 (RFC 4213) one, or an outer IPv6 header before either
/// (RFC 2473).
public struct IPIPEncapsulation: Equatable, Sendable {
    /// The recommended default of RFC 1700.
    public static let defaultTTL = TTL.fixed(64)

    /// Our end: the outer source when sending.
    public var local: IPAddress
    /// The other end: the outer destination when sending.
    public var remote: IPAddress
    /// The outer TTL, or hop limit.
    public var ttl: TTL
    /// The outer header's DSCP.
    public var dscp: DSCP
    /// How congestion is marked in the outer header.
    public var ecn: ECN
    /// The outer header's don't-fragment bit. IPv6 has none.
    public var df: DontFragment
    /// What becomes of the inner packet's DSCP on arrival.
    public var innerDSCP: InnerDSCP

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        local: IPAddress, remote: IPAddress, ttl: TTL = IPIPEncapsulation.defaultTTL, dscp: DSCP = .copy,
        ecn: ECN = .normal, df: DontFragment = .copy, innerDSCP: InnerDSCP = .keep
    ) {
        self.local = local
        self.remote = remote
        self.ttl = ttl
        self.dscp = dscp
        self.ecn = ecn
        self.df = df
        self.innerDSCP = innerDSCP
    }

    /// What it adds to every packet, in bytes: a header without options or extensions.
    public var overheadByteCount: Int { remote.version == .v4 ? 20 : 40 }

    /// The outer TTL, or hop limit.
    public enum TTL: Equatable, Sendable {
        /// The inner packet's, as it leaves.
        case copy
        /// This number, 1…255.
        case fixed(UInt8)
    }

    /// The outer header's DSCP (RFC 2983).
    public enum DSCP: Equatable, Sendable {
        /// The inner packet's.
        case copy
        /// This number, 0…63.
        case fixed(UInt8)
        /// By the inner packet's; those that aren't given are copied, or become `otherwise`.
        case map(ClassMap)
    }

    /// The outer header's ECN field when sending (RFC 6040 §4.1). On arrival all of RFC 6040 §4.2 holds in either mode.
    public enum ECN: String, CaseIterable, Sendable {
        /// The inner packet's.
        case normal
        /// 0, for other ends that know nothing of it.
        case compatibility
    }

    /// The inner packet's DSCP on arrival (RFC 2983 §3).
    public enum InnerDSCP: String, CaseIterable, Sendable {
        /// It stays: the pipe model.
        case keep
        /// It becomes the outer header's: the uniform model.
        case outer
    }

    /// The outer header's don't-fragment bit (RFC 2003 §3.1).
    public enum DontFragment: String, CaseIterable, Sendable {
        /// The inner packet's; set where that is IPv6.
        case copy
        /// Always set.
        case set
    }
}

/// A way through a provider's network, in that network's own format. Sessions run in tunnels.
public struct Tunnel: Equatable, Sendable {
    /// Unique among the tunnels: 1 to 64 of the characters A-Z a-z 0-9 . _ -.
    public var name: String
    /// The name of the line it runs over.
    public var line: String
    /// The format of the network that it crosses.
    public var encapsulation: Encapsulation
    /// What is promised to the tunnel, of the line's capacity. Nil: nothing in particular.
    public var capacityBitsPerSecond: UInt64?
    /// Whether the maximum segment sizes of its sessions' TCP connections are held to what it takes.
    public var clampsMSS: Bool
    /// Of all that is sent into it.
    public var policer: Policer?
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        name: String, line: String, encapsulation: Encapsulation, capacityBitsPerSecond: UInt64? = nil,
        clampsMSS: Bool = false, policer: Policer? = nil, location: SourceLocation? = nil
    ) {
        self.name = name
        self.line = line
        self.encapsulation = encapsulation
        self.capacityBitsPerSecond = capacityBitsPerSecond
        self.clampsMSS = clampsMSS
        self.policer = policer
        self.location = location
    }

    /// What is put before a packet of a session in this tunnel.
    public enum Encapsulation: Equatable, Sendable {
        case mpls(MPLSEncapsulation)
        case ipip(IPIPEncapsulation)
        case mplsudp(MPLSUDPEncapsulation)

        /// What it adds to every packet, in bytes.
        public var overheadByteCount: Int {
            switch self {
            case .mpls(let mpls): mpls.overheadByteCount
            case .ipip(let ipip): ipip.overheadByteCount
            case .mplsudp(let mplsudp): mplsudp.overheadByteCount
            }
        }

        /// The outer IP header that it puts before a packet, if it does.
        public var outer: IPIPEncapsulation? {
            switch self {
            case .mpls: nil
            case .ipip(let ipip): ipip
            case .mplsudp(let mplsudp): mplsudp.outer
            }
        }
    }
}

/// A way through a provider's network, in that network's own format. Sessions run in tunnels.
public struct Tunnel: Equatable, Sendable {
    public var name: String
    /// The name of the line it runs over.
    public var line: String
    public var encapsulation: Encapsulation
    public var capacityBitsPerSecond: UInt64?
    @NotCompared public var location: SourceLocation?

    public init(
        name: String, line: String, encapsulation: Encapsulation, capacityBitsPerSecond: UInt64? = nil,
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.line = line
        self.encapsulation = encapsulation
        self.capacityBitsPerSecond = capacityBitsPerSecond
        self.location = location
    }

    /// What is put before a packet of a session in this tunnel.
    public enum Encapsulation: Equatable, Sendable {
        case mpls(MPLSEncapsulation)
        case ipip(IPIPEncapsulation)

        /// What it adds to every packet, in bytes.
        public var overheadByteCount: Int {
            switch self {
            case .mpls(let mpls): mpls.overheadByteCount
            case .ipip: IPIPEncapsulation.overheadByteCount
            }
        }
    }
}

public import Wire

/// A physical way to another node: a port, and the next hop on it. Tunnels run over lines.
public struct Line: Equatable, Sendable {
    /// Bytes of a full Ethernet frame's payload.
    public static let defaultMTU = 1500

    /// Unique among the lines: 1 to 64 of the characters A-Z a-z 0-9 . _ -.
    public var name: String
    /// The name of the port it leaves by.
    public var port: String
    /// The node at the other end. Nil on ports without an Ethernet header.
    public var nextHop: IPAddress?
    /// The VLAN ids of all frames of its tunnels and of the label table, outer first: none, one (IEEE 802.1Q) or two
    /// (802.1ad).
    public var vlan: [UInt16]
    /// The longest network-layer packet on this line, in bytes, our own labels or outer header included.
    public var mtu: Int
    /// What the line carries. Nil: no limit is known.
    public var capacityBitsPerSecond: UInt64?
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        name: String, port: String, nextHop: IPAddress? = nil, vlan: [UInt16] = [],
        mtu: Int = Line.defaultMTU, capacityBitsPerSecond: UInt64? = nil, location: SourceLocation? = nil
    ) {
        self.name = name
        self.port = port
        self.nextHop = nextHop
        self.vlan = vlan
        self.mtu = mtu
        self.capacityBitsPerSecond = capacityBitsPerSecond
        self.location = location
    }
}

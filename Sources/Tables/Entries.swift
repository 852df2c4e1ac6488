public import Wire

/// What the forwarder knows of a port.
public struct PortEntry: BitwiseCopyable, Sendable {
    /// Which side of the exchange plain packets come from here.
    public enum Role: UInt8, Sendable, BitwiseCopyable {
        /// From subscribers.
        case access
        /// From providers, or other exchanges.
        case network
    }

    public var role: Role
    /// Whether frames begin with an Ethernet header.
    public var isEthernet: Bool
    /// Whether senders here are told that what they send is prohibited.
    public var answersDenied: Bool
    /// Whether senders of packets that came in here are told what became of them.
    public var sendsErrors: Bool
    public var macAddress: MACAddress

    public init(
        role: Role, isEthernet: Bool, macAddress: MACAddress, answersDenied: Bool = false,
        sendsErrors: Bool = true
    ) {
        self.role = role
        self.isEthernet = isEthernet
        self.macAddress = macAddress
        self.answersDenied = answersDenied
        self.sendsErrors = sendsErrors
    }
}

/// What the forwarder knows of a tunnel: of its receiving side, and the policer of what is sent into it.
public struct TunnelEntry: BitwiseCopyable, Sendable {
    /// The line's port: packets of this tunnel must arrive here.
    public var port: UInt16
    /// MPLS: whether the top label's TTL is handed to the inner packet (RFC 3443 uniform model).
    public var handsOnTTL: Bool
    /// MPLS-in-UDP: whether datagrams without a checksum are refused.
    public var needsChecksum: Bool
    /// The line's VLAN ids, outer in the high half; zero where it has none.
    public var tags: UInt32
    /// Of all that is sent into it.
    public var policer: PolicerIndex
    /// MPLS-in-UDP: the path label above user labels; 0: they stand alone.
    public var pathLabel: UInt32
    /// What becomes of the inner packet's DSCP on arrival.
    public var innerClass: InnerClassEntry
    /// Outer IPv6: the other end and ours. Zero elsewhere.
    public var remote: IPv6Address
    public var local: IPv6Address

    public init(
        port: UInt16, handsOnTTL: Bool, tags: [UInt16] = [], policer: PolicerIndex = .none,
        innerClass: InnerClassEntry = .keep, pathLabel: UInt32 = 0, needsChecksum: Bool = false,
        remote: IPv6Address = IPv6Address(high: 0, low: 0), local: IPv6Address = IPv6Address(high: 0, low: 0)
    ) {
        self.port = port
        self.handsOnTTL = handsOnTTL
        self.needsChecksum = needsChecksum
        self.pathLabel = pathLabel
        self.policer = policer
        self.innerClass = innerClass
        self.tags = VLANTag.packed(tags)
        self.remote = remote
        self.local = local
    }
}

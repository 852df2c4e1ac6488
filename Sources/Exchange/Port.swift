public import Wire

/// A way for packets in and out of the edge, as it is configured.
public struct Port: Equatable, Sendable {
    /// The only forwarder of most edges.
    public static let defaultForwarder = "main"

    /// Unique among the ports: 1 to 64 of the characters A-Z a-z 0-9 . _ -.
    public var name: String
    /// What the port is made of.
    public var medium: PortMedium
    /// Which side of the edge it is on.
    public var role: PortRole
    /// The edge's own addresses here, each with the prefix that is on the link.
    public var addresses: [InterfaceAddress]
    /// The edge's own MAC address. Nil: the interface's, or in a replay one made from the port's place in the
    /// file.
    public var mac: MACAddress?
    /// The longest IP packet that the link takes, in bytes. Nil: as the interface says.
    public var mtu: Int?
    /// What the kernel is told to send into a TUN. Without meaning on other media.
    public var routes: PortRoutes
    /// Next hops whose MAC addresses need not be asked for.
    public var neighbours: [Neighbour]
    /// The name of the forwarder that opens it, where one edge has several.
    public var forwarder: String
    /// What becomes of packets that nothing admits.
    public var denied: Denied
    /// Whether senders of packets that came in here are told what became of them: TTL used up, too long.
    public var sendsErrors: Bool
    /// How packets pass between the port and the kernel.
    public var engine: PortEngine
    /// Whether the port and the kernel pass each other superframes and unfinished checksums, where they can.
    public var offload: PortOffload
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        name: String, medium: PortMedium, role: PortRole, addresses: [InterfaceAddress] = [],
        mac: MACAddress? = nil,
        mtu: Int? = nil, routes: PortRoutes = .automatic, neighbours: [Neighbour] = [],
        forwarder: String = Port.defaultForwarder, denied: Denied = .drop, sendsErrors: Bool = true,
        engine: PortEngine = .automatic, offload: PortOffload = .on,
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.medium = medium
        self.role = role
        self.addresses = addresses
        self.mac = mac
        self.mtu = mtu
        self.routes = routes
        self.neighbours = neighbours
        self.forwarder = forwarder
        self.denied = denied
        self.sendsErrors = sendsErrors
        self.engine = engine
        self.offload = offload
        self.location = location
    }

    /// Whether frames begin with an Ethernet header. Where they don't, they begin with an IP header, and
    /// there are neither neighbours nor MPLS.
    public var isEthernet: Bool {
        switch medium {
        case .tun: false
        case .tap, .packet, .sharedPacket, .capture: true
        case .file(_, _, let link): link == .ethernet
        }
    }
}

/// What a port is made of.
public enum PortMedium: Equatable, Sendable {
    /// A TUN interface, made if it is missing: IP packets to and from this host's kernel.
    case tun(interface: String)
    /// A TAP interface, made if it is missing: Ethernet frames to and from this host's kernel.
    case tap(interface: String)
    /// An existing interface, through AF_PACKET.
    case packet(interface: String)
    /// An existing interface, through AF_PACKET, whose addresses the kernel keeps: we take our packets, and the kernel
    /// all others.
    case sharedPacket(interface: String)
    /// An existing interface that is only listened to.
    case capture(interface: String)
    /// Capture files by path: one to read from, one to write to, or both.
    case file(read: String?, write: String?, link: FileLink)

    /// The kernel interface it stands on.
    public var interface: String? {
        switch self {
        case .tun(let name), .tap(let name), .packet(let name), .sharedPacket(let name), .capture(let name):
            name
        case .file: nil
        }
    }
}

/// What becomes of packets from an access port that nothing admits.
public enum Denied: String, CaseIterable, Sendable {
    /// They are dropped, and nobody is told.
    case drop
    /// They are dropped, and the sender is told that they are prohibited (RFC 1812 §5.2.7.1, RFC 4443 §3.1).
    case prohibited
}

/// How packets pass between a port and the kernel.
public enum PortEngine: String, CaseIterable, Sendable {
    /// As is fastest among what the kernel has.
    case automatic = "auto"
    /// A system call a packet or superframe: TUN, TAP.
    case readWrite = "readwrite"
    /// A system call for many of them, by io_uring: TUN, TAP.
    case ioUring = "io_uring"
    /// Received from memory shared with the kernel, sent by `sendmmsg`: AF_PACKET.
    case ring
    /// Received by `recvmmsg`, sent by `sendmmsg`: AF_PACKET.
    case mmsg
}

/// Whether work is left to the other side of a port, such as checksums and the cutting up of superframes.
public enum PortOffload: String, CaseIterable, Sendable {
    /// As much as the kernel takes part in.
    case on
    /// None, but what cannot be refused.
    case off
}

/// What the packets of a capture file begin with.
public enum FileLink: String, CaseIterable, Sendable {
    /// An Ethernet header.
    case ethernet
    /// An IP header.
    case ip
}

/// Which side of the edge a port is on.
public enum PortRole: String, CaseIterable, Sendable {
    /// Subscribers are here: a packet's source says who sent it.
    case access
    /// Providers, or other edges, are here.
    case network
}

/// What the kernel routes into a TUN.
public enum PortRoutes: Equatable, Sendable {
    /// On an access port the prefixes of all services, on a network port those of all subscribers.
    case automatic
    /// These prefixes, and no others.
    case prefixes([IPPrefix])
}

/// A next hop with a known MAC address.
public struct Neighbour: Equatable, Sendable {
    /// The next hop.
    public var address: IPAddress
    /// Its MAC address.
    public var mac: MACAddress
    /// Where it stands in its file, if it came from one.
    @NotCompared public var location: SourceLocation?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(address: IPAddress, mac: MACAddress, location: SourceLocation? = nil) {
        self.address = address
        self.mac = mac
        self.location = location
    }
}

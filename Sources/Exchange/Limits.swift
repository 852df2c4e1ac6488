/// How much one exchange may hold. Tables, counters and files are sized by these numbers.
public enum Limits {
    /// Ports of an edge: few, since each is asked for packets in turn.
    public static let ports = 256
    /// Lines of an edge.
    public static let lines = 4096
    /// Providers of an exchange.
    public static let providers = 65_536
    /// Services of all providers.
    public static let services = 65_536
    /// Tunnels on all lines.
    public static let tunnels = 65_536
    /// Subscribers on all ports.
    public static let subscribers = 1_048_576
    /// Conditions of all subscribers.
    public static let conditions = 1_048_576
    /// Sessions in all tunnels: as many as there are labels.
    public static let sessions = 1_048_576
    /// Tunnels that one side of a session may have at once.
    public static let paths = 8
    /// Labels of a stack: those that are sent, and those that are followed on arrival.
    public static let labelStack = 8
    /// ICMP types of a rule.
    public static let typesPerRule = 64
    /// Entries of the label table: as many as there are labels (20 bits, RFC 3032 §2.1).
    public static let labels = 1_048_576
    /// Slots for the counters of sessions: as many again as there are sessions, since a slot is free only
    /// when its last count has been taken in.
    public static let counterSlots = 2_097_152
    /// Forwarders whose counters are taken in.
    public static let forwarders = 64
    /// Rules that the conditions of a subscriber for a service come to, each port range and ICMP type for itself; a packet
    /// is held against them one by one.
    public static let rulesPerUse = 255
    /// Port ranges of a rule; a packet is held against them one by one.
    public static let portRangesPerRule = 64
    /// Characters of a name.
    public static let nameCharacters = 64
    /// Characters of a forwarder's name: it stands in names of files.
    public static let forwarderNameCharacters = 32
    /// Characters of a provider's title: code points, since of combining ones any number makes one character.
    public static let titleCharacters = 256
    /// IFNAMSIZ without its final NUL.
    public static let interfaceNameBytes = 15
    /// VLAN tags of a frame: a service tag and a customer tag (IEEE 802.1ad).
    public static let vlanTags = 2
    /// IEEE 802.1Q: 0 and 4,095 are reserved.
    public static let vlanIDs: ClosedRange<UInt16> = 1...4094
    /// Bytes of the longest network-layer packet of a line or port. Every IPv4 host takes 576 (RFC 791 §3.1).
    public static let mtu = 576...65_535
    /// The shortest packet that every IPv6 link must take, in bytes (RFC 8200 §5).
    public static let minimumIPv6MTU = 1280
}

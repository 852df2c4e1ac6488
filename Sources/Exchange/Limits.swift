/// How much one exchange may hold. Tables, counters and files are sized by these numbers.
public enum Limits {
    public static let ports = 256
    public static let lines = 4096
    public static let providers = 65_536
    public static let services = 65_536
    public static let tunnels = 65_536
    public static let subscribers = 1_048_576
    public static let conditions = 1_048_576
    public static let sessions = 1_048_576
    public static let labels = 1_048_576
    public static let rulesPerCondition = 64
    public static let portRangesPerRule = 64
    public static let nameCharacters = 64
    public static let titleCharacters = 256
    /// IFNAMSIZ without its final NUL.
    public static let interfaceNameBytes = 15
    public static let vlanTags = 2
    /// IEEE 802.1Q: 0 and 4,095 are reserved.
    public static let vlanIDs: ClosedRange<UInt16> = 1...4094
    /// Bytes of the longest network-layer packet of a line or port. Below 576, IPv4 gets nowhere (RFC 791
    /// §3.1).
    public static let mtu = 576...65_535
    /// The shortest packet that every IPv6 link must take, in bytes (RFC 8200 §5).
    public static let minimumIPv6MTU = 1280
}

/// Where each number stands in the memory of the counters: 64-bit words in host byte order, every group beginning with
/// a cache line.
///
/// ```
///  0         8           264             264 + p          264 + 2p
/// +---------+-----------+---------------+----------------+----------------------------------+
/// | totals  |   drops   |   ports in    |   ports out    | packets and bytes a conversion   |
/// +---------+-----------+---------------+----------------+----------------------------------+
///  8         256         p               p                4 × sessions
/// ```
/// Totals: forwarded, consumed, originated. Drops: by the raw value of a `DropReason`. p: the number of ports, rounded
/// up to 8. Conversions: `2 × session + direction`.
public struct CountersLayout: BitwiseCopyable, Sendable {
    public let portCount: Int
    public let sessionCount: Int

    public init(portCount: Int, sessionCount: Int) {
        precondition(portCount >= 0 && sessionCount >= 0)
        self.portCount = portCount
        self.sessionCount = sessionCount
    }

    public var forwarded: Int { 0 }
    public var consumed: Int { 1 }
    public var originated: Int { 2 }
    public var drops: Int { 8 }
    public var portsIn: Int { drops &+ 256 }
    public var portsOut: Int { portsIn &+ (portCount &+ 7) & ~7 }
    public var conversions: Int { portsOut &+ (portCount &+ 7) & ~7 }
    /// Words of all groups.
    public var wordCount: Int { conversions &+ 4 &* sessionCount }
}

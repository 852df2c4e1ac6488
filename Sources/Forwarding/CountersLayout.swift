/// Where each number stands in the memory of the counters: 64-bit words in host byte order, every group beginning with
/// a cache line. The same whatever is configured, so that the memory outlives every change.
///
/// ```
///  0         8           264             520              776
/// +---------+-----------+---------------+----------------+----------------------------------+
/// | totals  |   drops   |   ports in    |   ports out    | packets and bytes a conversion   |
/// +---------+-----------+---------------+----------------+----------------------------------+
///  8         256         256             256              2²³
/// ```
/// Totals: forwarded, consumed, originated. Drops: by the raw value of a `DropReason`. Ports by slot. Conversions:
/// `2 × session slot + direction`.
public enum CountersLayout {
    public static var portCount: Int { 256 }
    /// Counter slots.
    public static var sessionCount: Int { 1 << 21 }

    public static var forwarded: Int { 0 }
    public static var consumed: Int { 1 }
    public static var originated: Int { 2 }
    public static var drops: Int { 8 }
    public static var portsIn: Int { 264 }
    public static var portsOut: Int { 520 }
    public static var conversions: Int { 776 }
    /// Words of all groups: 64 MiB and a little, of which only what is counted takes memory.
    public static var wordCount: Int { conversions + 4 * sessionCount }
}

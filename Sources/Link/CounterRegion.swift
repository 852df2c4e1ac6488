/// What one worker's counters look like, in 64-bit words: the shape comes from the forwarding loop, and stands in the
/// file, so that readers need to know nothing else.
public struct CounterRegion: Hashable, Sendable {
    /// Slots of sessions that there can be at most.
    public var slotCount: Int
    /// Ports that there can be at most.
    public var portCount: Int
    /// Words of all groups.
    public var wordCount: Int
    /// First words: forwarded, consumed, originated.
    public var totals: Int
    /// First word: dropped packets by reason.
    public var drops: Int
    /// First words: packets in and out by port.
    public var portsIn: Int
    public var portsOut: Int
    /// First word: for each slot up packets, up bytes, down packets, down bytes. The last group.
    public var slots: Int
    /// The names of the drop reasons, in the order of their words. At most 256, of at most 31 bytes each.
    public var dropNames: [String]

    public init(
        slotCount: Int, portCount: Int, wordCount: Int, totals: Int, drops: Int, portsIn: Int, portsOut: Int,
        slots: Int, dropNames: [String]
    ) {
        self.slotCount = slotCount
        self.portCount = portCount
        self.wordCount = wordCount
        self.totals = totals
        self.drops = drops
        self.portsIn = portsIn
        self.portsOut = portsOut
        self.slots = slots
        self.dropNames = dropNames
    }

    /// Words that a slot has.
    static let wordsPerSlot = 4

    /// Whether every group lies in the words, in this order, without overlap.
    var isSound: Bool {
        slotCount > 0 && slotCount <= 1 << 24 && portCount > 0 && portCount <= 1 << 16
            && totals >= 0 && drops >= totals + 3 && portsIn >= drops + dropNames.count
            && portsOut >= portsIn + portCount && slots >= portsOut + portCount
            && wordCount == slots + Self.wordsPerSlot * slotCount && dropNames.count <= 256
            && dropNames.allSatisfy { (1...31).contains($0.utf8.count) }
    }
}

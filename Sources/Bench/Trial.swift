/// What became of the packets of one trial (RFC 2544 §23): sent at a steady rate for a time, then waited for.
public struct Trial: Sendable {
    /// The rate that was asked for, in packets a second.
    public var intendedRate: Double
    /// The rate that the sender reached.
    public var offeredRate: Double
    /// How long it was sent, in seconds.
    public var seconds: Double
    public var sentCount: UInt64
    /// Different packets that came back.
    public var receivedCount: UInt64
    /// Packets that came once more.
    public var duplicateCount: UInt64 = 0
    /// Packets that came behind one with a higher number (RFC 4737 §3).
    public var reorderedCount: UInt64 = 0
    /// Frames that our own receiver was too slow for, by its socket's counter.
    public var receiverDropCount: UInt64 = 0
    /// Frames that the kernel dropped on either interface, by the interfaces' counters.
    public var interfaceDropCount: UInt64 = 0
    public var latency = Latency()

    public init(
        intendedRate: Double, offeredRate: Double, seconds: Double, sentCount: UInt64, receivedCount: UInt64
    ) {
        self.intendedRate = intendedRate
        self.offeredRate = offeredRate
        self.seconds = seconds
        self.sentCount = sentCount
        self.receivedCount = receivedCount
    }

    public var lostCount: UInt64 { sentCount - min(sentCount, receivedCount) }
    /// Nothing lost: the only criterion of RFC 2544 §26.1.
    public var isLossFree: Bool { lostCount == 0 && sentCount > 0 }
    /// Whether the sender kept up with what was asked of it.
    public var isOffered: Bool { offeredRate >= 0.98 * intendedRate }
    /// Packets a second that came back.
    public var forwardingRate: Double { seconds > 0 ? Double(receivedCount) / seconds : 0 }
}

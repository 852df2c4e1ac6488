/// Events in one second of the packets' time. Zeroed memory is one that has seen none.
struct RateLimit: BitwiseCopyable {
    private var second: UInt64 = 0
    private var used = 0

    /// Counts an event at this time, in nanoseconds, and says whether it is among the first so many of its second.
    mutating func allows(_ perSecond: Int, at timestamp: UInt64) -> Bool {
        let now = timestamp / 1_000_000_000
        if now != second { (second, used) = (now, 0) }
        guard used < perSecond else { return false }
        used += 1
        return true
    }

    /// Whether the next event at this time will be one too many.
    func isSpent(_ perSecond: Int, at timestamp: UInt64) -> Bool {
        used >= perSecond && timestamp / 1_000_000_000 == second
    }
}

/// So many events in each second of the packets' time.
struct RateLimit {
    let perSecond: Int
    private var second: UInt64 = 0
    private var used = 0

    init(perSecond: Int) { self.perSecond = perSecond }

    /// Counts an event at this time, in nanoseconds, and says whether it is within the limit.
    mutating func allows(at timestamp: UInt64) -> Bool {
        let now = timestamp / 1_000_000_000
        if now != second { (second, used) = (now, 0) }
        guard used < perSecond else { return false }
        used += 1
        return true
    }
}

/// What a command has led to.
public struct Effects: Equatable, Sendable {
    /// Every slot whose table object may be another one now: each once, by kind in the order of `StateSlot`'s
    /// cases, then by slot.
    public var touched: [StateSlot]
    /// What was counted, in the order of the readings.
    public var usage: [UsageRecord]

    /// None, unless said.
    public init(touched: [StateSlot] = [], usage: [UsageRecord] = []) {
        self.touched = touched
        self.usage = usage
    }
}

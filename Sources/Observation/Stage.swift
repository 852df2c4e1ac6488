import CLinux

/// What a worker does with a vector, one after the other.
public enum Stage: Int, CaseIterable, Sendable {
    /// Takes packets from a port.
    case receive
    /// The two passes of the forwarding loop.
    case forward
    /// The slow path: answers, fragments.
    case answer
    /// Hands packets to their ports.
    case transmit
    /// Counts them.
    case account
}

/// How long each stage of one vector takes: of every sixteenth, so that reading the clock costs the others nothing but a
/// branch that the processor foresees.
public struct StageClock: Sendable {
    @usableFromInline let isOn: Bool
    @usableFromInline var last: UInt64 = 0
    /// By stage.
    @usableFromInline var ticks: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)

    /// A clock that never runs.
    public static var off: StageClock { StageClock(isOn: false) }

    @usableFromInline init(isOn: Bool) {
        self.isOn = isOn
        if isOn { last = wl_ticks() }
    }

    /// What has passed since the last lap was this stage.
    @inlinable @inline(always) public mutating func lap(_ stage: Stage) { if isOn { note(stage) } }

    @usableFromInline @inline(never) mutating func note(_ stage: Stage) {
        let now = wl_ticks()
        let passed = now &- last
        last = now
        switch stage {
        case .receive: ticks.0 &+= passed
        case .forward: ticks.1 &+= passed
        case .answer: ticks.2 &+= passed
        case .transmit: ticks.3 &+= passed
        case .account: ticks.4 &+= passed
        }
    }
}

extension Policer {
    /// What a packet is marked as (RFC 2698 §3).
    public enum Colour: UInt8, Sendable, BitwiseCopyable, CaseIterable {
        /// Within the committed rate.
        case green
        /// Beyond it, within the peak rate.
        case yellow
        /// Beyond the peak rate.
        case red
    }
}

/// A policer as the data path reads it. What it has let through is `PolicerState`, in memory of the workers'.
///
/// Bucket sizes and contents are counted in units of 10⁻⁹ bit: in one nanosecond a rate of one bit a second fills in
/// exactly one, so nothing is ever rounded. The largest bucket, 2³¹ − 1 bytes, is 1.7 × 10¹⁹ of them: 64 bits take it.
public struct PolicerEntry: BitwiseCopyable, Sendable {
    /// Units in a byte.
    @inlinable static var unitsPerByte: UInt64 { 8_000_000_000 }

    @usableFromInline package let committedRate: UInt64
    @usableFromInline package let peakRate: UInt64
    @usableFromInline package let committedBurst: UInt64
    @usableFromInline package let peakBurst: UInt64
    /// Tells this policer from those that had its place before.
    @usableFromInline package let generation: UInt32
    /// By colour: the kind of action in the high 2 bits, its number below.
    @usableFromInline package let actions: (UInt8, UInt8, UInt8)

    /// - Parameter policer: one without a fault.
    package init(_ policer: Policer, generation: UInt32) {
        committedRate = policer.committedBitsPerSecond
        peakRate = policer.peakBitsPerSecond
        committedBurst = UInt64(policer.committedBurstByteCount) * Self.unitsPerByte
        peakBurst = UInt64(policer.peakBurstByteCount) * Self.unitsPerByte
        self.generation = generation
        func octet(_ action: Policer.Action) -> UInt8 {
            switch action {
            case .pass: 0
            case .drop: 0x40
            case .dscp(let number): 0x80 | number
            case .trafficClass(let number): 0xc0 | number
            }
        }
        actions = (octet(policer.green), octet(policer.yellow), octet(policer.red))
    }

    /// What becomes of packets of this colour.
    @inlinable @inline(always) func action(_ colour: Policer.Colour) -> Policer.Action {
        let octet =
            switch colour {
            case .green: actions.0
            case .yellow: actions.1
            case .red: actions.2
            }
        switch octet &>> 6 {
        case 0: return .pass
        case 1: return .drop
        case 2: return .dscp(octet & 63)
        default: return .trafficClass(octet & 63)
        }
    }
}

/// What has been taken out of a policer's two buckets. All zeros: they are full. 32 bytes.
public struct PolicerState: BitwiseCopyable, Sendable {
    /// In the units of `PolicerEntry`.
    @usableFromInline package var committed: UInt64 = 0
    @usableFromInline package var peak: UInt64 = 0
    /// When the buckets were last filled up, in nanoseconds.
    @usableFromInline package var time: UInt64 = 0
    @usableFromInline package var generation: UInt32 = 0
    /// Held by the worker that meters, where there are several.
    @usableFromInline package var lock: UInt32 = 0

    @inlinable public init() {}

    /// A step back by more than this, in nanoseconds, is a clock that was set; by less, packets of two ports that were
    /// taken in one after the other, or by two workers.
    @inlinable static var longestStepBack: UInt64 { 1_000_000_000 }

    /// The colour of a packet (RFC 2698 §3, colour-blind), whose bytes are taken out of the buckets that it goes by.
    /// Before it they are filled up for the time since the packet before; time that goes backwards is no time.
    @inlinable @inline(always)
    public mutating func meter(_ byteCount: UInt32, at now: UInt64, by policer: PolicerEntry)
        -> Policer.Colour
    {
        if generation != policer.generation {
            (committed, peak) = (0, 0)
            generation = policer.generation
            time = now
        }
        if now > time {
            let elapsed = now &- time
            committed = Self.filled(committed, elapsed, policer.committedRate)
            peak = Self.filled(peak, elapsed, policer.peakRate)
            time = now
        } else if time &- now > Self.longestStepBack {
            time = now
        }
        let cost = UInt64(min(byteCount, .max &>> 1)) &* PolicerEntry.unitsPerByte
        guard cost <= policer.peakBurst &- peak else { return .red }
        peak &+= cost
        guard cost <= policer.committedBurst &- committed else { return .yellow }
        committed &+= cost
        return .green
    }

    /// What is missing in a bucket after some time of filling.
    @inlinable @inline(always)
    static func filled(_ missing: UInt64, _ elapsed: UInt64, _ rate: UInt64) -> UInt64 {
        let (product, overflows) = elapsed.multipliedReportingOverflow(by: rate)
        return overflows || product >= missing ? 0 : missing &- product
    }
}

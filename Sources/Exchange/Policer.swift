/// A two-rate three-colour marker (RFC 2698): what becomes of packets within the committed rate (green), within the
/// peak rate (yellow) and beyond it (red). Metered are the bytes of the inner IP packet, as on the bill.
public struct Policer: Equatable, Sendable {
    /// The greatest rate, in bits a second.
    public static let maximumRate: UInt64 = 1_000_000_000_000
    /// The sizes of bursts, in bytes.
    public static let bursts: ClosedRange<UInt32> = 1...UInt32(Int32.max)
    /// A burst that isn't given takes two full packets at least.
    private static let leastDefaultBurst: UInt64 = 3000

    /// CIR, in bits a second.
    public var committedBitsPerSecond: UInt64
    /// PIR, in bits a second. Nil: the committed rate, so that nothing is yellow for its rate.
    public var peakBitsPerSecond: UInt64?
    /// CBS, in bytes. Nil: what the committed rate carries in 125 ms, and 3,000 at least.
    public var committedBurstByteCount: UInt32?
    /// PBS, in bytes. Nil: where the rates are one, the committed burst size, so that a burst beyond it is red and not
    /// yellow; else what the peak rate carries in 125 ms, and the committed burst size at least.
    public var peakBurstByteCount: UInt32?
    public var green: Action
    public var yellow: Action
    public var red: Action

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        committedBitsPerSecond: UInt64, peakBitsPerSecond: UInt64? = nil,
        committedBurstByteCount: UInt32? = nil, peakBurstByteCount: UInt32? = nil, green: Action = .pass,
        yellow: Action = .pass, red: Action = .drop
    ) {
        self.committedBitsPerSecond = committedBitsPerSecond
        self.peakBitsPerSecond = peakBitsPerSecond
        self.committedBurstByteCount = committedBurstByteCount
        self.peakBurstByteCount = peakBurstByteCount
        self.green = green
        self.yellow = yellow
        self.red = red
    }

    /// The peak rate, given or not.
    public var peakRate: UInt64 { peakBitsPerSecond ?? committedBitsPerSecond }
    /// The committed burst size, given or not.
    public var committedBurst: UInt32 {
        committedBurstByteCount ?? Self.defaultBurst(committedBitsPerSecond)
    }
    /// The peak burst size, given or not.
    public var peakBurst: UInt32 {
        if let peakBurstByteCount { return peakBurstByteCount }
        guard peakRate > committedBitsPerSecond else { return committedBurst }
        return max(committedBurst, Self.defaultBurst(peakRate))
    }

    /// 125 ms are an eighth of a second, and a byte is eight bits.
    private static func defaultBurst(_ bitsPerSecond: UInt64) -> UInt32 {
        UInt32(min(max(bitsPerSecond / 64, leastDefaultBurst), UInt64(bursts.upperBound)))
    }

    /// What becomes of the packets of a colour.
    public enum Action: Equatable, Sendable {
        case pass
        case drop
        /// The inner packet gets this DSCP, 0…63.
        case dscp(UInt8)
        /// The pushed labels get this traffic class, 0…7. Without effect where none are pushed.
        case trafficClass(UInt8)
    }
}

/// A two-rate three-colour marker (RFC 2698), colour-blind, and what becomes of each colour.
///
/// Green is within the committed rate, yellow within the peak rate, red beyond it. Metered are the bytes of the inner IP
/// packet, as on the bill.
public struct Policer: Hashable, Sendable {
    /// CIR and PIR, in bits a second: 1…10¹², the peak no less than the committed.
    public var committedBitsPerSecond: UInt64
    public var peakBitsPerSecond: UInt64
    /// CBS and PBS, in bytes: 1…2³¹ − 1.
    public var committedBurstByteCount: UInt32
    public var peakBurstByteCount: UInt32
    public var green: Action
    public var yellow: Action
    public var red: Action

    public init(
        committedBitsPerSecond: UInt64, peakBitsPerSecond: UInt64, committedBurstByteCount: UInt32,
        peakBurstByteCount: UInt32, green: Action = .pass, yellow: Action = .pass, red: Action = .drop
    ) {
        self.committedBitsPerSecond = committedBitsPerSecond
        self.peakBitsPerSecond = peakBitsPerSecond
        self.committedBurstByteCount = committedBurstByteCount
        self.peakBurstByteCount = peakBurstByteCount
        self.green = green
        self.yellow = yellow
        self.red = red
    }

    public enum Action: Hashable, Sendable, BitwiseCopyable {
        case pass
        /// As `DropReason.policed`.
        case drop
        /// The inner packet's DSCP becomes this, 0…63, before it is encapsulated (and so the class that is copied).
        case dscp(UInt8)
        /// The pushed labels' traffic class becomes this, 0…7; the inner packet stays. Without effect elsewhere.
        case trafficClass(UInt8)
    }
}

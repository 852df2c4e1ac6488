/// Explicit congestion notification: the low two bits of the traffic class octet (RFC 3168 §5).
public enum ECN: UInt8, Sendable, BitwiseCopyable {
    /// The transport isn't ECN-capable.
    case notECT = 0
    case ect1 = 1
    case ect0 = 2
    /// Congestion experienced.
    case ce = 3

    /// The two bits of a traffic class octet: DSCP (RFC 2474) in the upper six bits, ECN in the lower two.
    @inlinable public init(trafficClassOctet: UInt8) {
        self =
            switch trafficClassOctet & 3 {
            case 0: .notECT
            case 1: .ect1
            case 2: .ect0
            default: .ce
            }
    }
}

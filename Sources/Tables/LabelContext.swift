/// Where a user label has its meaning (RFC 5331 calls it a context-specific label space).
public enum LabelContext: Hashable, Sendable, BitwiseCopyable {
    /// Under the path label of this tunnel.
    case tunnel(TunnelIndex)
    /// On top of the stack, on this port: the path label was popped by the hop before.
    case port(UInt16)

    /// The key of a label in this context: 37 bits.
    @inlinable @inline(always) public func key(_ label: UInt32) -> UInt64 {
        switch self {
        case .tunnel(let tunnel): UInt64(tunnel.rawValue) &<< 20 | UInt64(label)
        case .port(let port): 1 &<< 36 | UInt64(port) &<< 20 | UInt64(label)
        }
    }
}

/// One entry of the incoming label map (RFC 3031 §3.11): what is done with a packet whose top label this is. 4 bytes;
/// the map is a flat array over all 2²⁰ labels.
public struct ILMEntry: BitwiseCopyable, Sendable {
    public enum Action: Sendable {
        /// Not bound.
        case none
        /// Our path label of this tunnel: pop it, the user label stands below.
        case tunnel(TunnelIndex)
        /// A transit label.
        case transit(NHLFEIndex)
    }

    /// Zero: none. Bit 31: a tunnel, else an NHLFE; the index plus one below.
    @usableFromInline let rawValue: UInt32

    @inlinable public init() { rawValue = 0 }
    @inlinable public init(_ tunnel: TunnelIndex) { rawValue = (tunnel.rawValue &+ 1) | 1 &<< 31 }
    @inlinable public init(_ nhlfe: NHLFEIndex) { rawValue = nhlfe.rawValue &+ 1 }

    @inlinable @inline(always) public var action: Action {
        if rawValue == 0 { return .none }
        let index = (rawValue & 0x7fff_ffff) &- 1
        return rawValue &>> 31 == 1
            ? .tunnel(TunnelIndex(rawValue: index)) : .transit(NHLFEIndex(rawValue: index))
    }
}

/// A next hop label forwarding entry (RFC 3031 §3.10) of a transit label: the labels that replace it, and where the
/// packet goes. 40 bytes.
public struct NHLFE: BitwiseCopyable, Sendable {
    /// The labels to send, bottom first, as they are written: each further one stands before. The first `labelCount`
    /// count. TTL, traffic class and S are filled in.
    @usableFromInline package var labels: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)
    public let labelCount: UInt8
    /// Whether the incoming label is popped before `labels` are pushed, so that what it exposes takes over its TTL
    /// (RFC 3443 §3.3); else the first pushed label takes its place.
    public let pops: Bool
    /// The longest label stack plus payload that the line takes.
    public let mtu: UInt16
    public let adjacency: AdjacencyIndex

    /// Label `index`, from the bottom: 0…7.
    @inlinable @inline(always) public func label(fromBottom index: Int) -> UInt32 {
        switch index {
        case 0: labels.0
        case 1: labels.1
        case 2: labels.2
        case 3: labels.3
        case 4: labels.4
        case 5: labels.5
        case 6: labels.6
        default: labels.7
        }
    }

    /// - Parameter labels: the labels to send, top first; at most eight.
    public init(labels: [UInt32], pops: Bool, adjacency: AdjacencyIndex, mtu: Int) {
        precondition(labels.count <= 8)
        func label(fromBottom index: Int) -> UInt32 {
            index < labels.count ? labels[labels.count - 1 - index] : 0
        }
        self.labels = (
            label(fromBottom: 0), label(fromBottom: 1), label(fromBottom: 2), label(fromBottom: 3),
            label(fromBottom: 4), label(fromBottom: 5), label(fromBottom: 6), label(fromBottom: 7)
        )
        labelCount = UInt8(labels.count)
        self.pops = pops
        self.adjacency = adjacency
        self.mtu = UInt16(clamping: mtu)
    }
}

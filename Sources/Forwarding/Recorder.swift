public import Tables
public import Wire

/// Something the loop found out or did about a packet, in the order of the stages.
public enum Step: BitwiseCopyable, Sendable {
    case ethernet(destination: MACAddress, source: MACAddress, etherType: EtherType, tags: UInt32)
    case ipv4(
        source: IPv4Address, destination: IPv4Address, protocol: IPProtocol, timeToLive: UInt8, byteCount: Int
    )
    case ipv6(
        source: IPv6Address, destination: IPv6Address, protocol: IPProtocol, timeToLive: UInt8, byteCount: Int
    )
    case pathLabel(LabelStackEntry, TunnelIndex)
    case userLabel(LabelStackEntry)
    case transitLabel(LabelStackEntry, NHLFEIndex)
    case unboundLabel(LabelStackEntry)
    case tunnel(TunnelIndex)
    case subscriber(LookupResult)
    case service(LookupResult)
    case noSession
    case session(ConversionIndex)
    case noRuleAdmits(ruleCount: Int)
    case ruleAdmits(Int)
    case everythingAdmitted
    case converted(ConversionIndex)
    case relabelled(NHLFEIndex)
    case adjacency(AdjacencyIndex)
}

/// Watches the stages. The loop runs with `NoRecorder`, whose calls vanish; `wayleave explain` runs the same code with
/// a recorder that writes the steps down, so that the two can't disagree.
public protocol Recorder {
    mutating func record(_ step: Step)
}

/// Records nothing, and costs nothing.
public struct NoRecorder: Recorder, BitwiseCopyable, Sendable {
    @inlinable public init() {}
    @inlinable @inline(always) public mutating func record(_ step: Step) {}
}

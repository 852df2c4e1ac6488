public import Packets
public import Tables
public import Wire

/// Something that was found out or done about a packet, in the order of the stages.
///
/// Lookups that found nothing are steps too: a packet that goes no further leaves behind how far it got.
public enum Step: BitwiseCopyable, Sendable {
    /// The frame's header. VLAN ids in `tags`, the outer one in the high half.
    case ethernet(destination: MACAddress, source: MACAddress, etherType: EtherType, tags: UInt32)
    /// A sound IPv4 header. Of a packet in a tunnel, the outer one and then the inner one.
    case ipv4(
        source: IPv4Address, destination: IPv4Address, protocol: IPProtocol, timeToLive: UInt8, byteCount: Int
    )
    /// A sound IPv6 header.
    case ipv6(
        source: IPv6Address, destination: IPv6Address, protocol: IPProtocol, timeToLive: UInt8, byteCount: Int
    )

    /// The top label is the path label of this tunnel.
    case pathLabel(LabelStackEntry, TunnelIndex)
    /// The label is a user label where it stands, and belongs to this session.
    case userLabel(LabelStackEntry, ConversionIndex)
    /// The top label is in the label table of a transit node.
    case transitLabel(LabelStackEntry, NHLFEIndex)
    /// An explicit null (RFC 3032 §2.1, RFC 4182): popped, and what stands below it is looked at.
    case explicitNull(LabelStackEntry)
    /// The label means nothing where it stands.
    case unboundLabel(LabelStackEntry)
    /// The outer IPv6 header's extension headers have been followed; what is encapsulated begins so many bytes from the
    /// header's first.
    case outerExtensionHeaders(Int)
    /// The outer header carries MPLS in UDP (RFC 7510): the source port, and the checksum as it stands; zero is none.
    case datagram(sourcePort: UInt16, checksum: UInt16)
    /// The outer addresses are the ends of this IP-in-IP or MPLS-in-UDP tunnel.
    case tunnel(TunnelIndex)

    /// What the subscriber's address led to: the source of what goes up, the destination of what comes down.
    case subscriber(LookupResult)
    /// What the service's address led to: the destination of what goes up, the source of what comes down.
    case service(LookupResult)
    /// The subscriber has no open session with the service.
    case noSession
    /// The session, and the direction in which the packet uses it.
    case session(ConversionIndex)
    /// The session's path that the packet's flow takes, of several.
    case path(ConversionIndex, FlowHash)
    /// The sender's own use of a service came to nothing: what follows asks whether the packet comes down to another
    /// subscriber of this port, whose service the sender is.
    case hairpin
    /// The ECN fields of a packet in an outer header, and what becomes of the inner one (RFC 6040 §4.2); nil: it is dropped.
    case congestion(inner: UInt8, outer: UInt8, result: UInt8?)

    /// What the rules look at: the protocol behind all IPv6 extension headers, and whether ports can follow.
    case transport(IPProtocol, isLaterFragment: Bool)
    /// A rule has compared this port: the service's side of the packet.
    case servicePort(UInt16)
    /// A rule has compared the type of an ICMP or ICMPv6 message.
    case messageType(UInt8)
    /// A rule has compared the DSCP.
    case codePoint(UInt8)
    case noRuleAdmits(ruleCount: Int)
    /// The rule's place among those of the session, counted from 0.
    case ruleAdmits(Int)
    /// The session's condition has no rules.
    case everythingAdmitted

    /// The packet is an ICMP error, and this is the IPv4 header that it quotes. The steps that follow up to `related` are
    /// about the quoted packet.
    case quotedIPv4(source: IPv4Address, destination: IPv4Address, protocol: IPProtocol)
    /// The packet is an ICMPv6 error, and this is the IPv6 header that it quotes, as with `quotedIPv4`.
    case quotedIPv6(source: IPv6Address, destination: IPv6Address, protocol: IPProtocol)
    /// The ICMP error is about a packet of this session, and goes to whom that came from, in this direction. Turned back:
    /// it comes from a hop inside the tunnel that the packet was in (RFC 3032 §2.3.2).
    case related(ConversionIndex, isTurnedBack: Bool)

    /// The label's TTL has been written into what it exposed (RFC 3443), which had another.
    case timeToLiveHandedOn(UInt8, before: UInt8? = nil)
    /// The inner packet's DSCP has been set by the label's traffic class, or by the outer DSCP (RFC 2983, RFC 3270).
    case classHandedOn(before: UInt8, after: UInt8)
    /// The session's policer, or its tunnel's, has marked the packet (RFC 2698), and this becomes of it.
    case policed(PolicedBy, Policer.Colour, Policer.Action)
    /// A policer's action has rewritten the inner DSCP.
    case remarked(from: UInt8, to: UInt8)
    /// The maximum segment size in a TCP SYN has been lowered.
    case segmentSizeLowered(from: UInt16, to: UInt16)
    /// The packet stands as the session's other leg wants it, but for the link header.
    case converted(ConversionIndex)
    /// The top label has been swapped or popped.
    case relabelled(NHLFEIndex)
    /// Where it leaves, link header included.
    case adjacency(AdjacencyIndex)

    /// The loop has handed the packet to the slow path.
    case punted(Punt)
    /// The slow path has split the packet. The steps of each fragment's conversion follow.
    case fragmented(count: Int)
    /// A fragment behind the first could not be sent.
    case fragmentLost(DropReason)
}

/// Whose policer it was.
public enum PolicedBy: UInt8, Sendable, BitwiseCopyable {
    case session
    case tunnel
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

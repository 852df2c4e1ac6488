/// Why a packet went no further. Every dropped packet has exactly one; its name is the key in counters and traces.
public enum DropReason: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    // The frame.
    /// Shorter than its Ethernet or VLAN header.
    case truncatedEthernet
    /// Addressed to another station on the link.
    case notOurMAC
    /// A VLAN tag that the subscriber or port does not have, or none where one is due.
    case wrongVLAN
    /// Neither ARP, IPv4, IPv6 nor MPLS.
    case unknownEtherType
    /// More bytes than a buffer slot takes.
    case oversized
    /// An ARP packet that is none (RFC 826).
    case malformedARP
    /// A neighbour solicitation or advertisement that breaks a rule of RFC 4861 §7.1.
    case malformedNeighbourDiscovery

    // IP.
    /// Version nibble neither 4 nor 6, or not what the ethertype said.
    case badIPVersion
    /// Shorter than the fixed IPv4 header, or than its header length says.
    case truncatedIPv4
    /// Header length below 20 bytes.
    case badIPv4HeaderLength
    /// Total length below the header or above what arrived.
    case badIPv4TotalLength
    /// Header checksum wrong (RFC 1071).
    case badIPv4Checksum
    /// Shorter than the IPv6 header.
    case truncatedIPv6
    /// Payload length above what arrived.
    case badIPv6PayloadLength
    /// Shorter than the transport header that a rule must read.
    case truncatedTransport
    /// TTL or hop limit used up.
    case ttlExpired
    /// A multicast, broadcast or link-local packet that nothing here listens to.
    case notUnicast
    /// Too long for the path, and not to be fragmented; answered with "too big" where its sender can be reached.
    case tooBig

    // Who, what, may they.
    /// The source address belongs to no subscriber.
    case unknownSubscriber
    /// The source address belongs to a subscriber of another port, or to this node; or a packet to this node comes from
    /// where nobody can be answered.
    case spoofedSource
    /// The destination (or, on the way back, the source) belongs to no service.
    case unknownService
    /// The destination belongs to no subscriber.
    case unknownDestination
    /// No open session, or no rule of its condition, admits this packet.
    case notAdmitted
    /// A later fragment carries no ports, and only port rules could have admitted it.
    case fragmentWithoutPorts
    /// The session receives on another leg than the one this packet arrived by.
    case wrongLeg
    /// Beyond the rate of its session or tunnel: red in a two-rate three-colour marker (RFC 2698).
    case policed

    // MPLS.
    /// The frame ends inside the label stack.
    case truncatedLabelStack
    /// No binding for the top label.
    case unknownLabel
    /// A special-purpose label (0–15) that is not served here (RFC 7274).
    case reservedLabel
    /// A bound label under another path label, or on another port, than its own.
    case labelOutOfContext
    /// A path label that ends here with nothing behind it.
    case missingUserLabel
    /// The bottom-of-stack bit is not set on the user label.
    case missingBottomOfStack
    /// The bottom-of-stack bit is set before the last label that must be there.
    case earlyBottomOfStack
    /// More labels than are followed: eight.
    case labelStackTooDeep
    /// The generic associated channel label (13, RFC 5586), with nobody here to listen to the channel.
    case associatedChannel

    // IP-in-IP, and MPLS-in-UDP.
    /// An encapsulated packet for us from an endpoint that no tunnel has, or none of a line on this port.
    case unknownTunnelEndpoint
    /// A fragment of an encapsulated packet; reassembly is not done here.
    case outerFragment
    /// Congestion marked on the outer header of a packet whose transport is not ECN-capable (RFC 6040 §4.2).
    case ecnMismatch
    /// An outer IPv6 header with an extension header that is not followed, or a broken one.
    case outerExtensionHeader
    /// The packet's source is the tunnel's other end: it would go in circles (RFC 2003 §3.2).
    case recursiveEncapsulation

    // Either.
    /// The decapsulated packet's source does not fit the session.
    case innerSourceMismatch
    /// The decapsulated packet's destination does not fit the session.
    case innerDestinationMismatch

    // Leaving.
    /// The next hop has not answered ARP or neighbour discovery yet.
    case neighbourUnresolved
    /// Addressed to this node, with a protocol that it does not speak.
    case notServedHere
    /// The output port's interface is absent or down.
    case portDown
    /// The output port took no more.
    case transmitFailed

    // Counter files know reasons by their place here: further ones go to the end.
    /// ARP, neighbour discovery, a ping or an ICMP error for this node, and more of its kind than one port may bring in a
    /// second.
    case requestLimit

    // MPLS-in-UDP.
    /// A UDP length below its header or above what arrived.
    case badUDPLength
    /// A wrong UDP checksum (RFC 768).
    case badUDPChecksum
    /// No UDP checksum, where there must be one: over IPv6, unless the tunnel does without (RFC 8200 §8.1, RFC 7510 §3.1).
    case missingUDPChecksum
}

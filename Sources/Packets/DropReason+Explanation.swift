extension DropReason {
    /// The reason in one sentence, for any packet that has it. What it means for one packet in particular, and what
    /// would have to be different, `wayleave explain` says.
    public var explanation: String {
        switch self {
        case .truncatedEthernet: "The frame is shorter than its Ethernet header and VLAN tags."
        case .notOurMAC: "The frame is addressed to another station on the link."
        case .wrongVLAN: "The frame's VLAN tags are not those that are due here."
        case .unknownEtherType: "The frame carries neither ARP, IPv4, IPv6 nor MPLS."
        case .oversized: "The frame is longer than a packet buffer."
        case .malformedARP: "This is no ARP packet about Ethernet and IPv4 addresses (RFC 826)."
        case .malformedNeighbourDiscovery:
            "The neighbour solicitation or advertisement breaks a rule of RFC 4861 §7.1."

        case .badIPVersion: "The IP header's version is neither 4 nor 6, or not the one announced before it."
        case .truncatedIPv4: "The packet is shorter than its IPv4 header."
        case .badIPv4HeaderLength: "The IPv4 header says that it is shorter than 20 bytes."
        case .badIPv4TotalLength:
            "The IPv4 total length is less than the header or more than what arrived."
        case .badIPv4Checksum: "The IPv4 header checksum does not match (RFC 1071)."
        case .truncatedIPv6: "The packet is shorter than an IPv6 header."
        case .badIPv6PayloadLength: "The IPv6 payload length is more than what arrived."
        case .truncatedTransport: "The packet ends before what a rule must read of its transport header."
        case .ttlExpired: "The TTL or hop limit is used up."
        case .notUnicast: "A multicast, broadcast or link-local packet that nothing here listens to."
        case .tooBig: "The packet is longer than its way out takes, and may not be fragmented."

        case .unknownSubscriber: "The source address belongs to no subscriber."
        case .spoofedSource:
            "The source address belongs elsewhere: on another port, to this node, or to nobody."
        case .unknownService: "The address on the provider's side belongs to no service."
        case .unknownDestination: "The destination address belongs to no subscriber."
        case .notAdmitted: "No open session, or none of its rules, admits this packet."
        case .fragmentWithoutPorts:
            "A later fragment carries no ports, and only rules about ports could have admitted it."
        case .wrongLeg: "The session receives on another leg than the one this packet arrived by."

        case .policed: "The session or its tunnel is beyond its peak rate (RFC 2698: red)."

        case .truncatedLabelStack: "The frame ends inside the label stack."
        case .unknownLabel: "The label is not bound."
        case .reservedLabel: "A special-purpose label (0 to 15) that is not served here (RFC 7274)."
        case .labelOutOfContext: "The label is bound under another path label, or on another port."
        case .missingUserLabel: "The path label ends here, and no user label stands below it."
        case .missingBottomOfStack: "More labels stand below the user label, which must be the last."
        case .earlyBottomOfStack: "The label stack ends before the last label that must be there."

        case .labelStackTooDeep: "More than eight labels would have to be followed."
        case .associatedChannel:
            "The associated channel (label 13, RFC 5586) of this label is not listened to here."

        case .unknownTunnelEndpoint: "The outer addresses are the ends of no tunnel on this port."
        case .outerFragment: "A fragment of an encapsulated packet; reassembly is not done here."
        case .ecnMismatch:
            "Congestion is marked outside a packet whose transport is not ECN-capable (RFC 6040 §4.2)."

        case .outerExtensionHeader:
            "The outer IPv6 header is followed by an extension header that is broken or not followed here."
        case .recursiveEncapsulation:
            "The packet comes from the other end of the tunnel that it would go into (RFC 2003 §3.2)."

        case .innerSourceMismatch: "The packet in the tunnel has a source that does not fit the session."
        case .innerDestinationMismatch:
            "The packet in the tunnel has a destination that does not fit the session."

        case .neighbourUnresolved: "The next hop has not answered ARP or neighbour discovery."
        case .notServedHere: "The packet is addressed to this node, with a protocol that it does not speak."
        case .portDown: "The output port's interface is absent or down."
        case .transmitFailed: "The output port did not take the packet."
        case .requestLimit:
            "The packet is addressed to this node, and the port has brought more of its kind than are looked at in a second."

        case .badUDPLength: "The UDP length is less than the header or more than what arrived."
        case .badUDPChecksum: "The UDP checksum does not match (RFC 768)."
        case .missingUDPChecksum:
            "The datagram has no UDP checksum, and over IPv6 this tunnel needs one (RFC 8200 §8.1)."
        }
    }
}

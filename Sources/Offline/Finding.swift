import Packets

/// Why one packet was dropped, and what would have to be different.
struct Finding {
    /// Whole sentences.
    let why: String
    /// Whole sentences; nil where the packet is simply wrong.
    let remedy: String?

    init(_ why: String, remedy: String? = nil) {
        self.why = why
        self.remedy = remedy
    }
}

extension Narrator {
    /// What a drop reason means for this packet.
    func finding(_ reason: DropReason) -> Finding {
        switch reason {
        case .truncatedEthernet, .notOurMAC, .wrongVLAN, .unknownEtherType, .oversized, .malformedARP,
            .malformedNeighbourDiscovery:
            frameFinding(reason)
        case .badIPVersion, .truncatedIPv4, .badIPv4HeaderLength, .badIPv4TotalLength, .badIPv4Checksum,
            .truncatedIPv6, .badIPv6PayloadLength, .truncatedTransport, .ttlExpired, .notUnicast, .tooBig:
            headerFinding(reason)
        case .unknownSubscriber, .spoofedSource, .unknownService, .unknownDestination, .notAdmitted,
            .fragmentWithoutPorts, .wrongLeg, .policed:
            admissionFinding(reason)
        case .truncatedLabelStack, .unknownLabel, .reservedLabel, .labelOutOfContext, .missingUserLabel,
            .missingBottomOfStack, .earlyBottomOfStack, .labelStackTooDeep, .associatedChannel:
            labelFinding(reason)
        case .unknownTunnelEndpoint, .outerFragment, .ecnMismatch, .outerExtensionHeader,
            .recursiveEncapsulation,
            .innerSourceMismatch, .innerDestinationMismatch, .badUDPLength, .badUDPChecksum,
            .missingUDPChecksum:
            tunnelFinding(reason)
        case .neighbourUnresolved, .notServedHere, .portDown, .transmitFailed, .requestLimit:
            leavingFinding(reason)
        }
    }
}

import Exchange
import Packets
import Wire

/// What can be wrong with a frame, and with its way out.
extension Narrator {
    func frameFinding(_ reason: DropReason) -> Finding {
        switch reason {
        case .truncatedEthernet:
            return Finding(
                "The frame has \(Words.bytes(run.packet.count)); an Ethernet header has 14, and 4 more for each "
                    + "VLAN tag.",
                remedy:
                    "\(port.name) is an Ethernet port: give the frame from its destination MAC address on.")
        case .notOurMAC: return notOurMAC
        case .wrongVLAN: return wrongVLAN
        case .unknownEtherType:
            let type = trail.ethernet.map { Words.etherType($0.etherType) } ?? "The ethertype"
            return Finding(
                "The frame carries \(type), which is neither ARP, IPv4, IPv6 nor MPLS.", remedy: bareIPHint)
        case .oversized:
            return Finding(
                "The packet has \(Words.bytes(run.packet.count)), more than a buffer takes.")
        default: return Finding(reason.explanation)
        }
    }

    private var notOurMAC: Finding {
        let destination = trail.ethernet?.destination ?? MACAddress(rawValue: 0)
        let remedy =
            "Send the frame to \(macAddress), or write `mac: \"\(destination)\"` into port \(port.name)"
            + (port.mac == nil
                ? "; without `mac` this address stands in for the interface's, which only a live forwarder knows."
                : ".")
        return Finding(
            "The frame is addressed to \(destination), and port \(port.name) answers to \(macAddress).",
            remedy: bareIPHint ?? remedy)
    }

    private var wrongVLAN: Finding {
        let tags = trail.ethernet?.tags ?? 0
        let came = tags == 0 ? "the frame is untagged" : "the frame came on \(Words.tags(tags))"
        if let slot = arrivalTunnel, let tunnel = tunnel(names.tunnels[slot]) {
            let due = VLANTag.packed(tunnelObject(slot)?.tags ?? [])
            return Finding(
                "Frames of tunnel \(tunnel.name) come \(due == 0 ? "untagged" : "on \(Words.tags(due))") (line "
                    + "\(tunnel.line)), and \(came).",
                remedy: "If the frame is right, change the `vlan` of line \(tunnel.line).")
        }
        guard port.role == .access, trail.ethernet?.etherType != .mpls, let subscriber else {
            return Finding(
                "Bare packets have VLAN tags only on an access port, those of their subscriber; and \(came).",
                remedy: "Send it untagged.")
        }
        let due = VLANTag.packed(subscriber.vlan)
        let ids = tags >> 16 == 0 ? "\(tags)" : "[\(tags >> 16), \(tags & 0xffff)]"
        let change = tags == 0 ? "remove `vlan` from" : "write `vlan: \(ids)` into"
        let why = "\(subscriber.name) belongs on \(due == 0 ? "no VLAN" : Words.tags(due)), and \(came)."
        // Identifiers 0 and 4095 are nobody's (IEEE 802.1Q), so that the file can't name them.
        let identifiers = tags >> 16 == 0 ? [tags] : [tags >> 16, tags & 0xffff]
        guard tags == 0 || identifiers.allSatisfy({ Limits.vlanIDs.contains(UInt16($0)) }) else {
            return Finding(why, remedy: "Send it with tags of 1 to 4094, which are a VLAN's.")
        }
        return Finding(
            why,
            remedy: "If the frame is right, \(change) subscriber \(subscriber.name).")
    }

    /// A bare IP packet where an Ethernet frame is due is a slip that is easily made.
    var bareIPHint: String? {
        let bytes = run.packet.span.bytes
        do throws(WireError) {
            switch bytes.octet(at: 0) >> 4 {
            case 4: guard try IPv4View(bytes).totalLength == run.packet.count else { return nil }
            case 6: guard try IPv6View(bytes).bytes.byteCount == run.packet.count else { return nil }
            default: return nil
            }
        } catch {
            return nil
        }
        return
            "These bytes look like a bare IP packet, and \(port.name) is an Ethernet port: put the 14 bytes of an "
            + "Ethernet header before them."
    }

    func leavingFinding(_ reason: DropReason) -> Finding {
        switch reason {
        case .neighbourUnresolved:
            let nextHop = run.adjacency?.nextHop ?? trail.headers.last?.destination
            guard let nextHop, let adjacency = run.adjacency else { return Finding(reason.explanation) }
            let name = exchange.ports[Int(adjacency.port)].name
            return Finding(
                "The MAC address of \(nextHop) on port \(name) is not known; the packet is dropped, and the "
                    + "question sent.",
                remedy: "The next packet goes through if it is answered; or write the address into the "
                    + "`neighbours` of port \(name).")
        case .notServedHere:
            guard let header = trail.headers.last else { return Finding(reason.explanation) }
            let spoken = Words.protocol(header.protocol)
            if port.role == .access, header.protocol == .ipv4 || header.protocol == .ipv6 {
                return Finding(
                    "\(header.destination) is an address of this node, but no tunnel comes by an access port such as "
                        + "\(port.name).")
            }
            return Finding(
                "\(header.destination) is an address of this node, which answers sound pings and ends tunnels; "
                    + "this is \(spoken) for it.")
        case .requestLimit:
            return Finding(
                "Port \(port.name) has brought more such packets than this node looks at in a second: ten thousand of "
                    + "a kind, or a thousand ICMP errors about tunnels.",
                remedy:
                    "Find out who sends them, with `wayleave capture --dropped --port \(port.name)`; what comes in "
                    + "another second is answered.")
        default: return Finding(reason.explanation)
        }
    }
}

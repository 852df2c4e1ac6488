import Exchange
import Packets
import Tables
import Wire

/// What can be wrong with an encapsulated packet.
extension Narrator {
    func tunnelFinding(_ reason: DropReason) -> Finding {
        guard let outer = trail.headers.first, let inner = trail.headers.last else {
            return Finding(reason.explanation)
        }
        switch reason {
        case .unknownTunnelEndpoint:
            if let tunnel = trail.tunnel.map({ names.tunnels[$0] }),
                let line = self.tunnel(tunnel).flatMap(line(of:))
            {
                return Finding(
                    "Tunnel \(tunnel) runs between \(outer.source) and \(outer.destination), but over port "
                        + "\(line.port) (line \(line.name)); this packet came in by port \(port.name).",
                    remedy: "Send it there, or put tunnel \(tunnel) on a line of port \(port.name).")
            }
            guard trail.datagramChecksum == nil else {
                return Finding(
                    "No MPLS-in-UDP tunnel runs from \(outer.source) to \(outer.destination).",
                    remedy:
                        "Write a tunnel with `mplsudp: { local: \(outer.destination), remote: \(outer.source) }`."
                )
            }
            return Finding(
                "No IP-in-IP tunnel runs from \(outer.source) to \(outer.destination).",
                remedy:
                    "Write a tunnel with `ipip: { local: \(outer.destination), remote: \(outer.source) }`.")
        case .badUDPChecksum:
            return Finding(
                "The UDP checksum, \(Words.checksum(trail.datagramChecksum ?? 0)), is not that of the datagram: it was "
                    + "changed on its way from \(outer.source).",
                remedy:
                    "Look on the way for a node that damages packets, or that changes them and not the checksum."
            )
        case .missingUDPChecksum:
            return Finding(
                "The datagram from \(outer.source) has no UDP checksum, and over IPv6 there must be one "
                    + "(RFC 8200 §8.1).",
                remedy:
                    "Have it sent with one; or write `checksum: off` into the tunnel's `mplsudp`, if what RFC 7510 §3.1 "
                    + "asks for that holds.")
        case .outerFragment:
            return Finding(
                "The encapsulated packet was fragmented on its way from \(outer.source), and is not put together "
                    + "here.",
                remedy:
                    "Let \(outer.source) encapsulate no more than its path MTU to \(outer.destination) less "
                    + "\(outer.source.version == .v4 ? 20 : 40) bytes.")
        case .outerExtensionHeader:
            return Finding(
                "Between the outer IPv6 header, from \(outer.source), and what it carries stands an extension header that "
                    + "is cut short, out of place, or has an option that who doesn't know it must not pass (RFC 8200 §4).",
                remedy:
                    "Let \(outer.source) encapsulate without it; a tunnel encapsulation limit (RFC 2473) is followed."
            )
        case .recursiveEncapsulation:
            let tunnel = conversionIndex.flatMap { way($0).tunnel }.map { names.tunnels[Int($0.rawValue)] }
            return Finding(
                "The packet comes from \(inner.source), which is the other end of the tunnel\(tunnel.map { " \($0)" } ?? "") "
                    + "that it would go into: it would go in circles (RFC 2003 §3.2).",
                remedy: "Take \(inner.source) out of the prefixes that this tunnel carries.")
        case .ecnMismatch:
            return Finding(
                "A router marked congestion (CE) on the outer header, and the packet inside is Not-ECT: its sender "
                    + "would not see the mark (RFC 6040 §4.2).",
                remedy:
                    "The router that marks should have dropped it, or \(outer.source) should send it out as "
                    + "Not-ECT.")
        case .innerSourceMismatch: return innerMismatch(reason, inner.source, isSource: true)
        case .innerDestinationMismatch: return innerMismatch(reason, inner.destination, isSource: false)
        default: return Finding(reason.explanation)
        }
    }

    /// An inner address that is not what the session, or anything in the tunnel, calls for.
    private func innerMismatch(_ reason: DropReason, _ address: IPAddress, isSource: Bool) -> Finding {
        guard let user = trail.userLabel else {
            let end = isSource ? "comes from" : "goes to"
            let due =
                isSource
                ? "neither in a service nor a subscriber's"
                : subscriber == nil ? "no subscriber's address" : "in no service's prefix"
            return Finding(
                "The packet in the tunnel \(end) \(address), which is \(due).",
                remedy:
                    "Write the address into the `addresses` of a subscriber, or the `prefixes` of a service.")
        }
        let session = session(user.conversion)
        let isSubscriber = isSource == (user.conversion.direction == .up)
        let due =
            isSubscriber ? "an address of \(session.subscriber)" : "an address of service \(session.service)"
        let owner = isSubscriber ? subscriber?.name : service?.name
        let found = owner.map { "belongs to \($0)" } ?? "belongs to nobody in the file"
        return Finding(
            "User label \(user.entry.label) is that of session \(session.name), so the \(isSource ? "source" : "destination")"
                + " must be \(due); \(address) \(found).",
            remedy: "Send it with the label of its own session, or write the address where it belongs.")
    }
}

import Exchange
import Tables
import Wire

extension TableCompiler {
    static func object(_ tunnel: Tunnel, _ slot: Int, _ state: State) -> TunnelObject {
        let end: TunnelObject.End
        switch tunnel.encapsulation {
        case .mpls(let mpls):
            end = .mpls(receive: mpls.php ? nil : mpls.receive, handsOnTTL: mpls.ttl == .uniform)
        case .ipip(let ipip):
            let (local, remote) = ends(ipip)
            end = .ipip(remote: .v4(remote), local: .v4(local))
        }
        return TunnelObject(
            slot: TunnelIndex(rawValue: UInt32(slot)), port: portSlot(line(tunnel.line, state).port, state),
            end: end)
    }

    /// Both ends of an outer header.
    static func ends(_ ipip: IPIPEncapsulation) -> (local: IPv4Address, remote: IPv4Address) {
        guard case .v4(let local) = ipip.local, case .v4(let remote) = ipip.remote else {
            preconditionFailure("an outer IPv6 header was not refused")
        }
        return (local, remote)
    }

    static func object(_ binding: LabelBinding, _ state: State) -> LabelObject {
        var labels: [Label] = []
        if case .swap(let swapped) = binding.operation { labels = swapped }
        let line: Line
        switch binding.via {
        case .line(let name): line = self.line(name, state)
        case .tunnel(let name):
            let tunnel = tunnel(name, state)
            line = self.line(tunnel.line, state)
            if case .mpls(let mpls) = tunnel.encapsulation, let path = pathLabel(mpls) {
                labels.insert(path, at: 0)
            }
        }
        return LabelObject(
            label: binding.in, labels: labels, pops: binding.operation == .pop,
            nextHop: nextHop(of: line, state), mtu: UInt16(clamping: line.mtu))
    }

    /// What is sent above the labels of those who use the tunnel.
    static func pathLabel(_ mpls: MPLSEncapsulation) -> Label? {
        switch mpls.null {
        // Above another label either explicit null serves (RFC 4182); what lies below says what it is.
        case .explicit: .ipv4ExplicitNull
        case .implicit: nil
        case nil: mpls.send
        }
    }
}

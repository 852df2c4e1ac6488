import Exchange
import Tables
import Wire

extension TableCompiler {
    static func object(_ tunnel: Tunnel, _ slot: Int, _ state: State) -> TunnelObject {
        let end: TunnelObject.End
        let innerClass: TunnelObject.InnerClass
        switch tunnel.encapsulation {
        case .mpls(let mpls):
            end = .mpls(receive: mpls.php ? nil : mpls.receive, handsOnTTL: mpls.ttl == .uniform)
            innerClass =
                mpls.innerDSCP.map { map in
                    .map((0..<ClassMap.trafficClassCount).map { map[$0] ?? keptDSCP })
                } ?? .keep
        case .ipip(let ipip):
            end = .ipip(remote: ipip.remote, local: ipip.local)
            innerClass = ipip.innerDSCP == .outer ? .outer : .keep
        case .mplsudp(let mplsudp):
            end = .mplsudp(
                remote: mplsudp.outer.remote, local: mplsudp.outer.local, receive: mplsudp.receive,
                needsChecksum: mplsudp.checksum == .on && mplsudp.outer.remote.version == .v6)
            innerClass = mplsudp.outer.innerDSCP == .outer ? .outer : .keep
        }
        let line = line(tunnel.line, state)
        return TunnelObject(
            slot: TunnelIndex(rawValue: UInt32(slot)), port: portSlot(line.port, state), tags: line.vlan,
            end: end, innerClass: innerClass, policer: tunnel.policer.map(policer))
    }

    /// What stands in an inner class map for a DSCP that stays.
    private static let keptDSCP: UInt8 = 64

    /// What is sent above the labels of those who use the tunnel, top first.
    static func pathLabels(_ mpls: MPLSEncapsulation) -> [Label] {
        switch mpls.null {
        // Above another label either explicit null serves (RFC 4182); what lies below says what it is.
        case .explicit: [.ipv4ExplicitNull]
        case .implicit: []
        case nil: mpls.send
        }
    }
}

import Exchange
import TableCompiler
import Tables

/// Tunnels as the tables have them.
extension Narrator {
    /// The table object in a tunnel slot.
    func tunnelObject(_ slot: Int) -> TunnelObject? {
        for case .set(.tunnel(let tunnel)) in names.transaction.changes where tunnel.slot.rawValue == slot {
            return tunnel
        }
        return nil
    }

    /// The slot of the tunnel that the packet came in, as far as that was found out.
    var arrivalTunnel: Int? {
        if let tunnel = trail.tunnel ?? trail.pathLabel?.tunnel { return tunnel }
        guard let index = trail.userLabel?.conversion, way(index).arrival.isTunnel else { return nil }
        return Int(way(index).arrival.index)
    }
}

import Exchange
import Wire

extension TableCompiler {
    /// What each port is opened with.
    mutating func planPorts() {
        for (index, port) in exchange.ports.enumerated() {
            let isTUN = if case .tun = port.medium { true } else { false }
            result.ports.append(
                PortPlan(
                    port: port, mac: port.mac, mtu: isTUN ? port.mtu ?? tunMTU(port.name) : port.mtu,
                    routes: isTUN ? routes(port) : []))
            precondition(result.ports.count == index + 1)
        }
    }

    /// The smallest path MTU of the sessions whose plain leg is on this TUN, less what their other leg adds. So the
    /// kernel itself tells senders what fits.
    private func tunMTU(_ name: String) -> Int {
        var smallest: Int?
        for session in exchange.sessions {
            for (leg, other) in [(session.access, session.network), (session.network, session.access)] {
                guard case .plain(name, _) = leg, case .tunnel(let tunnelName, _, _) = other else { continue }
                let tunnel = tunnel(tunnelName)
                let fits = line(tunnel.line).mtu - tunnel.encapsulation.overheadByteCount
                smallest = min(smallest ?? fits, fits)
            }
        }
        return smallest ?? Line.defaultMTU
    }

    /// What goes into a TUN: on the access side all that subscribers may ask for, on the network side all subscribers.
    private func routes(_ port: Port) -> [IPPrefix] {
        switch port.routes {
        case .prefixes(let prefixes): return prefixes
        case .automatic:
            return port.role == .access
                ? exchange.services.flatMap(\.prefixes) : exchange.subscribers.flatMap(\.addresses)
        }
    }
}

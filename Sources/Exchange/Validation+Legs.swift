import Wire

extension Validation {
    // MARK: Tunnelled

    mutating func checkTunnels(of session: Session) {
        checkTunnel(of: session.access, "access", of: session)
        checkTunnel(of: session.network, "network", of: session)
        guard case .tunnel(let access, _, _) = session.access,
            case .tunnel(let network, _, _) = session.network,
            access == network
        else { return }
        reject(
            "session `\(session.name)`: both legs are in tunnel `\(access)`, so that packets would go back "
                + "where they came from; put one leg elsewhere", at: session.location)
    }

    private mutating func checkTunnel(of leg: Leg, _ side: String, of session: Session) {
        guard case .tunnel(let name, let send, let receive) = leg else { return }
        let user = "session `\(session.name)`: \(side) leg"
        guard let index = resolve(name, in: tunnels, for: user, at: session.location) else { return }
        switch exchange.tunnels[index].encapsulation {
        case .mpls:
            for (key, label) in [("send", send), ("receive", receive)] {
                if let label {
                    checkBindable(label, for: "\(user): \(key)", at: session.location)
                } else {
                    reject(
                        "\(user): tunnel `\(name)` is MPLS; give the user label to `\(key)`",
                        at: session.location)
                }
            }
        case .ipip where send != nil || receive != nil:
            reject(
                "\(user): tunnel `\(name)` is IP-in-IP and has no labels; leave `send` and `receive` out",
                at: session.location)
        case .ipip:
            break
        }
    }

    // MARK: Plain

    mutating func checkAccessLeg(of session: Session, for subscriber: Subscriber) {
        guard case .plain(let name, let nextHop) = session.access else { return }
        let user = "session `\(session.name)`: access leg"
        guard let index = resolve(name, in: ports, for: user, at: session.location) else { return }
        if let home = subscriber.port, home != name {
            reject(
                "\(user): it is on port `\(name)`, but subscriber `\(subscriber.name)` is on `\(home)`; "
                    + "make them the same", at: session.location)
        }
        let port = exchange.ports[index]
        checkPlainLeg(user, on: port, as: .access, nextHop: nextHop, at: session.location)
    }

    mutating func checkNetworkLeg(of session: Session) {
        guard case .plain(let name, let nextHop) = session.network else { return }
        let user = "session `\(session.name)`: network leg"
        guard let index = resolve(name, in: ports, for: user, at: session.location) else { return }
        let port = exchange.ports[index]
        checkPlainLeg(user, on: port, as: .network, nextHop: nextHop, at: session.location)
    }

    private mutating func checkPlainLeg(
        _ user: String, on port: Port, as role: PortRole, nextHop: IPAddress?, at location: SourceLocation?
    ) {
        if port.role != role {
            reject(
                "\(user): port `\(port.name)` has role \(port.role.rawValue); name one with role "
                    + "\(role.rawValue), or a tunnel", at: location)
        }
        if let nextHop { checkOnLink(nextHop, of: port, for: "\(user): nextHop", at: location) }
    }

    // MARK: Room for IPv6

    /// What a leg adds must leave IPv6 its 1,280 bytes, where both ends of the session have IPv6 addresses.
    mutating func checkIPv6Fits(_ session: Session, _ subscriber: Subscriber, _ service: Service) {
        guard subscriber.addresses.contains(where: { $0.version == .v6 }),
            service.prefixes.contains(where: { $0.version == .v6 })
        else { return }
        for leg in [session.access, session.network] {
            guard let (room, place) = room(on: leg), room < Limits.minimumIPv6MTU else { continue }
            reject(
                "session `\(session.name)`: \(place) leaves \(room) bytes, and IPv6 needs "
                    + "\(Limits.minimumIPv6MTU) (RFC 8200 §5); raise the mtu", at: session.location)
        }
    }

    /// The longest inner packet of a leg in bytes, and what bounds it. Nil where that isn't said or can't be
    /// found.
    private func room(on leg: Leg) -> (byteCount: Int, place: String)? {
        switch leg {
        case .plain(let name, _):
            return ports[name].flatMap { exchange.ports[$0].mtu }.map { ($0, "port `\(name)`") }
        case .tunnel(let name, _, _):
            guard let index = tunnels[name], let lineIndex = lines[exchange.tunnels[index].line] else {
                return nil
            }
            let line = exchange.lines[lineIndex]
            let overhead = exchange.tunnels[index].encapsulation.overheadByteCount
            return (line.mtu - overhead, "line `\(line.name)` with tunnel `\(name)`")
        }
    }
}

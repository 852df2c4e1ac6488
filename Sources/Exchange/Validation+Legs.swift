import Wire

extension Validation {
    // MARK: Several paths

    /// One side of a session may be several tunnels.
    mutating func checkPaths(of session: Session) {
        for (side, legs) in [("access", session.access.each), ("network", session.network.each)]
        where legs.count != 1 {
            let user = "session `\(session.name)`"
            if legs.isEmpty || legs.count > Limits.paths {
                reject(
                    "\(user): \(side) has \(legs.count) legs; give one, or a list of 2 to \(Limits.paths)",
                    at: session.location)
            }
            var names: Set<String> = []
            for leg in legs {
                switch leg {
                case .plain(let port, _):
                    reject(
                        "\(user): \(side) is several paths, and one of them is port `\(port)`; only tunnels can be "
                            + "used side by side", at: session.location)
                case .tunnel(let name, _, _) where !names.insert(name).inserted:
                    reject(
                        "\(user): \(side): tunnel `\(name)` stands twice among the paths; keep one",
                        at: session.location)
                case .tunnel: break
                }
            }
        }
        if session.access.each.count > 1 && session.network.each.count > 1 {
            reject(
                "session `\(session.name)`: both sides are several paths; give one of them a single leg",
                at: session.location)
        }
    }

    // MARK: Tunnelled

    mutating func checkTunnels(of session: Session) {
        for leg in session.access.each { checkTunnel(of: leg, "access", of: session) }
        for leg in session.network.each { checkTunnel(of: leg, "network", of: session) }
        let network = session.network.each
        for case .tunnel(let name, _, _) in session.access.each
        where network.contains(where: { $0.tunnelName == name }) {
            reject(
                "session `\(session.name)`: both legs are in tunnel `\(name)`, so that packets would go back "
                    + "where they came from; put one leg elsewhere", at: session.location)
        }
    }

    private mutating func checkTunnel(of leg: Leg, _ side: String, of session: Session) {
        guard case .tunnel(let name, let send, let receive) = leg else { return }
        let user = "session `\(session.name)`: \(side) leg"
        guard let index = resolve(name, in: tunnels, for: user, at: session.location) else { return }
        switch exchange.tunnels[index].encapsulation {
        case .mpls, .mplsudp:
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

    /// A packet to a tunnel's own end inside that tunnel would be encapsulated for ever (RFC 2003 §3.2). Default routes
    /// are spared, or a tunnel could not carry one: what they let in is found out packet by packet.
    mutating func checkRecursion(of session: Session, _ subscriber: Subscriber, _ service: Service) {
        for leg in session.access.each + session.network.each {
            guard let name = leg.tunnelName, let index = tunnels[name],
                let outer = exchange.tunnels[index].encapsulation.outer
            else { continue }
            let end = IPPrefix(outer.remote)
            func isAround(_ prefix: IPPrefix) -> Bool { prefix.bitCount > 0 && prefix.contains(end) }
            for prefix in subscriber.addresses where isAround(prefix) {
                rejectRecursion(of: session, in: name, end, prefix, "subscriber `\(subscriber.name)`")
            }
            for prefix in service.prefixes where isAround(prefix) {
                rejectRecursion(of: session, in: name, end, prefix, "service `\(service.name)`")
            }
        }
    }

    private mutating func rejectRecursion(
        of session: Session, in tunnel: String, _ end: IPPrefix, _ prefix: IPPrefix, _ owner: String
    ) {
        reject(
            "session `\(session.name)`: tunnel `\(tunnel)` ends at \(end.address), inside \(prefix) of \(owner), which "
                + "it carries itself; take the address out of the prefix, or use another tunnel",
            at: session.location)
    }

    // MARK: Plain

    mutating func checkAccessLeg(of session: Session, for subscriber: Subscriber) {
        guard case .plain(let name, let nextHop) = session.access.first else { return }
        let user = "session `\(session.name)`: access leg"
        guard let index = resolve(name, in: ports, for: user, at: session.location) else { return }
        if let home = subscriber.port, home != name {
            reject(
                "\(user): it is on port `\(name)`, but subscriber `\(subscriber.name)` is on `\(home)`; "
                    + "make them the same", at: session.location)
        }
        let port = exchange.ports[index]
        if port.role != .access {
            reject(
                "\(user): port `\(port.name)` has role network; name one with role access, or a tunnel",
                at: session.location)
        }
        if let nextHop { checkOnLink(nextHop, of: port, for: "\(user): nextHop", at: session.location) }
    }

    /// A network leg may be on an access port: subscribers reach one another that way.
    mutating func checkNetworkLeg(of session: Session) {
        guard case .plain(let name, let nextHop) = session.network.first else { return }
        let user = "session `\(session.name)`: network leg"
        guard let index = resolve(name, in: ports, for: user, at: session.location) else { return }
        guard let nextHop else { return }
        checkOnLink(nextHop, of: exchange.ports[index], for: "\(user): nextHop", at: session.location)
    }

    // MARK: Room for IPv6

    /// What a leg adds must leave IPv6 its 1,280 bytes, where both ends of the session have IPv6 addresses.
    mutating func checkIPv6Fits(_ session: Session, _ subscriber: Subscriber, _ service: Service) {
        guard subscriber.addresses.contains(where: { $0.version == .v6 }),
            service.prefixes.contains(where: { $0.version == .v6 })
        else { return }
        for leg in session.access.each + session.network.each {
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

extension Leg {
    /// The tunnel that it is in, if any.
    var tunnelName: String? { if case .tunnel(let name, _, _) = self { name } else { nil } }
}

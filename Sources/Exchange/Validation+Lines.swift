import Wire

extension Validation {
    mutating func checkLines() {
        for line in exchange.lines {
            let place = line.location
            if !Limits.mtu.contains(line.mtu) {
                reject("line `\(line.name)`: " + Self.mtuSentence(line.mtu), at: place)
            }
            if line.capacityBitsPerSecond == 0 {
                reject("line `\(line.name)`: " + Self.noCapacitySentence, at: place)
            }
            guard let index = resolve(line.port, in: ports, for: "line `\(line.name)`", at: place) else {
                continue
            }
            let port = exchange.ports[index]
            if port.role == .access {
                reject(
                    "line `\(line.name)`: port `\(port.name)` has role access; lines lead to other nodes, so name one "
                        + "with role network", at: place)
            }
            if let mtu = port.mtu, line.mtu > mtu {
                reject(
                    "line `\(line.name)`: its mtu \(line.mtu) is above the \(mtu) of port `\(port.name)`; "
                        + "lower it, or raise the port's", at: place)
            }
            checkVLAN(line.vlan, of: "line `\(line.name)`", at: place)
            if !line.vlan.isEmpty && !port.isEthernet {
                reject(
                    "line `\(line.name)`: port `\(port.name)` carries bare IP packets, without VLAN tags; leave "
                        + "`vlan` out", at: place)
            }
            if let nextHop = line.nextHop {
                checkOnLink(nextHop, of: port, for: "line `\(line.name)`: nextHop", at: place)
            } else if port.isEthernet {
                reject(
                    "line `\(line.name)`: port `\(port.name)` is an Ethernet, where the line needs a "
                        + "`nextHop`", at: place)
            }
        }
    }

    mutating func checkTunnels() {
        var committed = [UInt64](repeating: 0, count: exchange.lines.count)
        var holders: [TunnelEnds: String] = [:]
        for tunnel in exchange.tunnels {
            check(tunnel.policer, of: "tunnel `\(tunnel.name)`: policer", at: tunnel.location)
            let line = resolve(tunnel.line, in: lines, for: "tunnel `\(tunnel.name)`", at: tunnel.location)
            switch tunnel.encapsulation {
            case .mpls(let mpls):
                check(mpls, of: tunnel)
                if let port = port(ofLine: tunnel.line), !port.isEthernet {
                    reject(
                        "tunnel `\(tunnel.name)`: MPLS can't run on port `\(port.name)`, which carries bare "
                            + "IP packets; use a tap, packet or Ethernet file port, or `mplsudp` or `ipip`",
                        at: tunnel.location)
                }
            case .ipip(let ipip):
                check(ipip, of: tunnel)
                if let line { checkRoom(for: ipip, of: tunnel, on: exchange.lines[line]) }
            case .mplsudp(let mplsudp):
                check(mplsudp, of: tunnel)
                if let line { checkRoom(for: mplsudp.outer, of: tunnel, on: exchange.lines[line]) }
            }
            if let ends = TunnelEnds(tunnel.encapsulation) {
                if let other = holders[ends] {
                    reject(
                        "tunnel `\(tunnel.name)`: tunnel `\(other)` has the same `local` and `remote`, so "
                            + "that arriving packets could be either's; change one", at: tunnel.location)
                } else {
                    holders[ends] = tunnel.name
                }
            }
            if let line { checkCapacity(of: tunnel, on: exchange.lines[line], committed: &committed[line]) }
        }
    }

    private static let noCapacitySentence =
        "a capacity of 0 carries nothing; give more, or leave it out for no limit"

    /// A tunnel fits its line, and so do all tunnels of the line together.
    private mutating func checkCapacity(of tunnel: Tunnel, on line: Line, committed: inout UInt64) {
        guard let capacity = tunnel.capacityBitsPerSecond else { return }
        if capacity == 0 {
            reject("tunnel `\(tunnel.name)`: " + Self.noCapacitySentence, at: tunnel.location)
        }
        guard let available = line.capacityBitsPerSecond else { return }
        if capacity > available {
            reject(
                "tunnel `\(tunnel.name)`: its capacity \(Capacity.text(capacity)) is above line "
                    + "`\(line.name)`'s \(Capacity.text(available)); lower it, or choose another line",
                at: tunnel.location)
            return
        }
        let (sum, overflow) = committed.addingReportingOverflow(capacity)
        committed = overflow ? .max : sum
        if committed > available {
            reject(
                "tunnel `\(tunnel.name)`: with it the tunnels on line `\(line.name)` are promised "
                    + "\(Capacity.text(committed)), above the line's \(Capacity.text(available)); lower one, "
                    + "or choose another line", at: tunnel.location)
        }
    }

    private mutating func check(_ mpls: MPLSEncapsulation, of tunnel: Tunnel) {
        let user = "tunnel `\(tunnel.name)`"
        switch (mpls.send.isEmpty, mpls.null) {
        case (false, nil):
            for label in mpls.send { checkBindable(label, for: "\(user): send", at: tunnel.location) }
            if mpls.send.count >= Limits.labelStack {
                reject(
                    "\(user): \(mpls.send.count) path labels leave no room for a user label in a stack of "
                        + "\(Limits.labelStack); give at most \(Limits.labelStack - 1)", at: tunnel.location)
            }
        case (true, nil):
            reject(
                "\(user): it needs a path label to `send`, or `null: explicit` or `implicit`",
                at: tunnel.location)
        case (false, _?):
            reject(
                "\(user): `null` takes the place of the path label; leave `send` or `null` out",
                at: tunnel.location)
        case (true, _?):
            break
        }
        switch (mpls.receive, mpls.php) {
        case (let label?, false):
            checkBindable(label, for: "\(user): receive", at: tunnel.location)
        case (nil, false):
            reject("\(user): it needs a path label to `receive` by, or `php: true`", at: tunnel.location)
        case (_?, true):
            reject(
                "\(user): with `php: true` the hop before takes the path label off; leave `receive` or `php` "
                    + "out", at: tunnel.location)
        case (nil, true):
            break
        }
        if mpls.ttl == .pipe(0) {
            reject("\(user): a pipe's ttl of 0 gets nowhere; give 1 to 255", at: tunnel.location)
        }
        if case .fixed(let value) = mpls.trafficClass, value > 7 {
            reject(
                "\(user): trafficClass \(value) has more than three bits; give 0 to 7, or copy",
                at: tunnel.location)
        }
        if case .map(let map) = mpls.trafficClass {
            check(
                map, of: "\(user): trafficClass", below: ClassMap.trafficClassCount, at: tunnel.location)
        }
        if let map = mpls.innerDSCP {
            check(map, of: "\(user): innerDSCP", below: ClassMap.dscpCount, at: tunnel.location)
            if map.otherwise != nil {
                reject(
                    "\(user): innerDSCP: what isn't given is kept; leave the default out", at: tunnel.location
                )
            }
        }
    }

    private mutating func check(_ mplsudp: MPLSUDPEncapsulation, of tunnel: Tunnel) {
        check(mplsudp.outer, of: tunnel)
        for (key, label) in [("send", mplsudp.send), ("receive", mplsudp.receive)] {
            if let label { checkBindable(label, for: "tunnel `\(tunnel.name)`: \(key)", at: tunnel.location) }
        }
    }

    private mutating func check(_ ipip: IPIPEncapsulation, of tunnel: Tunnel) {
        let user = "tunnel `\(tunnel.name)`"
        for (key, address) in [("local", ipip.local), ("remote", ipip.remote)] {
            if !address.isUnicast {
                reject(
                    "\(user): \(key) \(address) is not a unicast address; give a node's own",
                    at: tunnel.location)
            }
        }
        if ipip.local.version != ipip.remote.version {
            reject(
                "\(user): local \(ipip.local) and remote \(ipip.remote) are of two IP versions; give both of one",
                at: tunnel.location)
        }
        if ipip.df == .set && ipip.remote.version == .v6 {
            reject("\(user): IPv6 has no don't-fragment bit; leave `df` out", at: tunnel.location)
        }
        if ownAddresses.contains(ipip.remote) || ipip.remote == ipip.local {
            reject(
                "\(user): remote \(ipip.remote) is this edge's own address; give the other end's",
                at: tunnel.location)
        }
        if ipip.ttl == .fixed(0) {
            reject("\(user): a ttl of 0 gets nowhere; give 1 to 255", at: tunnel.location)
        }
        if case .fixed(let value) = ipip.dscp, value > 63 {
            reject(
                "\(user): dscp \(value) has more than six bits; give 0 to 63, or copy", at: tunnel.location)
        }
        if case .map(let map) = ipip.dscp {
            check(map, of: "\(user): dscp", below: ClassMap.dscpCount, at: tunnel.location)
        }
    }
}

extension Validation {
    /// Outer IPv6 packets need what every IPv6 link takes.
    private mutating func checkRoom(for ipip: IPIPEncapsulation, of tunnel: Tunnel, on line: Line) {
        guard ipip.remote.version == .v6, line.mtu < Limits.minimumIPv6MTU else { return }
        reject(
            "tunnel `\(tunnel.name)`: its outer header is IPv6, which needs \(Limits.minimumIPv6MTU) bytes (RFC 8200 "
                + "§5), and line `\(line.name)` takes \(line.mtu); raise the line's mtu", at: tunnel.location)
    }
}

/// What the packets of a tunnel with outer addresses are known by. IP-in-IP and MPLS-in-UDP between the same two don't
/// meet.
struct TunnelEnds: Hashable {
    var local: IPAddress
    var remote: IPAddress
    var isDatagram: Bool

    /// Nil where the tunnel has none.
    init?(_ encapsulation: Tunnel.Encapsulation) {
        guard let outer = encapsulation.outer else { return nil }
        local = outer.local
        remote = outer.remote
        if case .mplsudp = encapsulation { isDatagram = true } else { isDatagram = false }
    }
}

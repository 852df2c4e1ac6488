import Tables
import Wire

extension Scenario {
    /// Objects that one transaction holds at most: what is staged takes memory twice while it is.
    private static let chunk = 16_384

    /// The tables of the scenario, staged in transactions.
    func makeTables() throws(TableError) -> ForwardingTables {
        let tables = ForwardingTables()
        var number: UInt64 = 1
        var objects = foundation
        for session in 0..<plan.sessionCount {
            objects += `case`.hasSessions ? sessionObjects(session) : [transitLabel(session)]
            guard objects.count >= Self.chunk else { continue }
            try tables.stage(Transaction(number: number, changes: objects.map { .set($0) }))
            number += 1
            objects.removeAll(keepingCapacity: true)
        }
        try tables.stage(Transaction(number: number, changes: objects.map { .set($0) }))
        return tables
    }

    /// Ports, tunnels and services. Both sides are Ethernet; whatever leaves goes to one router on each.
    private var foundation: [TableObject] {
        var objects = [AddressPlan.access, AddressPlan.network].map { port($0) }
        for tunnel in 0..<plan.tunnelCount {
            let end: TunnelObject.End =
                `case`.isIPIP
                ? .ipip(remote: .v4(plan.remote(tunnel)), local: .v4(AddressPlan.own))
                : .mpls(receive: plan.pathLabel(received: tunnel), handsOnTTL: true)
            let slot = TunnelIndex(rawValue: UInt32(tunnel))
            objects.append(.tunnel(TunnelObject(slot: slot, port: AddressPlan.network, end: end)))
        }
        for service in 0..<plan.serviceCount {
            let prefix =
                `case`.isIPv6
                ? IPPrefix(covering: .v6(plan.servicePrefix6(service)), bitCount: 48)
                : IPPrefix(covering: .v4(plan.servicePrefix(service)), bitCount: 24)
            objects.append(
                .service(ServiceObject(slot: ServiceIndex(rawValue: UInt32(service)), prefixes: [prefix])))
        }
        return objects
    }

    private func port(_ slot: UInt16) -> TableObject {
        var port = PortObject(
            slot: slot, name: "port\(slot)", medium: .tap(interface: "tap\(slot)"),
            role: slot == AddressPlan.access ? .access : .network, mac: AddressPlan.ownMAC[Int(slot)])
        if slot == AddressPlan.network {
            port.addresses = [InterfaceAddress(.v4(AddressPlan.own), bitCount: 24)].compactMap { $0 }
        }
        port.neighbours = [
            StaticNeighbour(
                address: .v4(AddressPlan.nextHop[Int(slot)]), mac: AddressPlan.nextHopMAC[Int(slot)])
        ]
        return .port(port)
    }

    private func nextHop(_ port: UInt16) -> NextHop {
        NextHop(port: port, address: .v4(AddressPlan.nextHop[Int(port)]))
    }

    private func transitLabel(_ number: Int) -> TableObject {
        .label(
            LabelObject(
                label: plan.transitLabel(received: number), labels: [plan.transitLabel(sent: number)],
                pops: false, nextHop: nextHop(AddressPlan.network), mtu: 1500))
    }

    /// Rules that a session's packets are held against; the last one admits them.
    private var rules: [Rule] {
        (0..<ruleCount).map { index in
            let port = index == ruleCount - 1 ? AddressPlan.servicePort : 1000 + UInt16(index)
            return Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: port...port)
        }
    }

    /// A subscriber, and their session.
    private func sessionObjects(_ session: Int) -> [TableObject] {
        let subscriber = SubscriberIndex(rawValue: UInt32(session))
        let tunnel = plan.tunnel(session)
        let tunnelIndex = TunnelIndex(rawValue: UInt32(tunnel))
        let push: SessionWay.Push =
            `case`.isIPIP
            ? .outer(
                source: .v4(AddressPlan.own), destination: .v4(plan.remote(tunnel)), ttl: 64, dscp: 0,
                [.copyClass, .copyDontFragment])
            : .labels(
                [
                    LabelStackEntry(label: plan.pathLabel(sent: tunnel), isBottomOfStack: false, ttl: 0),
                    LabelStackEntry(label: plan.userLabel(sent: session), isBottomOfStack: true, ttl: 0),
                ], [.copyTTL, .copyClass])
        let prefix =
            `case`.isIPv6
            ? IPPrefix(covering: .v6(plan.subscriber6(session)), bitCount: 64)
            : IPPrefix(.v4(plan.subscriber(session)))
        return [
            .subscriber(
                SubscriberObject(slot: subscriber, port: AddressPlan.access, tags: [], prefixes: [prefix])),
            .session(
                SessionObject(
                    slot: SessionIndex(rawValue: UInt32(session)), session: UInt64(session) + 1, leg: 1,
                    subscriber: subscriber, service: ServiceIndex(rawValue: UInt32(plan.service(session))),
                    rules: rules,
                    up: SessionWay(
                        arrival: Arrival(port: AddressPlan.access), nextHop: nextHop(AddressPlan.network),
                        push: push, tunnel: tunnelIndex, maximumInnerByteCount: 1480),
                    down: SessionWay(
                        arrival: Arrival(tunnel: tunnelIndex),
                        userLabel: SessionWay.UserLabel(
                            context: .tunnel(tunnelIndex), label: plan.userLabel(received: session)),
                        nextHop: nextHop(AddressPlan.access), push: .nothing, maximumInnerByteCount: 1480))),
        ]
    }
}

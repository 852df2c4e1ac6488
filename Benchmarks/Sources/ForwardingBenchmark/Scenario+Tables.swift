import Tables
import Wire

extension Scenario {
    /// The objects of the tables. Both sides are Ethernet; whatever leaves goes to one router on each.
    static func objects(_ plan: AddressPlan, _ operation: Operation, ruleCount: Int) -> [TableObject] {
        let rules = (0..<ruleCount).map { index in
            let port = index == ruleCount - 1 ? AddressPlan.servicePort : 1000 + UInt16(index)
            return Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: port...port)
        }
        var objects = [access, network].map { port($0) }
        for tunnel in 0..<plan.tunnelCount {
            let end: TunnelObject.End =
                operation.isIPIP
                ? .ipip(remote: .v4(plan.remote(tunnel)), local: .v4(AddressPlan.own))
                : .mpls(receive: plan.pathLabel(received: tunnel), handsOnTTL: true)
            let slot = TunnelIndex(rawValue: UInt32(tunnel))
            objects.append(.tunnel(TunnelObject(slot: slot, port: network, end: end)))
        }
        for service in 0..<plan.serviceCount {
            let prefix = IPPrefix(covering: .v4(plan.servicePrefix(service)), bitCount: 24)
            objects.append(
                .service(ServiceObject(slot: ServiceIndex(rawValue: UInt32(service)), prefixes: [prefix])))
        }
        for session in 0..<plan.sessionCount {
            objects += sessionObjects(session, plan, operation, rules)
        }
        return objects
    }

    private static func port(_ slot: UInt16) -> TableObject {
        var port = PortObject(
            slot: slot, name: "port\(slot)", medium: .tap(interface: "tap\(slot)"),
            role: slot == access ? .access : .network, mac: AddressPlan.ownMAC[Int(slot)])
        if slot == network {
            port.addresses = [InterfaceAddress(.v4(AddressPlan.own), bitCount: 24)].compactMap { $0 }
        }
        port.neighbours = [
            StaticNeighbour(
                address: .v4(AddressPlan.nextHop[Int(slot)]), mac: AddressPlan.nextHopMAC[Int(slot)])
        ]
        return .port(port)
    }

    private static func nextHop(_ port: UInt16) -> NextHop {
        NextHop(port: port, address: .v4(AddressPlan.nextHop[Int(port)]))
    }

    /// A subscriber, the session, and a transit label.
    private static func sessionObjects(
        _ session: Int, _ plan: AddressPlan, _ operation: Operation, _ rules: [Rule]
    ) -> [TableObject] {
        let subscriber = SubscriberIndex(rawValue: UInt32(session))
        let tunnel = TunnelIndex(rawValue: UInt32(plan.tunnel(session)))
        let push: SessionWay.Push =
            operation.isIPIP
            ? .outer(
                source: .v4(AddressPlan.own), destination: .v4(plan.remote(plan.tunnel(session))), ttl: 64,
                dscp: 0, [.copyClass, .copyDontFragment])
            : .labels(
                [
                    LabelStackEntry(
                        label: plan.pathLabel(sent: plan.tunnel(session)), isBottomOfStack: false, ttl: 0),
                    LabelStackEntry(label: plan.userLabel(sent: session), isBottomOfStack: true, ttl: 0),
                ], [.copyTTL, .copyClass])
        let userLabel = SessionWay.UserLabel(
            context: .tunnel(tunnel), label: plan.userLabel(received: session))
        return [
            .subscriber(
                SubscriberObject(
                    slot: subscriber, port: access, tags: [],
                    prefixes: [IPPrefix(.v4(plan.subscriberAddress(session)))])),
            .session(
                SessionObject(
                    slot: SessionIndex(rawValue: UInt32(session)), session: UInt64(session) + 1, leg: 1,
                    subscriber: subscriber, service: ServiceIndex(rawValue: UInt32(plan.service(session))),
                    rules: rules,
                    up: SessionWay(
                        arrival: Arrival(port: access), nextHop: nextHop(network), push: push, tunnel: tunnel,
                        maximumInnerByteCount: 1480),
                    down: SessionWay(
                        arrival: Arrival(tunnel: tunnel), userLabel: userLabel, nextHop: nextHop(access),
                        push: .nothing, maximumInnerByteCount: 1480))),
            .label(
                LabelObject(
                    label: plan.transitLabel(received: session), labels: [plan.transitLabel(sent: session)],
                    pops: false, nextHop: nextHop(network), mtu: 1500)),
        ]
    }
}

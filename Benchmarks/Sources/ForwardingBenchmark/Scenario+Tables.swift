import Tables
import Wire

extension Scenario {
    /// How many parts the tables' objects come in, so that those of a million sessions are never there at once.
    var partCount: Int { (sessionCount + Self.partSessionCount - 1) / Self.partSessionCount }
    private static let partSessionCount = 50_000

    /// The objects of the tables, in parts; the first begins with what all sessions share. Both sides are Ethernet;
    /// whatever leaves goes to one router on each.
    func objects(part: Int) -> [TableObject] {
        let rules = (0..<ruleCount).map { index in
            let port = index == ruleCount - 1 ? AddressPlan.servicePort : 1000 + UInt16(index)
            return Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: port...port)
        }
        var objects = part == 0 ? sharedObjects : []
        let first = part * Self.partSessionCount
        for session in first..<min(sessionCount, first + Self.partSessionCount) {
            objects += sessionObjects(session, rules)
        }
        return objects
    }

    private var sharedObjects: [TableObject] {
        var objects = [Self.access, Self.network].map { Self.port($0) }
        guard operation != .swap else { return objects }
        for tunnel in 0..<plan.tunnelCount {
            let end: TunnelObject.End =
                operation.isIPIP
                ? .ipip(remote: .v4(plan.remote(tunnel)), local: .v4(AddressPlan.own))
                : .mpls(receive: plan.pathLabel(received: tunnel), handsOnTTL: true)
            let slot = TunnelIndex(rawValue: UInt32(tunnel))
            objects.append(.tunnel(TunnelObject(slot: slot, port: Self.network, end: end)))
        }
        for service in 0..<plan.serviceCount {
            let prefix =
                operation.isIPv6
                ? IPPrefix(covering: .v6(plan.servicePrefix6(service)), bitCount: 48)
                : IPPrefix(covering: .v4(plan.servicePrefix(service)), bitCount: 24)
            objects.append(
                .service(ServiceObject(slot: ServiceIndex(rawValue: UInt32(service)), prefixes: [prefix])))
        }
        return objects
    }

    /// What each direction's policer lets pass: more than there can be.
    static let policer = Policer(
        committedBitsPerSecond: 1_000_000_000_000, peakBitsPerSecond: 1_000_000_000_000,
        committedBurstByteCount: 1 << 30, peakBurstByteCount: 1 << 30)

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

    /// A subscriber and the session; or a transit label.
    private func sessionObjects(_ session: Int, _ rules: [Rule]) -> [TableObject] {
        guard operation != .swap else {
            return [
                .label(
                    LabelObject(
                        label: plan.transitLabel(received: session),
                        labels: [plan.transitLabel(sent: session)], pops: false,
                        nextHop: Self.nextHop(Self.network), mtu: 1500))
            ]
        }
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
        let prefix =
            operation.isIPv6
            ? IPPrefix(covering: .v6(plan.subscriberNetwork6(session)), bitCount: 64)
            : IPPrefix(.v4(plan.subscriberAddress(session)))
        let policer = isPoliced ? Self.policer : nil
        return [
            .subscriber(
                SubscriberObject(slot: subscriber, port: Self.access, tags: [], prefixes: [prefix])),
            .session(
                SessionObject(
                    slot: SessionIndex(rawValue: UInt32(session)), session: UInt64(session) + 1, leg: 1,
                    subscriber: subscriber, service: ServiceIndex(rawValue: UInt32(plan.service(session))),
                    rules: rules,
                    up: SessionWay(
                        arrival: Arrival(port: Self.access), nextHop: Self.nextHop(Self.network), push: push,
                        tunnel: tunnel, maximumInnerByteCount: 1480, policer: policer),
                    down: SessionWay(
                        arrival: Arrival(tunnel: tunnel), userLabel: userLabel,
                        nextHop: Self.nextHop(Self.access), push: .nothing, maximumInnerByteCount: 1480,
                        policer: policer))),
        ]
    }
}

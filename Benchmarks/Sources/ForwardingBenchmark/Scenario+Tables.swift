import Tables
import Wire

extension TableContents {
    /// The tables of a scenario. Both sides are Ethernet; whatever leaves goes to one router on each.
    init(_ plan: AddressPlan, _ operation: Operation, ruleCount: Int) {
        self.init()
        ports = [
            PortEntry(role: .access, isEthernet: true, macAddress: AddressPlan.ownMAC[0]),
            PortEntry(role: .network, isEthernet: true, macAddress: AddressPlan.ownMAC[1]),
        ]
        localAddresses = [(.v4(AddressPlan.own), Scenario.network)]
        adjacencies = [0, 1].map { port in
            Adjacency(
                port: UInt16(port), source: AddressPlan.ownMAC[port], tags: [],
                nextHop: .v4(AddressPlan.nextHop[port]), destination: AddressPlan.nextHopMAC[port])
        }
        rules = (0..<ruleCount).map { index in
            let port = index == ruleCount - 1 ? AddressPlan.servicePort : 1000 + UInt16(index)
            return Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: port...port)
        }
        for tunnel in 0..<plan.tunnelCount { addTunnel(tunnel, plan, operation) }
        for service in 0..<plan.serviceCount {
            let prefix = IPPrefix(covering: .v4(plan.servicePrefix(service)), bitCount: 24)
            servicePrefixes.append((prefix, ServiceIndex(rawValue: UInt32(service))))
        }
        for session in 0..<plan.sessionCount { addSession(session, plan, operation) }
    }

    private mutating func addTunnel(_ tunnel: Int, _ plan: AddressPlan, _ operation: Operation) {
        let index = TunnelIndex(rawValue: UInt32(tunnel))
        tunnels.append(TunnelEntry(port: Scenario.network, handsOnTTL: !operation.isIPIP))
        tunnelEndpoints.append((plan.remote(tunnel), AddressPlan.own, index))
        incomingLabels.append((plan.pathLabel(received: tunnel), ILMEntry(index)))
    }

    private mutating func addSession(_ session: Int, _ plan: AddressPlan, _ operation: Operation) {
        let index = SessionIndex(rawValue: UInt32(session))
        let subscriber = SubscriberIndex(rawValue: UInt32(session))
        let service = ServiceIndex(rawValue: UInt32(plan.service(session)))
        let tunnel = TunnelIndex(rawValue: UInt32(plan.tunnel(session)))
        subscribers.append(SubscriberEntry(port: Scenario.access, tags: []))
        subscriberPrefixes.append((IPPrefix(.v4(plan.subscriberAddress(session))), subscriber))
        admissions.append((subscriber, service, index))

        func conversion(_ arrival: Arrival, towards port: UInt16) -> Conversion {
            Conversion(
                arrival: arrival, adjacency: AdjacencyIndex(rawValue: UInt32(port)), subscriber: subscriber,
                service: service, rules: 0..<rules.count, maximumInnerByteCount: 1480)
        }
        var up = conversion(Arrival(port: Scenario.access), towards: Scenario.network)
        if operation.isIPIP {
            up.push(
                outerSource: AddressPlan.own, outerDestination: plan.remote(plan.tunnel(session)), ttl: 64,
                dscp: 0,
                [.copyClass, .copyDontFragment])
        } else {
            up.push(
                [
                    LabelStackEntry(
                        label: plan.pathLabel(sent: plan.tunnel(session)), isBottomOfStack: false, ttl: 0),
                    LabelStackEntry(label: plan.userLabel(sent: session), isBottomOfStack: true, ttl: 0),
                ], [.copyTTL, .copyClass])
        }
        conversions += [up, conversion(Arrival(tunnel: tunnel), towards: Scenario.access)]
        userLabels.append((.tunnel(tunnel), plan.userLabel(received: session), ConversionIndex(index, .down)))

        let nhlfe = NHLFEIndex(rawValue: UInt32(session))
        nhlfes.append(
            NHLFE(
                labels: [plan.transitLabel(sent: session).rawValue], pops: false,
                adjacency: AdjacencyIndex(rawValue: 1),
                mtu: 1500))
        incomingLabels.append((plan.transitLabel(received: session), ILMEntry(nhlfe)))
    }
}

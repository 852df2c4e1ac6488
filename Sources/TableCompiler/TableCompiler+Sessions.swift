import Exchange
import Tables
import Wire

extension TableCompiler {
    static func object(_ session: Session, _ slot: Int, _ id: LegID, _ state: State) -> SessionObject {
        let use = UseOfService(subscriber: session.subscriber, service: session.service)
        return SessionObject(
            slot: SessionIndex(rawValue: UInt32(slot)), session: id.session, leg: id.leg,
            subscriber: subscriberIndex(session.subscriber, state),
            service: serviceIndex(session.service, state),
            rules: (state.conditions[use]?.allow ?? []).flatMap { rules($0) },
            up: way(from: session.access, to: session.network, session, .up, state),
            down: way(from: session.network, to: session.access, session, .down, state))
    }

    private static func way(
        from arriving: Leg, to leaving: Leg, _ session: Session, _ direction: Direction, _ state: State
    ) -> SessionWay {
        let arrival: Arrival
        var userLabel: SessionWay.UserLabel?
        switch arriving {
        case .plain(let port, _): arrival = Arrival(port: portSlot(port, state))
        case .tunnel(let name, _, let receive):
            arrival = Arrival(tunnel: tunnelIndex(name, state))
            userLabel = receive.map { .init(context: context(ofTunnel: name, state), label: $0) }
        }
        switch leaving {
        case .plain(let name, let nextHop):
            let port = port(name, state)
            let subscriber = direction == .down ? state.subscribers[session.subscriber] : nil
            // A link without headers has no MTU of its own: what we add to the packets behind it doesn't bound those
            // that leave by it.
            let limit = port.isEthernet ? nil : UInt16(clamping: port.mtu ?? 65_535)
            return SessionWay(
                arrival: arrival, userLabel: userLabel,
                nextHop: self.nextHop(
                    on: name, tags: subscriber?.vlan ?? [], nextHop ?? subscriber?.nextHop, state),
                push: .nothing, maximumInnerByteCount: limit)
        case .tunnel(let name, let send, _):
            let tunnel = tunnel(name, state)
            let line = line(tunnel.line, state)
            return SessionWay(
                arrival: arrival, userLabel: userLabel, nextHop: self.nextHop(of: line, state),
                push: push(tunnel.encapsulation, userLabel: send),
                maximumInnerByteCount: UInt16(clamping: line.mtu - tunnel.encapsulation.overheadByteCount))
        }
    }

    /// Where the user labels that arrive by a tunnel have their meaning.
    private static func context(ofTunnel name: String, _ state: State) -> LabelContext {
        let tunnel = tunnel(name, state)
        if case .mpls(let mpls) = tunnel.encapsulation, mpls.php {
            return .port(portSlot(line(tunnel.line, state).port, state))
        }
        return .tunnel(tunnelIndex(name, state))
    }

    private static func push(_ encapsulation: Tunnel.Encapsulation, userLabel: Label?) -> SessionWay.Push {
        switch encapsulation {
        case .mpls(let mpls):
            var flags: Conversion.Flags = []
            var ttl: UInt8 = 0
            var trafficClass: UInt8 = 0
            if case .pipe(let fixed) = mpls.ttl { ttl = fixed } else { flags.insert(.copyTTL) }
            if case .fixed(let fixed) = mpls.trafficClass {
                trafficClass = fixed
            } else {
                flags.insert(.copyClass)
            }
            guard let userLabel else {
                preconditionFailure("an MPLS leg without a user label was not validated")
            }
            let labels = [pathLabel(mpls), userLabel].compactMap { $0 }
            return .labels(
                labels.enumerated().map { position, label in
                    LabelStackEntry(
                        label: label, trafficClass: trafficClass,
                        isBottomOfStack: position == labels.count - 1, ttl: ttl)
                }, flags)
        case .ipip(let ipip):
            let (local, remote) = ends(ipip)
            var flags: Conversion.Flags = []
            var dscp: UInt8 = 0
            if case .fixed(let fixed) = ipip.dscp { dscp = fixed } else { flags.insert(.copyClass) }
            if ipip.df == .copy { flags.insert(.copyDontFragment) }
            return .outer(
                source: .v4(local), destination: .v4(remote), ttl: ipip.ttl, dscp: dscp, flags)
        }
    }
}

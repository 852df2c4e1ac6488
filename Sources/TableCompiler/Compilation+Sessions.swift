import Exchange
import Tables
import Wire

extension Compilation {
    /// One of a session's paths.
    /// - Parameters:
    ///   - session: its slot.
    ///   - place: which of the paths.
    ///   - slot: of its counters.
    func object(_ slot: Int, path place: Int, _ counters: Int, _ id: LegID) -> SessionObject {
        guard let session = state.sessions.entry(slot)?.object,
            let referents = state.referents(ofSession: slot)
        else { preconditionFailure("session \(slot) was not indexed") }
        var path: (access: Side, network: Side)
        let isGrouped = session.access.count > 1 || session.network.count > 1
        if !isGrouped, let access = session.access.first, let network = session.network.first {
            path = (Side(access, referents.access), Side(network, referents.network))
        } else {
            let chosen = session.paths[place]
            path = (
                Side(chosen.access, self.place(of: chosen.access)),
                Side(chosen.network, self.place(of: chosen.network))
            )
        }
        let limit = segmentLimit(path.access, path.network)
        let subscriber = state.subscribers.entry(referents.subscriber)?.object
        var up = way(from: path.access, to: path.network, nil)
        up.policer = session.upPolicer.map(TableCompiler.policer)
        up.segmentLimit = limit
        var down = way(from: path.network, to: path.access, subscriber)
        down.policer = session.downPolicer.map(TableCompiler.policer)
        down.segmentLimit = limit
        let condition = state.condition(subscriber: referents.subscriber, service: referents.service)
        return SessionObject(
            slot: SessionIndex(rawValue: UInt32(counters)), session: id.session, leg: id.leg,
            subscriber: SubscriberIndex(rawValue: UInt32(referents.subscriber)),
            service: ServiceIndex(rawValue: UInt32(referents.service)),
            rules: condition?.allow.map { $0.flatMap { TableCompiler.rules($0) } } ?? [], up: up,
            down: down, isGrouped: isGrouped)
    }

    /// A leg, and the slot of what it is on.
    private struct Side {
        var leg: Leg
        var place: State.Place

        init(_ leg: Leg, _ place: State.Place) {
            self.leg = leg
            self.place = place
        }
    }

    private func place(of leg: Leg) -> State.Place {
        switch leg {
        case .plain(let name, _): .port(Int(TableCompiler.portSlot(name, state)))
        case .tunnel(let name, _, _): .tunnel(Int(TableCompiler.tunnelIndex(name, state).rawValue))
        }
    }

    /// The least that the tunnels take of those on the path that clamp.
    private func segmentLimit(_ sides: Side...) -> UInt16? {
        var limit: UInt16?
        for side in sides {
            guard case .tunnel(let tunnel) = side.place else { continue }
            let mouth = mouth(tunnel)
            if mouth.clampsMSS { limit = min(limit ?? .max, mouth.innerByteCount) }
        }
        return limit
    }

    /// - Parameter subscriber: whose it is, where it leads to them.
    private func way(from arriving: Side, to leaving: Side, _ subscriber: Subscriber?) -> SessionWay {
        let arrival: Arrival
        var userLabel: SessionWay.UserLabel?
        switch arriving.place {
        case .port(let port): arrival = Arrival(port: UInt16(port))
        case .tunnel(let tunnel):
            arrival = Arrival(tunnel: TunnelIndex(rawValue: UInt32(tunnel)))
            if case .tunnel(_, _, let receive?) = arriving.leg {
                userLabel = .init(context: mouth(tunnel).context, label: receive)
            }
        }
        switch (leaving.place, leaving.leg) {
        case (.port(let slot), .plain(_, let nextHop)):
            let port = portKind(slot)
            // A link without headers has no MTU of its own: what we add to the packets behind it doesn't bound those
            // that leave by it; and it has one next hop only.
            return SessionWay(
                arrival: arrival, userLabel: userLabel,
                nextHop: NextHop(
                    port: UInt16(slot), tags: port.isEthernet ? subscriber?.vlan ?? [] : [],
                    address: port.isEthernet ? nextHop ?? subscriber?.nextHop : nil),
                push: .nothing,
                maximumInnerByteCount: port.isEthernet ? nil : UInt16(clamping: port.mtu ?? 65_535))
        case (.tunnel(let slot), .tunnel(_, let send, _)):
            let mouth = mouth(slot)
            return SessionWay(
                arrival: arrival, userLabel: userLabel, nextHop: mouth.road.nextHop,
                push: mouth.push ?? TableCompiler.push(mouth.encapsulation, userLabel: send),
                tunnel: mouth.index, maximumInnerByteCount: mouth.innerByteCount, classMap: mouth.classMap)
        default: preconditionFailure("a leg on something else than it names")
        }
    }
}

import Exchange
import Tables
import Wire

extension TableCompiler {
    /// One of a session's paths.
    /// - Parameter place: which of them.
    static func object(
        _ session: Session, path place: Int, _ slot: Int, _ id: LegID, _ state: State
    ) -> SessionObject {
        let use = UseOfService(subscriber: session.subscriber, service: session.service)
        let paths = session.paths
        let path = paths[place]
        let limit = segmentLimit(path, state)
        var up = way(from: path.access, to: path.network, session, .up, state)
        up.policer = session.upPolicer.map(policer)
        up.segmentLimit = limit
        var down = way(from: path.network, to: path.access, session, .down, state)
        down.policer = session.downPolicer.map(policer)
        down.segmentLimit = limit
        return SessionObject(
            slot: SessionIndex(rawValue: UInt32(slot)), session: id.session, leg: id.leg,
            subscriber: subscriberIndex(session.subscriber, state),
            service: serviceIndex(session.service, state),
            rules: (state.conditions[use]?.allow ?? []).flatMap { rules($0) }, up: up, down: down,
            isGrouped: paths.count > 1)
    }

    /// The paths of a session that has several.
    static func group(_ session: Session, _ record: SessionRecord, _ state: State) -> PathGroupObject {
        let sessions = record.paths.map { SessionIndex(rawValue: UInt32($0.slot)) }
        return PathGroupObject(
            slot: sessions[0], subscriber: subscriberIndex(session.subscriber, state),
            service: serviceIndex(session.service, state), sessions: sessions)
    }

    /// The least that the tunnels take of those on the path that clamp.
    private static func segmentLimit(_ path: Session.Path, _ state: State) -> UInt16? {
        [path.access, path.network].compactMap { leg -> UInt16? in
            guard case .tunnel(let name, _, _) = leg else { return nil }
            let tunnel = tunnel(name, state)
            return tunnel.clampsMSS ? innerByteCount(tunnel, state) : nil
        }.min()
    }

    /// The longest packet that fits into a tunnel.
    private static func innerByteCount(_ tunnel: Tunnel, _ state: State) -> UInt16 {
        UInt16(clamping: line(tunnel.line, state).mtu - tunnel.encapsulation.overheadByteCount)
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
            return SessionWay(
                arrival: arrival, userLabel: userLabel,
                nextHop: self.nextHop(of: line(tunnel.line, state), state),
                push: push(tunnel.encapsulation, userLabel: send), tunnel: tunnelIndex(name, state),
                maximumInnerByteCount: innerByteCount(tunnel, state),
                classMap: classMap(tunnel.encapsulation))
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

    // MARK: What is pushed

    private static func push(_ encapsulation: Tunnel.Encapsulation, userLabel: Label?) -> SessionWay.Push {
        switch encapsulation {
        case .mpls(let mpls): push(mpls, userLabel: userLabel)
        case .ipip(let ipip): push(ipip)
        case .mplsudp(let mplsudp): push(mplsudp, userLabel: userLabel)
        }
    }

    private static func push(_ mpls: MPLSEncapsulation, userLabel: Label?) -> SessionWay.Push {
        var flags: Conversion.Flags = []
        var ttl: UInt8 = 0
        var trafficClass: UInt8 = 0
        if case .pipe(let fixed) = mpls.ttl { ttl = fixed } else { flags.insert(.copyTTL) }
        switch mpls.trafficClass {
        case .copy: flags.insert(.copyClass)
        case .fixed(let fixed): trafficClass = fixed
        case .map: break
        }
        guard let userLabel else {
            preconditionFailure("an MPLS leg without a user label was not validated")
        }
        let labels = pathLabels(mpls) + [userLabel]
        return .labels(
            labels.enumerated().map { position, label in
                LabelStackEntry(
                    label: label, trafficClass: trafficClass,
                    isBottomOfStack: position == labels.count - 1, ttl: ttl)
            }, flags)
    }

    private static func push(_ ipip: IPIPEncapsulation) -> SessionWay.Push {
        let (ttl, dscp, flags) = outerFields(ipip)
        return .outer(source: ipip.local, destination: ipip.remote, ttl: ttl, dscp: dscp, flags)
    }

    private static func push(_ mplsudp: MPLSUDPEncapsulation, userLabel: Label?) -> SessionWay.Push {
        guard let userLabel else {
            preconditionFailure("an MPLS-in-UDP leg without a user label was not validated")
        }
        let (ttl, dscp, flags) = outerFields(mplsudp.outer)
        return .datagram(
            SessionWay.Datagram(
                source: mplsudp.outer.local, destination: mplsudp.outer.remote, ttl: ttl, dscp: dscp,
                pathLabel: mplsudp.send, userLabel: userLabel, hasChecksum: mplsudp.checksum == .on), flags)
    }

    private static func outerFields(_ ipip: IPIPEncapsulation)
        -> (ttl: UInt8, dscp: UInt8, flags: Conversion.Flags)
    {
        var flags: Conversion.Flags = []
        var ttl: UInt8 = 0
        var dscp: UInt8 = 0
        if case .fixed(let fixed) = ipip.ttl { ttl = fixed } else { flags.insert(.copyTTL) }
        switch ipip.dscp {
        case .copy: flags.insert(.copyClass)
        case .fixed(let fixed): dscp = fixed
        case .map: break
        }
        if ipip.ecn == .compatibility { flags.insert(.compatibleECN) }
        if ipip.df == .copy && ipip.remote.version == .v4 { flags.insert(.copyDontFragment) }
        return (ttl, dscp, flags)
    }

    /// What each inner DSCP becomes outside, where a map says so.
    private static func classMap(_ encapsulation: Tunnel.Encapsulation) -> [UInt8]? {
        switch encapsulation {
        case .mpls(let mpls):
            guard case .map(let map) = mpls.trafficClass else { return nil }
            // The top three bits are what is copied.
            return (0..<ClassMap.dscpCount).map { map[$0] ?? map.otherwise ?? UInt8($0 >> 3) }
        case .ipip(let outer): return classMap(outer)
        case .mplsudp(let mplsudp): return classMap(mplsudp.outer)
        }
    }

    private static func classMap(_ outer: IPIPEncapsulation) -> [UInt8]? {
        guard case .map(let map) = outer.dscp else { return nil }
        return (0..<ClassMap.dscpCount).map { map[$0] ?? map.otherwise ?? UInt8($0) }
    }

    // MARK: Policers

    static func policer(_ policer: Exchange.Policer) -> Tables.Policer {
        Tables.Policer(
            committedBitsPerSecond: policer.committedBitsPerSecond, peakBitsPerSecond: policer.peakRate,
            committedBurstByteCount: policer.committedBurst, peakBurstByteCount: policer.peakBurst,
            green: action(policer.green), yellow: action(policer.yellow), red: action(policer.red))
    }

    private static func action(_ action: Exchange.Policer.Action) -> Tables.Policer.Action {
        switch action {
        case .pass: .pass
        case .drop: .drop
        case .dscp(let number): .dscp(number)
        case .trafficClass(let number): .trafficClass(number)
        }
    }
}

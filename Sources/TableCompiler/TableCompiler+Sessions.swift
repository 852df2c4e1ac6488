import Exchange
import Tables
import Wire

extension TableCompiler {
    /// The paths of a session that has several.
    static func group(_ session: Session, _ record: SessionRecord, _ state: State) -> PathGroupObject {
        let sessions = record.paths.map { SessionIndex(rawValue: UInt32($0.slot)) }
        return PathGroupObject(
            slot: sessions[0], subscriber: subscriberIndex(session.subscriber, state),
            service: serviceIndex(session.service, state), sessions: sessions)
    }

    /// The longest packet that fits into a tunnel.
    static func innerByteCount(_ tunnel: Tunnel, _ state: State) -> UInt16 {
        UInt16(clamping: line(tunnel.line, state).mtu - tunnel.encapsulation.overheadByteCount)
    }

    /// Where the user labels that arrive by a tunnel have their meaning.
    static func context(ofTunnel name: String, _ state: State) -> LabelContext {
        let tunnel = tunnel(name, state)
        if case .mpls(let mpls) = tunnel.encapsulation, mpls.php {
            return .port(portSlot(line(tunnel.line, state).port, state))
        }
        return .tunnel(tunnelIndex(name, state))
    }

    // MARK: What is pushed

    static func push(_ encapsulation: Tunnel.Encapsulation, userLabel: Label?) -> SessionWay.Push {
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
    static func classMap(_ encapsulation: Tunnel.Encapsulation) -> [UInt8]? {
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

import Exchange
import Tables
import Wire

extension TableCompiler {
    mutating func compile(_ session: Session, _ index: Int) {
        let sessionIndex = SessionIndex(rawValue: UInt32(index))
        let admission = Admission(
            subscriber: place(session.subscriber, subscriberIndices),
            service: place(session.service, serviceIndices))
        result.contents.conversions.append(
            conversion(session, admission, .up, from: session.access, to: session.network, sessionIndex))
        result.contents.conversions.append(
            conversion(session, admission, .down, from: session.network, to: session.access, sessionIndex))
        result.contents.admissions.append(
            (
                SubscriberIndex(rawValue: UInt32(admission.subscriber)),
                ServiceIndex(rawValue: UInt32(admission.service)), sessionIndex
            ))
        result.sessions.append(session.name)
    }

    mutating func conversion(
        _ session: Session, _ admission: Admission, _ direction: Direction, from arriving: Leg,
        to leaving: Leg,
        _ sessionIndex: SessionIndex
    ) -> Conversion {
        let arrival: Arrival
        switch arriving {
        case .plain(let port, _): arrival = Arrival(port: UInt16(self.port(port)))
        case .tunnel(let name, _, let receive):
            arrival = Arrival(tunnel: TunnelIndex(rawValue: UInt32(tunnelIndex(name))))
            if let receive { bind(receive, tunnel(name), ConversionIndex(sessionIndex, direction)) }
        }
        let rules = ruleRanges[admission] ?? 0..<0
        func record(_ adjacency: AdjacencyIndex, maximumInnerByteCount: Int) -> Conversion {
            Conversion(
                arrival: arrival, adjacency: adjacency,
                subscriber: SubscriberIndex(rawValue: UInt32(admission.subscriber)),
                service: ServiceIndex(rawValue: UInt32(admission.service)), rules: rules,
                maximumInnerByteCount: maximumInnerByteCount)
        }
        switch leaving {
        case .plain(let name, let nextHop):
            let port = port(name)
            let subscriber = exchange.subscribers[admission.subscriber]
            let towardsSubscriber = direction == .down
            let adjacency = adjacency(
                port, tags: towardsSubscriber ? subscriber.vlan : [],
                nextHop: nextHop ?? (towardsSubscriber ? subscriber.nextHop : nil))
            return record(adjacency, maximumInnerByteCount: plainMTU(port))
        case .tunnel(let name, let send, _):
            let tunnel = tunnel(name)
            let line = line(tunnel.line)
            var conversion = record(
                adjacency(of: line), maximumInnerByteCount: line.mtu - tunnel.encapsulation.overheadByteCount)
            push(tunnel.encapsulation, userLabel: send, &conversion)
            return conversion
        }
    }

    /// The longest packet of a plain leg. A TUN takes what the kernel can: the packets in it are no link's.
    func plainMTU(_ port: Int) -> Int {
        facts.mtus[port] ?? exchange.ports[port].mtu ?? (exchange.ports[port].isEthernet ? 1500 : 65_535)
    }

    mutating func bind(_ label: Label, _ tunnel: Tunnel, _ conversion: ConversionIndex) {
        let isAlone = if case .mpls(let mpls) = tunnel.encapsulation { mpls.php } else { false }
        let context: LabelContext =
            isAlone
            ? .port(UInt16(port(line(tunnel.line).port)))
            : .tunnel(TunnelIndex(rawValue: UInt32(tunnelIndex(tunnel.name))))
        result.contents.userLabels.append((context, label, conversion))
    }

    func push(
        _ encapsulation: Tunnel.Encapsulation, userLabel: Label?, _ conversion: inout Conversion
    ) {
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
            var labels = [userLabel].compactMap { $0 }
            precondition(labels.count == 1, "an MPLS leg without a user label was not validated")
            if mpls.null == .explicit {
                // Above another label either explicit null serves (RFC 4182); what lies below says what it is.
                labels.insert(.ipv4ExplicitNull, at: 0)
            } else if let path = mpls.send, mpls.null == nil {
                labels.insert(path, at: 0)
            }
            conversion.push(
                labels.enumerated().map { position, label in
                    LabelStackEntry(
                        label: label, trafficClass: trafficClass,
                        isBottomOfStack: position == labels.count - 1, ttl: ttl)
                }, flags)
        case .ipip(let ipip):
            guard case .v4(let local) = ipip.local, case .v4(let remote) = ipip.remote else {
                preconditionFailure("an outer IPv6 header was not refused")
            }
            var flags: Conversion.Flags = []
            var dscp: UInt8 = 0
            if case .fixed(let fixed) = ipip.dscp { dscp = fixed } else { flags.insert(.copyClass) }
            if ipip.df == .copy { flags.insert(.copyDontFragment) }
            conversion.push(outerSource: local, outerDestination: remote, ttl: ipip.ttl, dscp: dscp, flags)
        }
    }
}

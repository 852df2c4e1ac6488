public import Exchange
import Tables
import Wire

extension CompiledExchange {
    /// Compiles a validated exchange. Deterministic: the same exchange gives the same contents, index for index.
    /// - Throws: a `Rejection` for what the tables can't hold although the exchange may say it.
    public init(_ exchange: ExchangeDescription, _ facts: PortFacts) throws(Rejection) {
        var compiler = TableCompiler(exchange, facts)
        try compiler.compile()
        self = compiler.result
    }
}

/// Turns names into indices and descriptions into records, one kind of object after the other.
struct TableCompiler {
    let exchange: ExchangeDescription
    let facts: PortFacts
    var result = CompiledExchange()

    private(set) var portIndices: [String: Int] = [:]
    private(set) var lineIndices: [String: Int] = [:]
    private(set) var tunnelIndices: [String: Int] = [:]
    private(set) var subscriberIndices: [String: Int] = [:]
    private(set) var serviceIndices: [String: Int] = [:]
    /// The compiled rules of each (subscriber, service) that a condition names; empty: everything.
    private var ruleRanges: [Admission: Range<Int>] = [:]
    private var adjacencies: [NextHop: AdjacencyIndex] = [:]
    private var localAddresses: Set<IPAddress> = []

    /// Look-up keys only: nothing iterates over them, so that the result doesn't depend on hashing.
    struct Admission: Hashable {
        let subscriber: Int
        let service: Int
    }
    struct NextHop: Hashable {
        let port: Int
        let tags: [UInt16]
        /// Nil: every destination on the link is its own.
        let address: IPAddress?
    }

    init(_ exchange: ExchangeDescription, _ facts: PortFacts) {
        precondition(
            facts.macAddresses.count == exchange.ports.count && facts.mtus.count == exchange.ports.count)
        self.exchange = exchange
        self.facts = facts
        portIndices = Self.places(exchange.ports.map(\.name))
        lineIndices = Self.places(exchange.lines.map(\.name))
        tunnelIndices = Self.places(exchange.tunnels.map(\.name))
        subscriberIndices = Self.places(exchange.subscribers.map(\.name))
        serviceIndices = Self.places(exchange.services.map(\.name))
    }

    mutating func compile() throws(Rejection) {
        compilePorts()
        compileTunnels()
        compileRegisters()
        try compileConditions()
        for (index, session) in exchange.sessions.enumerated() { compile(session, index) }
        for binding in exchange.labels { compile(binding) }
        compileNeighbours()
        planPorts()
    }

    private static func places(_ names: [String]) -> [String: Int] {
        Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }

    /// The place of a name that validation has seen.
    private func place(_ name: String, _ places: [String: Int]) -> Int {
        guard let place = places[name] else { preconditionFailure("'\(name)' was not validated") }
        return place
    }
    func port(_ name: String) -> Int { place(name, portIndices) }
    func line(_ name: String) -> Line { exchange.lines[place(name, lineIndices)] }
    func tunnelIndex(_ name: String) -> Int { place(name, tunnelIndices) }
    func tunnel(_ name: String) -> Tunnel { exchange.tunnels[tunnelIndex(name)] }

    // MARK: Ports, tunnels, registers

    private mutating func compilePorts() {
        for (index, port) in exchange.ports.enumerated() {
            let mac = facts.macAddresses[index] ?? MACAddress(rawValue: 0)
            result.contents.ports.append(
                PortEntry(
                    role: port.role == .access ? .access : .network, isEthernet: port.isEthernet,
                    macAddress: mac))
            for address in port.addresses {
                result.contents.localAddresses.append((address.address, UInt16(index)))
                localAddresses.insert(address.address)
            }
        }
    }

    private mutating func compileTunnels() {
        for (index, tunnel) in exchange.tunnels.enumerated() {
            let port = port(line(tunnel.line).port)
            let tunnelIndex = TunnelIndex(rawValue: UInt32(index))
            var handsOnTTL = false
            switch tunnel.encapsulation {
            case .mpls(let mpls):
                handsOnTTL = mpls.ttl == .uniform
                if let receive = mpls.receive, !mpls.php {
                    result.contents.incomingLabels.append((receive, ILMEntry(tunnelIndex)))
                }
            case .ipip(let ipip):
                if case .v4(let remote) = ipip.remote, case .v4(let local) = ipip.local {
                    // An end that is no port's address, as a router's loopback address is none, is still ours.
                    if localAddresses.insert(ipip.local).inserted {
                        result.contents.localAddresses.append((ipip.local, UInt16(port)))
                    }
                    result.contents.tunnelEndpoints.append((remote, local, tunnelIndex))
                }
            }
            result.contents.tunnels.append(TunnelEntry(port: UInt16(port), handsOnTTL: handsOnTTL))
            result.tunnels.append(tunnel.name)
        }
    }

    private mutating func compileRegisters() {
        var plainPorts: [Int: Int] = [:]
        for session in exchange.sessions {
            guard case .plain(let port, _) = session.access else { continue }
            plainPorts[place(session.subscriber, subscriberIndices)] = self.port(port)
        }
        for (index, subscriber) in exchange.subscribers.enumerated() {
            let port = subscriber.port.map { self.port($0) } ?? plainPorts[index]
            result.contents.subscribers.append(
                SubscriberEntry(port: port.map { UInt16($0) }, tags: subscriber.vlan))
            for prefix in subscriber.addresses {
                result.contents.subscriberPrefixes.append((prefix, SubscriberIndex(rawValue: UInt32(index))))
            }
            result.subscribers.append(subscriber.name)
        }
        for (index, service) in exchange.services.enumerated() {
            for prefix in service.prefixes {
                result.contents.servicePrefixes.append((prefix, ServiceIndex(rawValue: UInt32(index))))
            }
            result.services.append(service.name)
        }
    }

    // MARK: Conditions

    /// Joins the conditions of each (subscriber, service): a packet needs one rule of any of them; one condition
    /// without rules admits everything.
    private mutating func compileConditions() throws(Rejection) {
        var order: [Admission] = []
        var rules: [Admission: [Tables.Rule]] = [:]
        var unlimited: Set<Admission> = []
        for condition in exchange.conditions {
            let admission = Admission(
                subscriber: place(condition.subscriber, subscriberIndices),
                service: place(condition.service, serviceIndices))
            if rules[admission] == nil { order.append(admission) }
            rules[admission, default: []] += (condition.allow ?? []).flatMap { Self.rules($0) }
            if condition.allow == nil { unlimited.insert(admission) }
            guard rules[admission]!.count < 256 else {
                throw Rejection(
                    "the conditions of subscriber '\(condition.subscriber)' for service '\(condition.service)' make "
                        + "\(rules[admission]!.count) rules, a port range each; 255 are possible: join ranges",
                    at: condition.location)
            }
        }
        for admission in order {
            let first = result.contents.rules.count
            if !unlimited.contains(admission) { result.contents.rules += rules[admission]! }
            ruleRanges[admission] = first..<result.contents.rules.count
        }
    }

    private static func rules(_ rule: Exchange.Rule) -> [Tables.Rule] {
        let protocols: (IPProtocol, IPProtocol)
        switch rule.protocol {
        case .any: return [.any]
        case .icmp: protocols = (.icmp, .icmpv6)
        case .tcp: protocols = (.tcp, .tcp)
        case .udp: protocols = (.udp, .udp)
        case .sctp: protocols = (.sctp, .sctp)
        case .number(let number): protocols = (IPProtocol(rawValue: number), IPProtocol(rawValue: number))
        }
        guard !rule.ports.isEmpty else {
            return [Tables.Rule(ipv4Protocol: protocols.0, ipv6Protocol: protocols.1)]
        }
        return rule.ports.map { Tables.Rule(ipv4Protocol: protocols.0, ipv6Protocol: protocols.1, ports: $0) }
    }

    // MARK: Sessions

    private mutating func compile(_ session: Session, _ index: Int) {
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

    private mutating func conversion(
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
    private func plainMTU(_ port: Int) -> Int {
        facts.mtus[port] ?? exchange.ports[port].mtu ?? (exchange.ports[port].isEthernet ? 1500 : 65_535)
    }

    private mutating func bind(_ label: Label, _ tunnel: Tunnel, _ conversion: ConversionIndex) {
        let isAlone = if case .mpls(let mpls) = tunnel.encapsulation { mpls.php } else { false }
        let context: LabelContext =
            isAlone
            ? .port(UInt16(port(line(tunnel.line).port)))
            : .tunnel(TunnelIndex(rawValue: UInt32(tunnelIndex(tunnel.name))))
        result.contents.userLabels.append((context, label, conversion))
    }

    private func push(
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

    // MARK: Labels

    private mutating func compile(_ binding: LabelBinding) {
        var labels: [Label] = []
        if case .swap(let swapped) = binding.operation { labels = swapped }
        let line: Line
        switch binding.via {
        case .line(let name): line = self.line(name)
        case .tunnel(let name):
            let tunnel = tunnel(name)
            line = self.line(tunnel.line)
            if case .mpls(let mpls) = tunnel.encapsulation {
                if mpls.null == .explicit {
                    labels.insert(.ipv4ExplicitNull, at: 0)
                } else if let path = mpls.send, mpls.null == nil {
                    labels.insert(path, at: 0)
                }
            }
        }
        let index = NHLFEIndex(rawValue: UInt32(result.contents.nhlfes.count))
        result.contents.nhlfes.append(
            NHLFE(
                labels: labels.map(\.rawValue), pops: binding.operation == .pop,
                adjacency: adjacency(of: line), mtu: line.mtu))
        result.contents.incomingLabels.append((binding.in, ILMEntry(index)))
        result.labelBindings.append(binding)
    }

    // MARK: Adjacencies

    private mutating func adjacency(of line: Line) -> AdjacencyIndex {
        adjacency(port(line.port), tags: [], nextHop: line.nextHop)
    }

    private mutating func adjacency(_ port: Int, tags: [UInt16], nextHop: IPAddress?) -> AdjacencyIndex {
        let isEthernet = exchange.ports[port].isEthernet
        let key = NextHop(port: port, tags: isEthernet ? tags : [], address: isEthernet ? nextHop : nil)
        if let known = adjacencies[key] { return known }
        let index = AdjacencyIndex(rawValue: UInt32(result.contents.adjacencies.count))
        adjacencies[key] = index
        let neighbour = exchange.ports[port].neighbours.first { $0.address == nextHop }
        result.contents.adjacencies.append(
            isEthernet
                ? Adjacency(
                    port: UInt16(port), source: result.contents.ports[port].macAddress, tags: tags,
                    nextHop: nextHop,
                    destination: neighbour?.mac)
                : Adjacency(directPort: UInt16(port)))
        return index
    }

    /// The static neighbours of a port are known on every link context of it.
    private mutating func compileNeighbours() {
        for (index, adjacency) in result.contents.adjacencies.enumerated() where adjacency.state == .onLink {
            for neighbour in exchange.ports[Int(adjacency.port)].neighbours {
                result.contents.neighbours.append(
                    (neighbour.address, neighbour.mac, AdjacencyIndex(rawValue: UInt32(index))))
            }
        }
    }
}

public import Exchange
import Tables
import Wire

extension CompiledExchange {
    /// Compiles a validated exchange. Deterministic: the same exchange gives the same contents, index for
    /// index.
    /// - Throws: a `Rejection` for what the tables can't hold although the exchange may say it.
    public init(_ exchange: ExchangeDescription, _ facts: PortFacts) throws(Rejection) {
        var compiler = TableCompiler(exchange, facts)
        compiler.compile()
        self = compiler.result
    }
}

/// Turns names into indices and descriptions into records, one kind of object after the other.
struct TableCompiler {
    let exchange: ExchangeDescription
    let facts: PortFacts
    var result = CompiledExchange()

    let portIndices: [String: Int]
    let lineIndices: [String: Int]
    let tunnelIndices: [String: Int]
    let subscriberIndices: [String: Int]
    let serviceIndices: [String: Int]
    /// The compiled rules of each (subscriber, service) that a condition names; empty: everything.
    var ruleRanges: [Admission: Range<Int>] = [:]
    var adjacencies: [NextHop: AdjacencyIndex] = [:]
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
        self.exchange = exchange.joiningConditions
        self.facts = facts
        portIndices = Self.places(exchange.ports.map(\.name))
        lineIndices = Self.places(exchange.lines.map(\.name))
        tunnelIndices = Self.places(exchange.tunnels.map(\.name))
        subscriberIndices = Self.places(exchange.subscribers.map(\.name))
        serviceIndices = Self.places(exchange.services.map(\.name))
    }

    mutating func compile() {
        compilePorts()
        compileTunnels()
        compileRegisters()
        compileConditions()
        for (index, session) in exchange.sessions.enumerated() { compile(session, index) }
        for binding in exchange.labels { compile(binding) }
        compileNeighbours()
        planPorts()
    }

    private static func places(_ names: [String]) -> [String: Int] {
        Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }

    /// The place of a name that validation has seen.
    func place(_ name: String, _ places: [String: Int]) -> Int {
        guard let place = places[name] else { preconditionFailure("'\(name)' was not validated") }
        return place
    }
    func port(_ name: String) -> Int { place(name, portIndices) }
    func line(_ name: String) -> Line { exchange.lines[place(name, lineIndices)] }
    func tunnelIndex(_ name: String) -> Int { place(name, tunnelIndices) }
    func tunnel(_ name: String) -> Tunnel { exchange.tunnels[tunnelIndex(name)] }

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
                    // An end that is no port's address, as a router's loopback address is none, is still
                    // ours.
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

}

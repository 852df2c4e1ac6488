public import Wire

/// The forwarder's tables and the memory they lie in. The data path reads them through `view`.
///
/// | table | key | value | capacity |
/// |---|---|---|---|
/// | incoming label map | label | path label of a tunnel, or NHLFE | 2²⁰, flat |
/// | user labels | context and label | conversion | as made |
/// | subscribers, services | longest prefix, IPv4 and IPv6 apart | index, "this node" or "confined" | as made |
/// | admissions | subscriber and service | session | as made |
/// | tunnel endpoints | outer source and destination | tunnel | as made |
/// | adjacencies | index | link header | as made, and `neighbourCapacity` neighbours |
///
/// Everything but the adjacencies is fixed once made; those are written between vectors, by the worker's own slow path.
@safe public final class ForwardingTables {
    /// Neighbours at most, learned and stated.
    public static let neighbourCapacity = 65_536
    public static let labelCount = 1 << 20

    public let adjacencies: Table<Adjacency>
    /// Places in use, up to the highest one.
    public private(set) var adjacencyCount: Int
    /// Places below that which removed neighbours have left.
    private var freeAdjacencies: [AdjacencyIndex] = []
    public let localAddresses: [(address: IPAddress, port: UInt16)]
    public let portCount: Int
    public let sessionCount: Int

    private let ports: Table<PortEntry>
    private let incomingLabels = Table<ILMEntry>(capacity: labelCount)
    private let boundUserLabels = Table<UInt64>(capacity: labelCount / 64)
    private let nhlfes: Table<NHLFE>
    private let tunnels: Table<TunnelEntry>
    private let subscribers: Table<SubscriberEntry>
    private let conversions: Table<Conversion>
    private let rules: Table<Rule>
    private let userLabels: ExactMatch
    private let admissions: ExactMatch
    private let tunnelEndpoints: ExactMatch
    private let neighbours = ExactMatch()
    private let neighbourSeed: UInt64
    private let subscribers4: Poptrie<UInt32>
    private let subscribers6: Poptrie<UInt128>
    private let services4: Poptrie<UInt32>
    private let services6: Poptrie<UInt128>

    /// Builds every table. Cost: linear in the contents, plus the tries (about a microsecond a prefix).
    /// - Parameter neighbourSeed: of the neighbours' keys. Nobody on a link may guess it; a run that is to be repeated
    ///   exactly gives a number of its own.
    public init(_ contents: TableContents, neighbourSeed: UInt64 = .random(in: 0...UInt64.max)) {
        precondition(contents.conversions.count % 2 == 0)
        self.neighbourSeed = neighbourSeed
        ports = Self.table(contents.ports)
        portCount = contents.ports.count
        sessionCount = contents.conversions.count / 2
        localAddresses = contents.localAddresses
        nhlfes = Self.table(contents.nhlfes)
        tunnels = Self.table(contents.tunnels)
        subscribers = Self.table(contents.subscribers)
        conversions = Self.table(contents.conversions)
        rules = Self.table(contents.rules)
        adjacencies = Self.table(contents.adjacencies, spare: Self.neighbourCapacity)
        adjacencyCount = contents.adjacencies.count

        for (label, entry) in contents.incomingLabels { incomingLabels[Int(label.rawValue)] = entry }
        userLabels = ExactMatch()
        for (context, label, conversion) in contents.userLabels {
            userLabels.insert(context.key(label.rawValue), value: conversion.rawValue + 1)
            boundUserLabels[Int(label.rawValue / 64)] |= 1 << UInt64(label.rawValue % 64)
        }
        admissions = ExactMatch()
        for (subscriber, service, session) in contents.admissions {
            admissions.insert(TablesView.admissionKey(subscriber, service), value: session.rawValue + 1)
        }
        tunnelEndpoints = ExactMatch()
        for (remote, local, tunnel) in contents.tunnelEndpoints {
            tunnelEndpoints.insert(TablesView.endpointKey(remote, local), value: tunnel.rawValue + 1)
        }

        // What stands later replaces what stands before it: a name given to such a prefix itself counts.
        let confined = (Self.confined + contents.links.compactMap { $0.prefix.broadcastAddress }).map {
            ($0, LookupResult.confined)
        }
        let local = contents.localAddresses.map { (IPPrefix($0.address), LookupResult.local) }
        let subscriberTries = Self.tries(
            confined
                + contents.subscriberPrefixes.map { ($0.prefix, LookupResult($0.subscriber.rawValue)) }
                + local)
        (subscribers4, subscribers6) = subscriberTries
        let serviceTries = Self.tries(
            confined
                + contents.servicePrefixes.map { ($0.prefix, LookupResult($0.service.rawValue)) } + local)
        (services4, services6) = serviceTries
        for (address, mac, onLink) in contents.neighbours { _ = addNeighbour(address, mac, onLink: onLink) }
    }

    /// The tables as the data path sees them. Valid as long as this object lives; taken anew after `addNeighbour`.
    public var view: TablesView {
        unsafe TablesView(
            ports: ports.base, incomingLabels: incomingLabels.base, boundUserLabels: boundUserLabels.base,
            nhlfes: nhlfes.base, tunnels: tunnels.base, subscribers: subscribers.base,
            conversions: conversions.base, rules: rules.base, adjacencies: adjacencies.base,
            userLabels: userLabels.view, admissions: admissions.view, tunnelEndpoints: tunnelEndpoints.view,
            neighbours: neighbours.view, neighbourSeed: neighbourSeed, subscribers4: subscribers4.view,
            subscribers6: subscribers6.view,
            services4: services4.view, services6: services6.view)
    }

    /// Gives a port its MAC address, and with it every adjacency that leaves by the port.
    public func setMAC(_ mac: MACAddress, port: UInt16) {
        ports[Int(port)].macAddress = mac
        for index in 0..<adjacencyCount where adjacencies[index].port == port {
            adjacencies[index].source = mac
        }
    }

    /// Adds a neighbour on a link whose destinations are their own next hops, or gives a known one a new MAC address.
    /// - Returns: the neighbour's adjacency; nil when `neighbourCapacity` is used up, until one is removed.
    public func addNeighbour(
        _ address: IPAddress, _ mac: MACAddress, onLink: AdjacencyIndex
    ) -> AdjacencyIndex? {
        let template = adjacencies[Int(onLink.rawValue)]
        precondition(template.state == .onLink)
        let key = view.neighbourKey(onLink, address)
        let known = neighbours.lookup(key)
        if known != 0 {
            // Two IPv6 addresses may share a key; the second is then not learned, and its packets are dropped.
            guard adjacencies[Int(known - 1)].nextHop == address else { return nil }
            adjacencies[Int(known - 1)].destination = mac
            return AdjacencyIndex(rawValue: known - 1)
        }
        let index: AdjacencyIndex
        if let free = freeAdjacencies.popLast() {
            index = free
        } else {
            guard adjacencyCount < adjacencies.capacity else { return nil }
            index = AdjacencyIndex(rawValue: UInt32(adjacencyCount))
            adjacencyCount += 1
        }
        adjacencies[Int(index.rawValue)] = Adjacency(
            port: template.port, source: template.source, tags: template.tags, nextHop: address,
            destination: mac)
        neighbours.insert(key, value: index.rawValue + 1)
        return index
    }

    /// Whether there is no place for another neighbour, unless one is removed.
    public var isFull: Bool { freeAdjacencies.isEmpty && adjacencyCount == adjacencies.capacity }

    /// Takes a neighbour's place from it; the next one that is added may be given it.
    /// - Parameter onLink: the link that it was added on.
    public func removeNeighbour(_ index: AdjacencyIndex, onLink: AdjacencyIndex) {
        let place = Int(index.rawValue)
        guard let address = adjacencies[place].nextHop,
            neighbours.remove(view.neighbourKey(onLink, address)) == index.rawValue + 1
        else { preconditionFailure("adjacency \(place) is no neighbour on that link") }
        // No look-up leads here any more; what still holds the index finds an unresolved neighbour of the same port.
        adjacencies[place].forgetDestination()
        freeAdjacencies.append(index)
    }

    /// Whether a neighbour has been added on this link.
    public func hasNeighbour(_ address: IPAddress, onLink: AdjacencyIndex) -> Bool {
        let known = neighbours.lookup(view.neighbourKey(onLink, address))
        return known != 0 && adjacencies[Int(known - 1)].nextHop == address
    }

    private static func table<Element: BitwiseCopyable>(_ elements: [Element], spare: Int = 0) -> Table<
        Element
    > {
        let table = Table<Element>(capacity: max(1, elements.count + spare))
        for (index, element) in elements.enumerated() { table[index] = element }
        return table
    }

    private static func tries(_ entries: [(IPPrefix, LookupResult)]) -> (Poptrie<UInt32>, Poptrie<UInt128>) {
        var v4 = PrefixTree<UInt32>()
        var v6 = PrefixTree<UInt128>()
        for (prefix, result) in entries {
            switch prefix.address {
            case .v4(let address):
                v4.insert(address.rawValue, length: prefix.bitCount, value: result.rawValue)
            case .v6(let address): v6.insert(address.bits, length: prefix.bitCount, value: result.rawValue)
            }
        }
        return (Poptrie(v4), Poptrie(v6))
    }
}

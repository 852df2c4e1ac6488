import Tables
import Wire

/// Which neighbours may be learned and asked for: keeps strangers from filling or poisoning the tables, and questions
/// from flooding the link.
struct NeighbourResolver {
    /// A neighbour on one link, or on one VLAN of it.
    struct Key: Hashable {
        let port: Int
        let tags: [UInt16]
        let address: IPAddress
    }

    private struct LinkKey: Hashable {
        let port: Int
        let tags: [UInt16]
    }

    /// Questions remembered at most.
    private static let askedCapacity = 4096
    private static let askInterval: UInt64 = 1_000_000_000

    /// Adjacencies with a next hop of their own.
    private var nextHops: [Key: AdjacencyIndex] = [:]
    /// Adjacencies whose destinations are their own next hops.
    private var links: [LinkKey: AdjacencyIndex] = [:]
    /// The ports' settings, and those before: by slot. What an operator has entered there nothing on the wire changes.
    private var settings: [PortSettings?]
    private var previousSettings: [PortSettings?]
    /// When each question was last asked.
    private var asked: [Key: UInt64] = [:]
    /// When each learned neighbour last said where it is.
    private var heard: [AdjacencyIndex: UInt64] = [:]
    /// Where the next look at all adjacencies goes on.
    private var cursor = 0

    /// A resolver that knows no neighbours: they come with the first publication.
    init() {
        settings = Array(repeating: nil, count: ForwardingTables.portCapacity)
        previousSettings = settings
    }

    private func isStatic(_ key: Key) -> Bool { settings[key.port]?.neighbours[key.address] != nil }

    /// Takes in where a neighbour is. A next hop that is in the tables is always updated; another address becomes a
    /// neighbour only when we asked for it, when it asked for us, or when it is one already (RFC 826).
    mutating func learn(
        _ key: Key, _ mac: MACAddress, _ tables: WorkerTables, isForUs: Bool, at timestamp: UInt64
    ) {
        guard !isStatic(key) else { return }
        let wasAsked = asked.removeValue(forKey: key) != nil
        if let index = nextHops[key] {
            tables.adjacencies[Int(index.rawValue)].destination = mac
            heard[index] = timestamp
        }
        guard let link = links[LinkKey(port: key.port, tags: key.tags)] else { return }
        if wasAsked || isForUs || tables.hasNeighbour(key.address, onLink: link) {
            if let index = tables.addNeighbour(key.address, mac, onLink: link) { heard[index] = timestamp }
        }
    }

    /// Whether this question may be asked now; if so, it counts as asked.
    mutating func mayAsk(_ key: Key, at timestamp: UInt64) -> Bool {
        if let last = asked[key], timestamp < last &+ Self.askInterval, timestamp >= last { return false }
        if asked.count >= Self.askedCapacity {
            asked = asked.filter { timestamp < $0.value &+ Self.askInterval }
            guard asked.count < Self.askedCapacity else { return false }
        }
        asked[key] = timestamp
        return true
    }
}

// MARK: - Ageing
extension NeighbourResolver {
    /// A neighbour that has been silent for so long is asked whether it is still there.
    private static let confirmInterval: UInt64 = 15_000_000_000
    /// One that has been silent for so long, asked or not, is forgotten (RFC 1122 §2.3.2.1).
    private static let lifetime: UInt64 = 60_000_000_000
    /// Adjacencies looked at in one call, so that a full table doesn't hold up packets.
    private static let scanCount = 4096

    /// Goes through the neighbours: forgets those that have fallen silent for good, and finds those to be asked now,
    /// which are next hops without an address and any neighbour that has been silent for a while.
    ///
    /// A neighbour that moves to another MAC address without telling us is so found again. Cost: linear in the
    /// adjacencies, up to `scanCount` of them a call.
    /// - Returns: up to `limit` adjacencies.
    mutating func due(_ tables: WorkerTables, at timestamp: UInt64, limit: Int) -> [AdjacencyIndex] {
        var due: [AdjacencyIndex] = []
        for _ in 0..<min(Self.scanCount, tables.placeCount) where due.count < limit {
            cursor = cursor + 1 < tables.placeCount ? cursor + 1 : 0
            guard let index = tables.adjacency(inPlace: cursor) else { continue }
            let place = Int(index.rawValue)
            let adjacency = tables.adjacencies[place]
            guard let address = adjacency.nextHop,
                !isStatic(Key(port: Int(adjacency.port), tags: adjacency.tags, address: address))
            else { continue }
            let silence = heard[index].map { timestamp > $0 ? timestamp - $0 : 0 }
            if adjacency.state == .resolved, silence ?? .max >= Self.lifetime {
                tables.adjacencies[place].forgetDestination()
                heard[index] = nil
            }
            // A learned neighbour that is gone is asked for again when there is something to send to it.
            let isWanted = tables.isConfigured(index) || tables.adjacencies[place].state == .resolved
            if isWanted, silence ?? .max >= Self.confirmInterval { due.append(index) }
        }
        return due
    }

    /// Forgets where a port's neighbours are, all but the static ones: the link behind it may be another.
    mutating func forget(port: Int, _ tables: WorkerTables) {
        for index in (0..<tables.placeCount).lazy.compactMap({ tables.adjacency(inPlace: $0) }) {
            let place = Int(index.rawValue)
            let adjacency = tables.adjacencies[place]
            guard adjacency.port == port, adjacency.state == .resolved, let address = adjacency.nextHop,
                !isStatic(Key(port: port, tags: adjacency.tags, address: address))
            else { continue }
            tables.adjacencies[place].forgetDestination()
            heard[index] = nil
        }
        asked = asked.filter { $0.key.port != port }
    }
}

// MARK: - Tables that change
extension NeighbourResolver {
    /// Begins to take in a publication: what is added and updated from here on goes by its ports.
    mutating func begin(_ publication: TablesPublication, _ previous: TablesPublication) {
        settings = publication.ports
        previousSettings = previous.ports
        for port in publication.changedPorts where isOtherInterface(Int(port)) {
            asked = asked.filter { $0.key.port != Int(port) }
        }
    }

    /// Whether the port's MAC address is another than before: what was learned of its neighbours is void then.
    private func isOtherInterface(_ port: Int) -> Bool {
        previousSettings[port].map { $0.mac != settings[port]?.mac } ?? false
    }

    /// Takes in an adjacency of the configuration; on a link, with the neighbours that are stated.
    mutating func add(_ index: AdjacencyIndex, _ tables: WorkerTables) {
        tables.add(index)
        let adjacency = tables.adjacencies[Int(index.rawValue)]
        let port = Int(adjacency.port)
        if let nextHop = adjacency.nextHop {
            nextHops[Key(port: port, tags: adjacency.tags, address: nextHop)] = index
        } else if adjacency.state == .onLink {
            links[LinkKey(port: port, tags: adjacency.tags)] = index
            addStaticNeighbours(onLink: index, port, tables)
        }
    }

    private func addStaticNeighbours(onLink index: AdjacencyIndex, _ port: Int, _ tables: WorkerTables) {
        for neighbour in settings[port]?.statedNeighbours ?? [] {
            _ = tables.addNeighbour(neighbour.address, neighbour.mac, onLink: index)
        }
    }

    /// Brings an adjacency up to what its port has become, if it is on that port.
    mutating func update(_ index: AdjacencyIndex, on port: UInt16, _ tables: WorkerTables) {
        let place = Int(index.rawValue)
        let adjacency = tables.adjacencies[place]
        guard adjacency.port == port, let new = settings[Int(port)] else { return }
        if adjacency.source != new.mac { tables.adjacencies[place].source = new.mac }
        if adjacency.state == .onLink {
            addStaticNeighbours(onLink: index, Int(port), tables)
        } else if let address = adjacency.nextHop {
            if let mac = new.neighbours[address] {
                tables.adjacencies[place].destination = mac
            } else if previousSettings[Int(port)]?.neighbours[address] != nil || isOtherInterface(Int(port)) {
                tables.adjacencies[place].forgetDestination()
                heard[index] = nil
            }
        }
    }

    /// Gives up an adjacency of the configuration; of a link, with the neighbours learned there.
    mutating func retire(_ index: AdjacencyIndex, _ tables: WorkerTables) {
        let adjacency = tables.adjacencies[Int(index.rawValue)]
        let port = Int(adjacency.port)
        if let nextHop = adjacency.nextHop {
            let key = Key(port: port, tags: adjacency.tags, address: nextHop)
            if nextHops[key] == index { nextHops[key] = nil }
        } else if adjacency.state == .onLink {
            let key = LinkKey(port: port, tags: adjacency.tags)
            if links[key] == index { links[key] = nil }
            for neighbour in tables.neighbours(onLink: index) {
                heard[neighbour] = nil
                tables.removeNeighbour(neighbour)
            }
        }
        heard[index] = nil
        tables.remove(index)
    }
}

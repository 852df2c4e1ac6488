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
    /// Entered by the operator: nothing on the wire changes them.
    private var statics: Set<Key> = []
    /// When each question was last asked.
    private var asked: [Key: UInt64] = [:]
    /// When each learned neighbour last said where it is.
    private var heard: [AdjacencyIndex: UInt64] = [:]
    /// Adjacencies that the configuration made; behind them stand the learned ones.
    private let configuredCount: Int
    /// Where the next look at all adjacencies goes on.
    private var cursor = 0

    init(_ contents: TableContents) {
        configuredCount = contents.adjacencies.count
        for (index, adjacency) in contents.adjacencies.enumerated() {
            let index = AdjacencyIndex(rawValue: UInt32(index))
            if let nextHop = adjacency.nextHop {
                let key = Key(port: Int(adjacency.port), tags: adjacency.tags, address: nextHop)
                nextHops[key] = index
                if adjacency.state == .resolved { statics.insert(key) }
            } else if adjacency.state == .onLink {
                links[LinkKey(port: Int(adjacency.port), tags: adjacency.tags)] = index
            }
        }
        for (address, _, onLink) in contents.neighbours {
            let adjacency = contents.adjacencies[Int(onLink.rawValue)]
            statics.insert(Key(port: Int(adjacency.port), tags: adjacency.tags, address: address))
        }
    }

    /// Takes in where a neighbour is. A next hop that is in the tables is always updated; another address becomes a
    /// neighbour only when we asked for it, when it asked for us, or when it is one already (RFC 826).
    mutating func learn(
        _ key: Key, _ mac: MACAddress, _ tables: ForwardingTables, isForUs: Bool, at timestamp: UInt64
    ) {
        guard !statics.contains(key) else { return }
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
    mutating func due(_ tables: ForwardingTables, at timestamp: UInt64, limit: Int) -> [AdjacencyIndex] {
        var due: [AdjacencyIndex] = []
        for _ in 0..<min(Self.scanCount, tables.adjacencyCount) where due.count < limit {
            cursor = cursor + 1 < tables.adjacencyCount ? cursor + 1 : 0
            let index = AdjacencyIndex(rawValue: UInt32(cursor))
            let adjacency = tables.adjacencies[cursor]
            guard let address = adjacency.nextHop,
                !statics.contains(
                    Key(port: Int(adjacency.port), tags: adjacency.tags, address: address))
            else { continue }
            let silence = heard[index].map { timestamp > $0 ? timestamp - $0 : 0 }
            if adjacency.state == .resolved, silence ?? .max >= Self.lifetime {
                tables.adjacencies[cursor].forgetDestination()
                heard[index] = nil
            }
            // A learned neighbour that is gone is asked for again when there is something to send to it.
            let isWanted = cursor < configuredCount || tables.adjacencies[cursor].state == .resolved
            if isWanted, silence ?? .max >= Self.confirmInterval { due.append(index) }
        }
        return due
    }

    /// Forgets where a port's neighbours are, all but the static ones: the link behind it may be another.
    mutating func forget(port: Int, _ tables: ForwardingTables) {
        for place in 0..<tables.adjacencyCount where Int(tables.adjacencies[place].port) == port {
            let adjacency = tables.adjacencies[place]
            guard adjacency.state == .resolved, let address = adjacency.nextHop,
                !statics.contains(Key(port: port, tags: adjacency.tags, address: address))
            else { continue }
            tables.adjacencies[place].forgetDestination()
            heard[AdjacencyIndex(rawValue: UInt32(place))] = nil
        }
        asked = asked.filter { $0.key.port != port }
    }
}

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

    init(_ contents: TableContents) {
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
    mutating func learn(_ key: Key, _ mac: MACAddress, _ tables: ForwardingTables, isForUs: Bool) {
        guard !statics.contains(key) else { return }
        let wasAsked = asked.removeValue(forKey: key) != nil
        if let index = nextHops[key] { tables.adjacencies[Int(index.rawValue)].destination = mac }
        guard let link = links[LinkKey(port: key.port, tags: key.tags)] else { return }
        if wasAsked || isForUs || tables.hasNeighbour(key.address, onLink: link) {
            _ = tables.addNeighbour(key.address, mac, onLink: link)
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

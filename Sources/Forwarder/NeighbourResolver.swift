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

    /// Questions remembered at most, next hops and known neighbours apart, of which the tables bound the number.
    private static let askedCapacity = 4096
    private static let askInterval: UInt64 = 1_000_000_000

    /// Adjacencies with a next hop of their own.
    private var nextHops: [Key: AdjacencyIndex] = [:]
    /// Adjacencies whose destinations are their own next hops.
    private var links: [LinkKey: AdjacencyIndex] = [:]
    /// By port: the prefixes whose addresses are on its link.
    private let prefixes: [[IPPrefix]]
    /// Entered by the operator: nothing on the wire changes them.
    private var statics: Set<Key> = []
    /// When each question was last asked.
    private var asked: [Key: UInt64] = [:]
    /// When old questions were last thrown out for want of room.
    private var swept: UInt64 = 0
    /// When each next hop last said where it is.
    private var heard: [AdjacencyIndex: UInt64] = [:]
    private var learned = LearnedNeighbours()
    /// Adjacencies that the configuration made; behind them stand the neighbours.
    private let configuredCount: Int
    /// Where the next look at the next hops goes on.
    private var cursor = 0

    init(_ contents: TableContents) {
        configuredCount = contents.adjacencies.count
        prefixes = contents.ports.indices.map { port in
            contents.links.filter { Int($0.port) == port }.map(\.prefix)
        }
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

    /// Takes in where a neighbour is. A next hop that is in the tables is always updated, and so is a neighbour that we
    /// have already. Another address becomes a neighbour only when we asked for it, or when it asked for us (RFC 826) and
    /// belongs on that link.
    ///
    /// Where all places are taken, a neighbour that never answered a question of ours makes room. So those who only
    /// claim addresses, however many, displace none but their own kind.
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
        if !tables.hasNeighbour(key.address, onLink: link) {
            guard wasAsked || isForUs && isAtHome(key, tables) else { return }
            if tables.isFull, let oldest = learned.displaced(byConfirmed: wasAsked) {
                forget(oldest, tables)
            }
        }
        if let index = tables.addNeighbour(key.address, mac, onLink: link) {
            learned.hear(index, onLink: link, isAnswer: wasAsked, at: timestamp)
        }
    }

    /// Whether a station that we did not ask may have this address: one on the port's own link, or a subscriber's who is
    /// reached there.
    private func isAtHome(_ key: Key, _ tables: ForwardingTables) -> Bool {
        let owner = tables.view.subscriber(of: key.address)
        guard !owner.isUnforwarded else { return false }
        if prefixes[key.port].contains(where: { $0.contains(key.address) }) { return true }
        guard owner.isIndex else { return false }
        let subscriber = tables.view.subscriber(owner.asSubscriber)
        return subscriber.isOn(port: UInt16(key.port))
            && subscriber.tags == key.tags.reduce(0) { $0 << 16 | UInt32($1) }
    }

    /// Whether this question may be asked now; if so, it counts as asked.
    /// - Parameter isKnown: whether the address is a next hop's or a neighbour's. Strangers can't use up those questions.
    mutating func mayAsk(_ key: Key, isKnown: Bool, at timestamp: UInt64) -> Bool {
        if let last = asked[key], timestamp < last &+ Self.askInterval, timestamp >= last { return false }
        if asked.count >= Self.askedCapacity {
            // No more often than questions grow old, or a flood of them would cost a sweep each.
            if timestamp >= swept &+ Self.askInterval || timestamp < swept {
                swept = timestamp
                asked = asked.filter { timestamp < $0.value &+ Self.askInterval && timestamp >= $0.value }
            }
            guard isKnown || asked.count < Self.askedCapacity else { return false }
        }
        asked[key] = timestamp
        return true
    }
}

// MARK: - Ageing
extension NeighbourResolver {
    /// Adjacencies looked at in one call, so that a full table doesn't hold up packets.
    private static let scanCount = 4096

    /// Forgets next hops and neighbours that have fallen silent for good, and finds those to be asked now: next hops
    /// without an address, and all that have been silent for a while.
    ///
    /// One that moves to another MAC address without telling us is so found again. Next hops may use half of the
    /// questions, and neighbours that never answered one at least an eighth, so that neither starves the other. Cost:
    /// linear in those looked at, up to `scanCount` next hops and as many neighbours of either kind.
    /// - Returns: up to `limit` adjacencies.
    mutating func due(_ tables: ForwardingTables, at timestamp: UInt64, limit: Int) -> [AdjacencyIndex] {
        var due = dueNextHops(tables, at: timestamp, limit: limit / 2)
        for (isConfirmed, limit) in [(true, limit - limit / 8), (false, limit)] {
            for _ in 0..<Self.scanCount {
                guard
                    let next = learned.nextDue(
                        confirmed: isConfirmed, mayAsk: due.count < limit, at: timestamp)
                else { break }
                switch next.due {
                case .ask: due.append(next.index)
                case .forget: forget(next.index, tables)
                }
            }
        }
        return due
    }

    private mutating func dueNextHops(
        _ tables: ForwardingTables, at timestamp: UInt64, limit: Int
    ) -> [AdjacencyIndex] {
        var due: [AdjacencyIndex] = []
        for _ in 0..<min(Self.scanCount, configuredCount) where due.count < limit {
            cursor = cursor + 1 < configuredCount ? cursor + 1 : 0
            let index = AdjacencyIndex(rawValue: UInt32(cursor))
            let adjacency = tables.adjacencies[cursor]
            guard let address = adjacency.nextHop,
                !statics.contains(
                    Key(port: Int(adjacency.port), tags: adjacency.tags, address: address))
            else { continue }
            let silence = heard[index].map { Forwarder.silence(since: $0, at: timestamp) } ?? .max
            if adjacency.state == .resolved, silence >= LearnedNeighbours.lifetime {
                tables.adjacencies[cursor].forgetDestination()
                heard[index] = nil
            }
            if silence >= LearnedNeighbours.confirmInterval { due.append(index) }
        }
        return due
    }

    /// Gives a learned neighbour's place back. It is asked for again when there is something to send to it.
    private mutating func forget(_ index: AdjacencyIndex, _ tables: ForwardingTables) {
        guard let link = learned.remove(index) else { return }
        tables.removeNeighbour(index, onLink: link)
    }

    /// Forgets where a port's neighbours are, all but the static ones: the link behind it may be another.
    mutating func forget(port: Int, _ tables: ForwardingTables) {
        for place in 0..<tables.adjacencyCount where Int(tables.adjacencies[place].port) == port {
            let index = AdjacencyIndex(rawValue: UInt32(place))
            guard place < configuredCount else {
                forget(index, tables)
                continue
            }
            let adjacency = tables.adjacencies[place]
            guard adjacency.state == .resolved, let address = adjacency.nextHop,
                !statics.contains(Key(port: port, tags: adjacency.tags, address: address))
            else { continue }
            tables.adjacencies[place].forgetDestination()
            heard[index] = nil
        }
        asked = asked.filter { $0.key.port != port }
    }
}

extension TablesView {
    fileprivate func subscriber(of address: IPAddress) -> LookupResult {
        switch address {
        case .v4(let address): subscriber(of: address)
        case .v6(let address): subscriber(of: address)
        }
    }
}

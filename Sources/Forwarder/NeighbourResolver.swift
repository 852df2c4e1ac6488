import Tables
import Wire

/// Which neighbours may be learned and asked for: keeps strangers from filling or poisoning the tables, and questions
/// from flooding the link.
struct NeighbourResolver {
    /// A neighbour on one link, or on one VLAN of it.
    struct Key: Hashable {
        let port: Int
        /// VLAN ids, the outer one in the high half.
        let tags: UInt32
        let address: IPAddress

        init(port: Int, tags: UInt32, address: IPAddress) {
            self.port = port
            self.tags = tags
            self.address = address
        }

        /// The neighbour at this address behind an adjacency.
        init(_ adjacency: Adjacency, _ address: IPAddress) {
            self.init(port: Int(adjacency.port), tags: adjacency.packedTags, address: address)
        }
    }

    private struct LinkKey: Hashable {
        let port: Int
        let tags: UInt32

        init(port: Int, tags: UInt32) {
            self.port = port
            self.tags = tags
        }
        init(_ adjacency: Adjacency) { self.init(port: Int(adjacency.port), tags: adjacency.packedTags) }
    }

    /// Questions remembered at most, next hops and known neighbours apart, of which the tables bound the number.
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
    /// When old questions were last thrown out for want of room.
    private var swept: UInt64 = 0
    /// When each next hop last said where it is.
    private var heard: [AdjacencyIndex: UInt64] = [:]
    private var learned = LearnedNeighbours()
    /// Where the next look at the next hops goes on.
    private var cursor = 0

    /// Ports whose neighbours are being forgotten, and how far that has come.
    private var forgetting: Set<Int> = []
    private var forgottenNextHops = 0
    private var forgottenNeighbours = 0
    /// Ports whose neighbours the kernel resolves for us, but for those under VLAN tags.
    var resolvedByKernel: Set<Int> = []

    /// A resolver that knows no neighbours: they come with the first publication.
    init() {
        settings = Array(repeating: nil, count: ForwardingTables.portCapacity)
        previousSettings = settings
    }

    /// The VLANs of a port that next hops or neighbours are reached by, packed as in `Key`; up to `limit`, the untagged
    /// link first. Where there are many links or next hops, not all of them are asked: it must not hold up packets.
    func vlans(ofPort port: Int, limit: Int) -> [UInt32] {
        var vlans: Set<UInt32> = []
        for link in links.keys.prefix(Self.scanCount) where link.port == port { vlans.insert(link.tags) }
        for hop in nextHops.keys.prefix(Self.scanCount) where hop.port == port { vlans.insert(hop.tags) }
        vlans.remove(0)
        return [0] + vlans.sorted().prefix(max(0, limit - 1))
    }

    private func isStatic(_ key: Key) -> Bool { settings[key.port]?.neighbours[key.address] != nil }

    /// Takes in where a neighbour is. A next hop that is in the tables is always updated, and so is a neighbour that we
    /// have already. Another address becomes a neighbour only when we asked for it, or when it asked for us (RFC 826) and
    /// belongs on that link.
    ///
    /// Where all places are taken, a neighbour that never answered a question of ours makes room. So those who only
    /// claim addresses, however many, displace none but their own kind.
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
    private func isAtHome(_ key: Key, _ tables: WorkerTables) -> Bool {
        let owner = tables.view.subscriber(of: key.address)
        guard !owner.isUnforwarded else { return false }
        if settings[key.port]?.links.contains(where: { $0.contains(key.address) }) == true { return true }
        guard owner.isIndex else { return false }
        let subscriber = tables.view.subscriber(owner.asSubscriber)
        return subscriber.isOn(port: UInt16(key.port)) && subscriber.tags == key.tags
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

// MARK: - Other workers' questions
extension NeighbourResolver {
    /// Another worker has asked: that counts as a question of ours, and the answer as one to us. Where there is no room, it
    /// stays the other's alone.
    mutating func noteAsked(_ key: Key, at timestamp: UInt64) {
        guard asked.count < Self.askedCapacity || asked[key] != nil else { return }
        asked[key] = timestamp
    }
}

// MARK: - Neighbours of the kernel's
extension NeighbourResolver {
    /// Takes in where the kernel has a neighbour on a port that it resolves for us; nil: nobody answers it there. A
    /// neighbour that is no next hop then grows old as others do.
    mutating func hear(
        _ port: Int, _ address: IPAddress, _ mac: MACAddress?, _ tables: WorkerTables, at timestamp: UInt64
    ) {
        let key = Key(port: port, tags: 0, address: address)
        guard let mac else {
            guard !isStatic(key), let index = nextHops[key] else { return }
            tables.adjacencies[Int(index.rawValue)].forgetDestination()
            heard[index] = nil
            return
        }
        // The kernel may have many that are nothing to us.
        if !mac.isGroup { learn(key, mac, tables, isForUs: true, at: timestamp) }
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
    mutating func due(_ tables: WorkerTables, at timestamp: UInt64, limit: Int) -> [AdjacencyIndex] {
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
        _ tables: WorkerTables, at timestamp: UInt64, limit: Int
    ) -> [AdjacencyIndex] {
        var due: [AdjacencyIndex] = []
        for _ in 0..<min(Self.scanCount, tables.configuredPlaceCount) where due.count < limit {
            cursor = cursor + 1 < tables.configuredPlaceCount ? cursor + 1 : 0
            guard let index = tables.adjacency(inPlace: cursor) else { continue }
            let adjacency = tables.adjacencies[cursor]
            guard let address = adjacency.nextHop,
                !isStatic(Key(adjacency, address))
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
    private mutating func forget(_ index: AdjacencyIndex, _ tables: WorkerTables) {
        _ = learned.remove(index)
        tables.removeNeighbour(index)
    }

    /// Begins to forget where a port's neighbours are, all but the static ones: the link behind it may be another.
    mutating func beginForgetting(port: Int) {
        forgetting.insert(port)
        (forgottenNextHops, forgottenNeighbours) = (0, 0)
        asked = asked.filter { $0.key.port != port }
    }

    /// Whether `forgetSome` has something to do.
    var isForgetting: Bool { !forgetting.isEmpty }

    /// Goes through the next few next hops and neighbours, so that a million of them don't hold up packets. One that
    /// speaks up meanwhile may be forgotten nevertheless, and is asked for again.
    mutating func forgetSome(_ tables: WorkerTables, limit: Int) {
        guard isForgetting else { return }
        for _ in 0..<limit {
            if forgottenNextHops < tables.configuredPlaceCount {
                forget(inPlace: forgottenNextHops, tables)
                forgottenNextHops += 1
            } else if tables.configuredPlaceCount + forgottenNeighbours < tables.placeCount {
                forget(inPlace: tables.configuredPlaceCount + forgottenNeighbours, tables)
                forgottenNeighbours += 1
            } else {
                forgetting = []
                return
            }
        }
    }

    private mutating func forget(inPlace place: Int, _ tables: WorkerTables) {
        guard let index = tables.adjacency(inPlace: place) else { return }
        let adjacency = tables.adjacencies[Int(index.rawValue)]
        let port = Int(adjacency.port)
        guard forgetting.contains(port), adjacency.state == .resolved, let address = adjacency.nextHop,
            !isStatic(Key(adjacency, address))
        else { return }
        forgetWhereItIs(index, tables)
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
            nextHops[Key(adjacency, nextHop)] = index
        } else if adjacency.state == .onLink {
            links[LinkKey(adjacency)] = index
            addStaticNeighbours(onLink: index, port, tables)
        }
    }

    private func addStaticNeighbours(onLink index: AdjacencyIndex, _ port: Int, _ tables: WorkerTables) {
        for neighbour in settings[port]?.statedNeighbours ?? [] {
            _ = tables.addNeighbour(neighbour.address, neighbour.mac, onLink: index)
        }
    }

    /// Brings an adjacency up to what its port has become.
    mutating func update(_ index: AdjacencyIndex, _ tables: WorkerTables) {
        let place = Int(index.rawValue)
        let adjacency = tables.adjacencies[place]
        let port = adjacency.port
        guard let new = settings[Int(port)] else { return }
        if adjacency.source != new.mac { tables.adjacencies[place].source = new.mac }
        if adjacency.state == .onLink {
            addStaticNeighbours(onLink: index, Int(port), tables)
        } else if let address = adjacency.nextHop {
            if let mac = new.neighbours[address] {
                tables.adjacencies[place].destination = mac
                _ = learned.remove(index)
            } else if previousSettings[Int(port)]?.neighbours[address] != nil || isOtherInterface(Int(port)) {
                forgetWhereItIs(index, tables)
            }
        }
    }

    /// Makes a next hop unresolved, and gives a neighbour's place back.
    private mutating func forgetWhereItIs(_ index: AdjacencyIndex, _ tables: WorkerTables) {
        guard tables.isConfigured(index) else { return forget(index, tables) }
        tables.adjacencies[Int(index.rawValue)].forgetDestination()
        heard[index] = nil
    }

    /// Gives up an adjacency of the configuration; of a link, with the neighbours learned there.
    mutating func retire(_ index: AdjacencyIndex, _ tables: WorkerTables) {
        let adjacency = tables.adjacencies[Int(index.rawValue)]
        if let nextHop = adjacency.nextHop {
            let key = Key(adjacency, nextHop)
            if nextHops[key] == index { nextHops[key] = nil }
        } else if adjacency.state == .onLink {
            let key = LinkKey(adjacency)
            if links[key] == index { links[key] = nil }
            for neighbour in tables.neighbours(onLink: index) { forget(neighbour, tables) }
        }
        heard[index] = nil
        tables.remove(index)
    }
}

extension Adjacency {
    /// The VLAN ids of the header, the outer one in the high half. Unlike `tags`, they cost no allocation.
    var packedTags: UInt32 {
        // As the last octets of the header lie in memory: tag, ethertype; or tag, tag, ethertype.
        let outer = UInt16(truncatingIfNeeded: header.2.littleEndian).byteSwapped
        let inner = UInt16(truncatingIfNeeded: header.2.littleEndian >> 32).byteSwapped
        return switch headerByteCount {
        case 18: UInt32(inner)
        case 22: UInt32(outer) << 16 | UInt32(inner)
        default: 0
        }
    }
}

extension TablesView {
    func subscriber(of address: IPAddress) -> LookupResult {
        switch address {
        case .v4(let address): subscriber(of: address)
        case .v6(let address): subscriber(of: address)
        }
    }
    func service(of address: IPAddress) -> LookupResult {
        switch address {
        case .v4(let address): service(of: address)
        case .v6(let address): service(of: address)
        }
    }
}

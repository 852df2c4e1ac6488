public import Wire

/// The tables as one worker sees them: the publication that it has come to, the neighbours and path MTUs that it has
/// learned, and what policers have let through.
///
/// What has been learned is the worker's own: it writes MAC addresses into adjacencies, and has learned neighbours stand
/// behind those of the configuration. Where there are several workers, each has a copy of the adjacencies; one alone
/// writes into those of the `ForwardingTables`. Policers are all workers'.
@safe public final class WorkerTables {
    /// What packets are held against. Changes between vectors only.
    public private(set) var publication: TablesPublication
    /// All adjacencies. The worker writes MAC addresses into them.
    public let adjacencies: Table<Adjacency>
    /// Those of the configuration, as they were published.
    private let published: Table<Adjacency>

    /// By configured index: whether the worker has taken it in.
    private var isKnown: [Bool] = []
    private var neighbours = ExactMatch()
    private let neighbourSeed: UInt64
    /// Of each learned neighbour, by its place behind the configured ones: the link, or nil where the place is free.
    private var links: [AdjacencyIndex?] = []
    private var freePlaces: [Int] = []
    private let policers: PolicerStates
    private let pathMTUs = Table<UInt16>(capacity: ForwardingTables.tunnelCapacity)
    /// Learned neighbours by link.
    private var linkCounts: [AdjacencyIndex: Int] = [:]

    /// - Parameter neighbourSeed: of the neighbours' keys. Nobody on a link may guess it; a run that is to be repeated
    ///   exactly gives a number of its own.
    /// - Parameter policers: what the policers of these tables have let through, all workers' that go by them.
    public init(
        _ publication: TablesPublication, neighbourSeed: UInt64 = .random(in: 0...UInt64.max),
        policers: PolicerStates = PolicerStates()
    ) {
        self.publication = publication
        self.neighbourSeed = neighbourSeed
        self.policers = policers
        published = publication.adjacencies
        adjacencies = policers.isShared ? Table(capacity: published.capacity) : published
    }

    /// Begins to hold packets against another publication: the one behind the present one.
    public func turn(to publication: TablesPublication) {
        self.publication = publication
        for tunnel in publication.changedTunnels { setPathMTU(nil, of: tunnel) }
    }

    /// What the data path reads. Valid as long as this object lives and nothing in it changes.
    public var view: TablesView {
        var view = publication.view
        view.neighbours = unsafe neighbours.view
        view.neighbourSeed = neighbourSeed
        unsafe view.adjacencies = adjacencies.base
        unsafe view.policerStates = policers.table.base
        view.sharesPolicers = policers.isShared
        unsafe view.pathMTUs = pathMTUs.base
        return view
    }

    // MARK: Path MTUs

    /// The path MTU of an IP-in-IP tunnel that has been learned, in bytes of the outer packet; nil: none.
    public func pathMTU(of tunnel: TunnelIndex) -> UInt16? {
        let mtu = pathMTUs[Int(tunnel.rawValue)]
        return mtu == 0 ? nil : mtu
    }

    /// Learns a tunnel's path MTU, from the next vector on, or forgets it. Whoever learned it forgets it in time; it is
    /// also forgotten with every change of the tunnel.
    public func setPathMTU(_ mtu: UInt16?, of tunnel: TunnelIndex) {
        pathMTUs[Int(tunnel.rawValue)] = mtu ?? 0
    }

    /// The node's own addresses, and the port each stands on.
    public var localAddresses: [(address: IPAddress, port: UInt16)] { publication.localAddresses }

    // MARK: Places

    /// The adjacencies that the worker knows have places below, some of them free.
    public var placeCount: Int { isKnown.count + links.count }

    /// The configured ones among them, which come first.
    public var configuredPlaceCount: Int { isKnown.count }

    /// The adjacency in a place, or nil: first the configured ones, then the learned ones.
    public func adjacency(inPlace place: Int) -> AdjacencyIndex? {
        if place < isKnown.count { return isKnown[place] ? AdjacencyIndex(rawValue: UInt32(place)) : nil }
        let learned = place - isKnown.count
        return links[learned] == nil ? nil : Self.index(learned)
    }

    /// Whether the adjacency comes from the configuration, and isn't learned.
    public func isConfigured(_ index: AdjacencyIndex) -> Bool {
        Int(index.rawValue) < ForwardingTables.adjacencyCapacity
    }

    /// Takes in an adjacency of the configuration.
    public func add(_ index: AdjacencyIndex) {
        let place = Int(index.rawValue)
        while isKnown.count <= place { isKnown.append(false) }
        isKnown[place] = true
        if policers.isShared { adjacencies[place] = published[place] }
    }

    /// Gives up an adjacency of the configuration. The neighbours learned on that link have been removed before.
    public func remove(_ index: AdjacencyIndex) { isKnown[Int(index.rawValue)] = false }

    private static func index(_ learned: Int) -> AdjacencyIndex {
        AdjacencyIndex(rawValue: UInt32(ForwardingTables.adjacencyCapacity + learned))
    }

    // MARK: Learned neighbours

    /// Adds a neighbour on a link whose destinations are their own next hops, or gives a known one a new MAC address.
    /// - Returns: the neighbour's adjacency; nil when `neighbourCapacity` is used up.
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
        let place: Int
        if let free = freePlaces.popLast() {
            place = free
            links[place] = onLink
        } else {
            guard links.count < ForwardingTables.neighbourCapacity else { return nil }
            place = links.count
            links.append(onLink)
        }
        let index = Self.index(place)
        adjacencies[Int(index.rawValue)] = Adjacency(
            port: template.port, source: template.source, tags: template.tags, nextHop: address,
            destination: mac)
        neighbours.insert(key, value: index.rawValue + 1)
        linkCounts[onLink, default: 0] += 1
        return index
    }

    /// Takes a learned neighbour out; its place is free.
    public func removeNeighbour(_ index: AdjacencyIndex) {
        let place = Int(index.rawValue) - ForwardingTables.adjacencyCapacity
        guard let link = links[place], let address = adjacencies[Int(index.rawValue)].nextHop else { return }
        neighbours.remove(view.neighbourKey(link, address))
        links[place] = nil
        freePlaces.append(place)
        linkCounts[link] = linkCounts[link]! == 1 ? nil : linkCounts[link]! - 1
    }

    /// The neighbours learned on a link. Goes through all that have been learned, unless there are none.
    public func neighbours(onLink link: AdjacencyIndex) -> [AdjacencyIndex] {
        guard linkCounts[link] != nil else { return [] }
        return links.indices.filter { links[$0] == link }.map { Self.index($0) }
    }

    /// Whether no further neighbour can be learned.
    public var isFull: Bool { freePlaces.isEmpty && links.count == ForwardingTables.neighbourCapacity }

    /// Whether a neighbour has been added on this link.
    public func hasNeighbour(_ address: IPAddress, onLink: AdjacencyIndex) -> Bool {
        let known = neighbours.lookup(view.neighbourKey(onLink, address))
        return known != 0 && adjacencies[Int(known - 1)].nextHop == address
    }
}

/// What the policers of some tables have let through, whichever worker did it: a session that comes by two workers has its
/// rate once. Each policer is locked while it meters, which costs some nanoseconds, and more only where two workers meter by
/// the same one at the same time.
public final class PolicerStates: @unchecked Sendable {
    /// By policer place. Zero where full, and wherever no policer has been.
    let table = Table<PolicerState>(capacity: ForwardingTables.policerCapacity)
    /// Whether several workers go by them.
    public let isShared: Bool

    public init(isShared: Bool = false) { self.isShared = isShared }
}

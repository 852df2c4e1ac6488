public import Wire

/// The tables as one worker sees them: the publication that it has come to, the neighbours and path MTUs that it has
/// learned, and what its policers have let through.
///
/// Learned neighbours are the worker's own: their adjacencies stand behind those of the configuration, in places that
/// nobody else writes. For the same reason there is one worker to a `ForwardingTables`.
@safe public final class WorkerTables {
    /// What packets are held against. Changes between vectors only.
    public private(set) var publication: TablesPublication
    /// All adjacencies. The worker writes MAC addresses into them.
    public let adjacencies: Table<Adjacency>

    /// By configured index: whether the worker has taken it in.
    private var isKnown: [Bool] = []
    private var neighbours = ExactMatch()
    private let neighbourSeed: UInt64
    /// Of each learned neighbour, by its place behind the configured ones: the link, or nil where the place is free.
    private var links: [AdjacencyIndex?] = []
    private var freePlaces: [Int] = []
    /// Zero where full, and wherever no policer has been.
    private let policerStates = Table<PolicerState>(capacity: ForwardingTables.policerCapacity)
    private let pathMTUs = Table<UInt16>(capacity: ForwardingTables.tunnelCapacity)
    /// Learned neighbours by link.
    private var linkCounts: [AdjacencyIndex: Int] = [:]

    /// - Parameter neighbourSeed: of the neighbours' keys. Nobody on a link may guess it; a run that is to be repeated
    ///   exactly gives a number of its own.
    public init(_ publication: TablesPublication, neighbourSeed: UInt64 = .random(in: 0...UInt64.max)) {
        self.publication = publication
        self.neighbourSeed = neighbourSeed
        adjacencies = publication.adjacencies
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
        unsafe view.policerStates = policerStates.base
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

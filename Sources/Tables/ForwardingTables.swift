import Wire

/// The forwarder's tables, and the memory they lie in: edited by one thread while others forward packets by them.
///
/// | table | key | value | capacity |
/// |---|---|---|---|
/// | ports | slot | role, link kind, MAC address | 256, flat |
/// | incoming label map | label | path label of a tunnel, or NHLFE | 2²⁰, flat |
/// | NHLFEs | the incoming label | labels to send, adjacency | 2²⁰, flat |
/// | user labels | context and label | conversion | grows |
/// | hosts of subscribers, of services | IPv4 address, or 64 bits of IPv6 | index | grows |
/// | other prefixes of subscribers, of services | longest prefix, IPv4 and IPv6 apart | index, "this node" or "confined" | as compiled |
/// | subscribers | slot | port, VLAN ids, the first eight services' sessions | 2²⁰, flat |
/// | admissions | subscriber and further service | session | grows |
/// | tunnel endpoints, of IP-in-IP and of MPLS-in-UDP | outer source and destination | tunnel | grows |
/// | conversions | 2 × session slot + direction | `Conversion` | 2²², flat |
/// | path groups | slot of the first session | paths and their keys | 2²¹, flat |
/// | treatments | place | rules, policers, class map of conversions | 2²³, flat |
/// | policers | place | rates, bursts, actions | 2²³, flat |
/// | class maps | place | a class for each DSCP | 2¹⁷, flat |
/// | rules | place | `Rule` | 2²⁴, flat |
/// | adjacencies | index | link header | 2²¹, and `neighbourCapacity` learned ones behind |
///
/// **Two sides.** All tables that packets are looked up in have two sides, of which the published one isn't written.
/// They share what both have alike, page by page (`TwinTable`): a session takes its memory once. Records that only a
/// look-up leads to (rules, treatments, policers, adjacencies) stand once: new ones are written before anything
/// published refers to them, and their places are used again only when nothing does. Tries are immutable, and shared
/// by both sides.
///
/// **Protocol**, on one thread, the editor's:
/// 1. `stage` a transaction, and `portFacts`, any number of times: the standby side is written. What is refused
///    changes nothing.
/// 2. `publish`: the sides change places. The result is handed to every reader.
/// 3. Wait until every reader has taken it in (`Worker.isAdopted`) or will never look again.
/// 4. `settle`: the other side is brought to the same, and what has been retired is free.
///
/// Address space is reserved for the limits, so that flat tables don't move; memory is taken as it is written. The
/// cost of a transaction is linear in its changes, but that a change of prefixes other than hosts compiles the trie
/// that they are in, and that one that makes a table grow goes through that table.
@safe public final class ForwardingTables {
    public static let portCapacity = 256
    public static let tunnelCapacity = 1 << 16
    public static let subscriberCapacity = 1 << 20
    public static let serviceCapacity = 1 << 16
    /// Counter slots: twice the sessions that can be open, since a slot drains before it is used again.
    public static let sessionCapacity = 1 << 21
    public static let labelCount = 1 << 20
    public static let ruleCapacity = 1 << 24 - 1
    /// Treatments, and policers: twice what all sessions and tunnels can have, since a place drains before it is used
    /// again.
    public static let treatmentCapacity = 1 << 23
    public static let policerCapacity = 1 << 23
    public static let classMapCapacity = 1 << 17
    /// Adjacencies that objects can ask for.
    public static let adjacencyCapacity = 1 << 21
    /// Learned neighbours at most; their adjacencies stand behind the others.
    public static let neighbourCapacity = 65_536

    // Two sides.
    var ports = TwinTable<PortEntry>(capacity: portCapacity)
    var incomingLabels = TwinTable<ILMEntry>(capacity: labelCount)
    var boundUserLabels = TwinTable<UInt64>(capacity: labelCount / 64)
    var nhlfes = TwinTable<NHLFE>(capacity: labelCount)
    var tunnels = TwinTable<TunnelEntry>(capacity: tunnelCapacity)
    var subscribers = TwinTable<SubscriberEntry>(capacity: subscriberCapacity)
    var conversions = TwinTable<Conversion>(capacity: 2 * sessionCapacity)
    var groups = TwinTable<PathGroupEntry>(capacity: sessionCapacity)
    var userLabels = BucketMatch()
    /// Of uses that find no place beside their subscriber.
    var admissions = BucketMatch()
    var tunnelEndpoints = TwinMatch()
    /// Of MPLS-in-UDP.
    var datagramEndpoints = TwinMatch()
    // Standing once.
    var rules = RuleRegister(capacity: ruleCapacity)
    var treatments = RecordRegister<Treatment, Treatment>(capacity: treatmentCapacity)
    var policers = RecordRegister<OwnedPolicer, PolicerEntry>(capacity: policerCapacity)
    var classMaps = RecordRegister<[UInt8], ClassMap>(capacity: classMapCapacity)
    var adjacencyRegister = AdjacencyRegister(capacity: adjacencyCapacity, spare: neighbourCapacity)
    var subscriberPrefixes = PrefixRegister()
    var servicePrefixes = PrefixRegister()

    // The editor's own.
    var objects = TableObjects()
    /// By slot.
    var settings: [PortSettings?] = Array(repeating: nil, count: portCapacity)
    var facts: [PortFact] = Array(repeating: PortFact(), count: portCapacity)
    /// The conversions of each user label that several paths have, by its key.
    var sharedUserLabels: [UInt64: [UInt32]] = [:]
    /// How many conversions a label is bound to, in whatever context.
    let userLabelUses = Table<UInt32>(capacity: labelCount)
    /// How many objects say that the address is this node's.
    var localUses: [IPAddress: Int] = [:]
    var areLocalAddressesStale = false
    private var localAddresses = LocalAddresses()
    /// By slot: what the next publication tells.
    var isPortChanged: [Bool] = Array(repeating: false, count: portCapacity)
    /// Tunnels whose objects were set or removed since the last publication.
    var changedTunnels: Set<TunnelIndex> = []
    /// Of each session that is in a group, by slot: one more than the group's.
    let groupOfSession = Table<UInt32>(capacity: sessionCapacity)
    /// Counts policers, to tell each from those that had its place before.
    var policerGeneration: UInt32 = 0
    private var isSettled = true
    /// Counts transactions by twos, to know which of them named or edited an object last.
    var stamp: UInt32 = 0

    /// What has been published last; at first nothing.
    public var publication: TablesPublication { latest! }
    private var latest: TablesPublication?
    /// The number of the last transaction staged.
    public internal(set) var number: UInt64 = 0
    /// The sum of the hashes of all objects staged, mod 2⁶⁴.
    public var tableHash: UInt64 { objects.hash }

    /// Empty tables.
    public init() {
        for prefix in Self.confined { addConfined(prefix) }
        latest = makePublication(serial: 0)
    }

    /// Makes everything staged what packets are held against: as soon as a reader takes the result in, and no sooner.
    /// Compiles the tries that have changed.
    public func publish() -> TablesPublication {
        precondition(isSettled, "published twice without settling")
        isSettled = false
        ports.turn()
        incomingLabels.turn()
        boundUserLabels.turn()
        nhlfes.turn()
        tunnels.turn()
        subscribers.turn()
        conversions.turn()
        groups.turn()
        userLabels.turn()
        admissions.turn()
        tunnelEndpoints.turn()
        datagramEndpoints.turn()
        subscriberPrefixes.turn()
        servicePrefixes.turn()
        latest = makePublication(serial: publication.serial + 1)
        return publication
    }

    /// Brings the side that was published before to the same, and frees what has been retired. Only when no reader
    /// uses an earlier publication any more. Without effect where there is nothing to settle.
    public func settle() {
        guard !isSettled else { return }
        isSettled = true
        ports.settle()
        incomingLabels.settle()
        boundUserLabels.settle()
        nhlfes.settle()
        tunnels.settle()
        subscribers.settle()
        conversions.settle()
        groups.settle()
        userLabels.settle()
        admissions.settle()
        tunnelEndpoints.settle()
        datagramEndpoints.settle()
        subscriberPrefixes.settle()
        servicePrefixes.settle()
        rules.settle()
        treatments.settle()
        policers.settle()
        classMaps.settle()
        adjacencyRegister.settle()
    }

    /// The memory that packets' look-ups go through, in bytes: what was written of records that stand once, and all
    /// of the other tables. The worker's own comes to that, counters and learned neighbours.
    public var byteCount: Int {
        let flat =
            ports.byteCount + incomingLabels.byteCount + boundUserLabels.byteCount + nhlfes.byteCount
            + tunnels.byteCount + subscribers.byteCount + conversions.byteCount + groups.byteCount
        let matched =
            userLabels.byteCount + admissions.byteCount + tunnelEndpoints.byteCount
            + datagramEndpoints.byteCount + subscriberPrefixes.byteCount + servicePrefixes.byteCount
        let records =
            rules.byteCount + treatments.byteCount + policers.byteCount + classMaps.byteCount
            + adjacencyRegister.byteCount
        return flat + matched + records
    }

    private func makePublication(serial: UInt64) -> TablesPublication {
        let (added, retired) = adjacencyRegister.publish()
        rules.publish()
        treatments.publish()
        policers.publish()
        classMaps.publish()
        subscriberPrefixes.compile()
        servicePrefixes.compile()
        if areLocalAddressesStale { localAddresses = collectLocalAddresses() }
        areLocalAddressesStale = false
        let changedPorts = isPortChanged.indices.filter { isPortChanged[$0] }.map { UInt16($0) }
        for port in changedPorts { isPortChanged[Int(port)] = false }
        defer { changedTunnels = [] }
        let view = unsafe TablesView(
            ports: ports.view, incomingLabels: incomingLabels.view, boundUserLabels: boundUserLabels.view,
            nhlfes: nhlfes.view, tunnels: tunnels.view, subscribers: subscribers.view,
            conversions: conversions.view, groups: groups.view, treatments: treatments.table.base,
            policers: policers.table.base, classMaps: classMaps.table.base, rules: rules.table.base,
            adjacencies: adjacencyRegister.table.base, userLabels: userLabels.view,
            admissions: admissions.view, tunnelEndpoints: tunnelEndpoints.published.view,
            datagramEndpoints: datagramEndpoints.published.view,
            neighbours: Self.noNeighbours.view, neighbourSeed: 0, policerStates: nobodysPolicers.base,
            pathMTUs: nobodysPathMTUs.base, subscriberPrefixes: subscriberPrefixes.view,
            servicePrefixes: servicePrefixes.view)
        let flat =
            ports.memory + incomingLabels.memory + boundUserLabels.memory + nhlfes.memory + tunnels.memory
            + subscribers.memory + conversions.memory + groups.memory
        let matched =
            userLabels.memory + admissions.memory + subscriberPrefixes.memory + servicePrefixes.memory
        let records: [AnyObject] = [
            treatments.table, policers.table, classMaps.table, rules.table, tunnelEndpoints.published,
            datagramEndpoints.published,
            nobodysPolicers, nobodysPathMTUs,
        ]
        return TablesPublication(
            serial: serial, number: number, tableHash: tableHash, view: view,
            memory: flat + matched + records,
            adjacencies: adjacencyRegister.table, added: added, retired: retired, changedPorts: changedPorts,
            changedTunnels: changedTunnels, ports: settings, addresses: localAddresses)
    }

    /// What a publication's own view says of learned neighbours.
    private static let noNeighbours = ExactMatch()
    /// And of path MTUs and policers, which are a worker's own too.
    private let nobodysPathMTUs = Table<UInt16>(capacity: tunnelCapacity)
    private let nobodysPolicers = Table<PolicerState>(capacity: policerCapacity)

    /// The ports' addresses by slot, then the tunnel ends that are no port's, by the first tunnel that has them.
    private func collectLocalAddresses() -> LocalAddresses {
        var addresses = LocalAddresses()
        var known: Set<IPAddress> = []
        objects.ports.forEach { object in
            guard case .port(let port) = object else { return }
            for address in port.addresses.map(\.address) {
                addresses.append(address, port.slot)
                known.insert(address)
            }
        }
        objects.tunnels.forEach { object in
            guard case .tunnel(let tunnel) = object, let local = tunnel.end.ends?.local,
                known.insert(local).inserted
            else { return }
            addresses.append(local, tunnel.port)
        }
        return addresses
    }

    func checkSettled() { precondition(isSettled, "staged before the last publication had settled") }
}

import Wire

/// The adjacencies that the configuration asks for: one for each next hop, however many objects send there.
///
/// An adjacency nobody uses any more is retired with the next publication, and free for another next hop once that has
/// settled. Records stand once: a new one is written before anything published refers to it, and from then on belongs
/// to the worker, which writes into it what it learns.
struct AdjacencyRegister: ~Copyable {
    /// What makes adjacencies differ.
    private struct Key: Hashable {
        let port: UInt16
        let isEthernet: Bool
        let tagCount: UInt8
        /// Outer tag first.
        let tags: UInt32
        let address: IPAddress?

        init(_ nextHop: NextHop, isEthernet: Bool) {
            port = nextHop.port
            self.isEthernet = isEthernet
            tagCount = isEthernet ? UInt8(nextHop.tags.count) : 0
            tags = isEthernet ? VLANTag.packed(nextHop.tags) : 0
            address = isEthernet ? nextHop.address : nil
        }
    }

    private enum Status: UInt8 {
        case free
        /// Not published yet.
        case fresh
        case live
        /// No longer published; free when that has settled.
        case retired
    }

    private struct Entry {
        var key: Key
        var uses: UInt32
        var status: Status
        /// Whether whoever asks for its next hop gets it.
        var isFindable: Bool { status == .fresh || status == .live }
    }

    let table: Table<Adjacency>
    private let capacity: Int
    private var indices: [Key: UInt32] = [:]
    private var entries: [Entry] = []
    /// The one acquired last.
    private var last: UInt32?
    private var free: [UInt32] = []
    private var fresh: [UInt32] = []
    /// May have no uses; some more than once.
    private var idle: [UInt32] = []
    private var retired: [UInt32] = []

    /// - Parameters:
    ///   - capacity: the adjacencies to be given out here.
    ///   - spare: places behind them, for others.
    init(capacity: Int, spare: Int) {
        self.capacity = capacity
        table = Table(capacity: capacity + spare)
    }

    /// Those in use.
    var count: Int { indices.count }

    /// The memory of all places that have been given out, in bytes.
    var byteCount: Int { entries.count * MemoryLayout<Adjacency>.stride }

    /// How many further ones can be had, whatever their next hops are.
    var room: Int { free.count + capacity - entries.count }

    /// Whether all of these can be had.
    func hasRoom(for nextHops: [NextHop], isEthernet: (UInt16) -> Bool) -> Bool {
        if room >= nextHops.count { return true }
        let missing = nextHops.map { Key($0, isEthernet: isEthernet($0.port)) }.filter { indices[$0] == nil }
        return Set(missing).count <= room
    }

    /// The adjacency of a next hop, made if it isn't there. To be released as often as it is acquired.
    mutating func acquire(_ nextHop: NextHop, on port: PortSettings) -> AdjacencyIndex {
        let key = Key(nextHop, isEthernet: port.isEthernet)
        // Objects that come one after another mostly go the same way.
        if let last, entries[Int(last)].key == key, entries[Int(last)].isFindable {
            entries[Int(last)].uses += 1
            return AdjacencyIndex(rawValue: last)
        }
        if let index = indices[key] {
            entries[Int(index)].uses += 1
            last = index
            return AdjacencyIndex(rawValue: index)
        }
        let entry = Entry(key: key, uses: 1, status: .fresh)
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
            entries[Int(index)] = entry
        } else {
            index = UInt32(entries.count)
            entries.append(entry)
        }
        table[Int(index)] =
            port.isEthernet
            ? Adjacency(
                port: nextHop.port, source: port.mac, tags: nextHop.tags, nextHop: nextHop.address,
                destination: nextHop.address.flatMap { port.neighbours[$0] })
            : Adjacency(directPort: nextHop.port)
        indices[key] = index
        fresh.append(index)
        return AdjacencyIndex(rawValue: index)
    }

    mutating func release(_ index: AdjacencyIndex) {
        entries[Int(index.rawValue)].uses -= 1
        if entries[Int(index.rawValue)].uses == 0 { idle.append(index.rawValue) }
    }

    /// Those that come and those that go with this publication, in ascending order.
    mutating func publish() -> (added: [AdjacencyIndex], retired: [AdjacencyIndex]) {
        for index in idle {
            let entry = entries[Int(index)]
            guard entry.uses == 0, entry.status == .fresh || entry.status == .live else { continue }
            indices[entry.key] = nil
            entries[Int(index)].status = entry.status == .live ? .retired : .free
            if entry.status == .live { retired.append(index) } else { free.append(index) }
        }
        var added: [UInt32] = []
        for index in fresh where entries[Int(index)].status == .fresh {
            entries[Int(index)].status = .live
            added.append(index)
        }
        (idle, fresh) = ([], [])
        return (
            added.sorted().map { AdjacencyIndex(rawValue: $0) },
            retired.sorted().map { AdjacencyIndex(rawValue: $0) }
        )
    }

    mutating func settle() {
        for index in retired {
            entries[Int(index)].status = .free
            table[Int(index)] = Adjacency(directPort: 0)
        }
        free += retired
        retired = []
    }
}

import Tables
import Wire

/// A publication on its way into a worker, step by step, so that a million new adjacencies don't hold up packets.
///
/// First what is new, then the ports that have changed: packets are still held against the publication before. Then
/// that changes, between two vectors. What has been retired comes last.
struct Adoption {
    let publication: Publication
    private var stage = Stage.adding
    /// Where the present stage goes on.
    private var cursor = 0
    /// By port, whether it has changed.
    private var isChanged: [Bool]

    private enum Stage { case adding, ports, turning, retiring, done }

    init(_ publication: Publication) {
        self.publication = publication
        isChanged = Array(repeating: false, count: ForwardingTables.portCapacity)
        for port in publication.tables.changedPorts { isChanged[Int(port)] = true }
    }

    var isDone: Bool { if case .done = stage { true } else { false } }

    /// Takes up to `limit` steps, each of which costs about a microsecond; going through the neighbours of a link that
    /// is given up counts as one.
    /// - Returns: whether packets are to be held against the publication from now on.
    mutating func advance(
        _ tables: WorkerTables, _ neighbours: inout NeighbourResolver, limit: Int
    ) -> Bool {
        let next = publication.tables
        for _ in 0..<limit {
            switch stage {
            case .adding:
                if cursor == 0 { neighbours.begin(next, tables.publication) }
                guard cursor < next.addedAdjacencies.count else {
                    (stage, cursor) = (.ports, 0)
                    continue
                }
                neighbours.add(next.addedAdjacencies[cursor], tables)
                cursor += 1
            case .ports:
                guard !next.changedPorts.isEmpty, cursor < tables.placeCount else {
                    stage = .turning
                    continue
                }
                if let index = tables.adjacency(inPlace: cursor),
                    isChanged[Int(tables.adjacencies[Int(index.rawValue)].port)]
                {
                    neighbours.update(index, tables)
                }
                cursor += 1
            case .turning:
                (stage, cursor) = (.retiring, 0)
                return true
            case .retiring:
                guard cursor < next.retiredAdjacencies.count else {
                    stage = .done
                    return false
                }
                neighbours.retire(next.retiredAdjacencies[cursor], tables)
                cursor += 1
            case .done: return false
            }
        }
        return false
    }
}

import Tables

/// The learned neighbours in the order in which they are to be looked at again.
///
/// There are two queues: *confirmed* neighbours have answered a question of ours; of the others we know only because
/// they spoke to us, and anybody on a link can do that under any number of addresses. In each queue the one that was
/// heard or asked longest ago stands first. So the next to be asked, forgotten or displaced is always in front, and
/// every operation on one neighbour takes constant time.
struct LearnedNeighbours {
    /// A neighbour that has been silent for so long is asked whether it is still there, and again when it has been
    /// silent for so long since.
    static let confirmInterval: UInt64 = 15_000_000_000
    /// One that has been silent for so long, asked or not, is forgotten (RFC 1122 §2.3.2.1).
    static let lifetime: UInt64 = 60_000_000_000

    private struct Entry {
        /// The adjacency of its link.
        let onLink: AdjacencyIndex
        var isConfirmed: Bool
        var heard: UInt64
        /// When it was last heard or asked.
        var touched: UInt64
        var previous: AdjacencyIndex?
        var next: AdjacencyIndex?
    }

    private struct Queue {
        var first: AdjacencyIndex?
        var last: AdjacencyIndex?
    }

    private var entries: [AdjacencyIndex: Entry] = [:]
    private var confirmed = Queue()
    private var unconfirmed = Queue()

    /// The neighbour that a new one displaces where there is no place left: one that was never confirmed; failing that
    /// any, but only for one that is confirmed.
    func displaced(byConfirmed isConfirmed: Bool) -> AdjacencyIndex? {
        unconfirmed.first ?? (isConfirmed ? confirmed.first : nil)
    }

    /// Takes in that a neighbour, new or known, has spoken.
    /// - Parameter isAnswer: whether we had asked. A neighbour that is confirmed stays so.
    mutating func hear(
        _ index: AdjacencyIndex, onLink: AdjacencyIndex, isAnswer: Bool, at timestamp: UInt64
    ) {
        let wasConfirmed = entries[index]?.isConfirmed ?? false
        _ = remove(index)
        append(
            index,
            Entry(
                onLink: onLink, isConfirmed: isAnswer || wasConfirmed, heard: timestamp, touched: timestamp))
    }

    /// - Returns: the link that it was on; nil if there is no such learned neighbour.
    mutating func remove(_ index: AdjacencyIndex) -> AdjacencyIndex? {
        guard let entry = entries.removeValue(forKey: index) else { return nil }
        edit(entry.isConfirmed) { queue, entries in
            if let previous = entry.previous {
                entries[previous]?.next = entry.next
            } else {
                queue.first = entry.next
            }
            if let next = entry.next {
                entries[next]?.previous = entry.previous
            } else {
                queue.last = entry.previous
            }
        }
        return entry.onLink
    }

    /// What is to be done with a neighbour that has been silent.
    enum Due {
        case ask
        case forget
    }

    /// The next neighbour that is due, which moves to the end of its queue; nil if none is.
    /// - Parameter mayAsk: otherwise only those that are to be forgotten count.
    mutating func nextDue(
        confirmed isConfirmed: Bool, mayAsk: Bool, at timestamp: UInt64
    ) -> (index: AdjacencyIndex, due: Due)? {
        guard let index = (isConfirmed ? confirmed : unconfirmed).first, var entry = entries[index],
            silence(since: entry.touched, at: timestamp) >= Self.confirmInterval
        else { return nil }
        if silence(since: entry.heard, at: timestamp) >= Self.lifetime { return (index, .forget) }
        guard mayAsk else { return nil }
        _ = remove(index)
        entry.touched = timestamp
        append(index, entry)
        return (index, .ask)
    }

    private mutating func append(_ index: AdjacencyIndex, _ entry: Entry) {
        var entry = entry
        edit(entry.isConfirmed) { queue, entries in
            (entry.previous, entry.next) = (queue.last, nil)
            if let last = queue.last { entries[last]?.next = index } else { queue.first = index }
            queue.last = index
            entries[index] = entry
        }
    }

    private mutating func edit(
        _ isConfirmed: Bool, _ body: (inout Queue, inout [AdjacencyIndex: Entry]) -> Void
    ) {
        if isConfirmed { body(&confirmed, &entries) } else { body(&unconfirmed, &entries) }
    }
}

/// The nanoseconds since `past`; none where the clock went back.
func silence(since past: UInt64, at timestamp: UInt64) -> UInt64 { timestamp > past ? timestamp - past : 0 }

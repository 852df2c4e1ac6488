/// Records that stand once, however many objects ask for them: equal keys have one place.
///
/// A record never changes where it stands, so one table serves both sides: the place of one that nobody uses any more is
/// free once the publication without it has settled. One that is asked for again before that publication keeps its place.
/// Place 0 is never given out, and holds zeros.
struct RecordRegister<Key: Hashable, Record: BitwiseCopyable>: ~Copyable {
    private struct Entry {
        var key: Key
        var uses: UInt32
    }

    let table: Table<Record>
    private var places: [Key: UInt32] = [:]
    /// By place; nil where it is free.
    private var entries: [Entry?] = [nil]
    private var free: [UInt32] = []
    /// May have no uses; some more than once.
    private var idle: [UInt32] = []
    private var retired: [UInt32] = []

    /// - Parameter capacity: places, that of the zeros among them.
    init(capacity: Int) { table = Table(capacity: capacity) }

    /// Those that are or have been in use since the last publication.
    var count: Int { places.count }

    /// The memory of all places that have been given out, in bytes.
    var byteCount: Int { entries.count * MemoryLayout<Record>.stride }

    /// Whether so many further records can be had.
    func hasRoom(for count: Int) -> Bool { free.count + table.capacity - entries.count >= count }

    /// The place of the key's record, which is made if it isn't there. To be released as often as it is acquired.
    mutating func acquire(_ key: Key, _ record: () -> Record) -> UInt32 {
        if let place = places[key] {
            entries[Int(place)]!.uses += 1
            return place
        }
        let place: UInt32
        if let reused = free.popLast() {
            place = reused
            entries[Int(place)] = Entry(key: key, uses: 1)
        } else {
            place = UInt32(entries.count)
            entries.append(Entry(key: key, uses: 1))
        }
        table[Int(place)] = record()
        places[key] = place
        return place
    }

    /// - Parameter place: an acquired one. 0, which isn't, is let pass.
    mutating func release(_ place: UInt32) {
        guard place != 0 else { return }
        entries[Int(place)]!.uses -= 1
        if entries[Int(place)]!.uses == 0 { idle.append(place) }
    }

    mutating func publish() {
        for place in idle {
            guard let entry = entries[Int(place)], entry.uses == 0 else { continue }
            places[entry.key] = nil
            entries[Int(place)] = nil
            retired.append(place)
        }
        idle = []
    }

    mutating func settle() {
        free += retired
        retired = []
    }
}

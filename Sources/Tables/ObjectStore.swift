/// The objects of one kind by slot, for the editing side: in chunks, so that a high slot costs little.
///
/// They are kept as they came: of a large one it is a reference.
struct ObjectStore {
    struct Entry {
        var object: TableObject
        var hash: UInt64
    }

    private static var chunkCount: Int { 1024 }

    /// Slots are below.
    let capacity: Int
    private(set) var count = 0
    private var chunks: [[TableObject?]] = []
    /// By slot; 0 where there is no object. Whether there is one is asked far oftener than for the object.
    private let hashes: Table<UInt64>
    /// By slot: the last transaction that named it, counted by `ForwardingTables`.
    let stamps: Table<UInt32>
    /// By slot: how often other objects refer to it.
    let uses: Table<UInt32>

    init(capacity: Int) {
        self.capacity = capacity
        hashes = Table(capacity: capacity)
        uses = Table(capacity: capacity)
        stamps = Table(capacity: capacity)
    }

    subscript(slot: Int) -> Entry? {
        guard let hash = hash(slot), let object = chunks[slot / Self.chunkCount][slot % Self.chunkCount]
        else { return nil }
        return Entry(object: object, hash: hash)
    }

    /// The object in a slot, or nil.
    func object(_ slot: Int) -> TableObject? { self[slot]?.object }

    /// Puts an object into a free slot.
    mutating func insert(_ object: TableObject, hash: UInt64, at slot: Int) {
        let chunk = slot / Self.chunkCount
        while chunks.count <= chunk { chunks.append([]) }
        if chunks[chunk].isEmpty { chunks[chunk] = Array(repeating: nil, count: Self.chunkCount) }
        chunks[chunk][slot % Self.chunkCount] = object
        hashes[slot] = Self.stored(hash)
        count += 1
    }

    /// Takes an object out of its slot.
    mutating func remove(_ slot: Int) {
        chunks[slot / Self.chunkCount][slot % Self.chunkCount] = nil
        hashes[slot] = 0
        count -= 1
    }

    /// The hash of the object in a slot, or nil if there is none.
    func hash(_ slot: Int) -> UInt64? {
        let hash = hashes[slot]
        return hash == 0 ? nil : hash == Self.zero ? 0 : hash
    }

    /// What stands for the hash 0. One object in 2⁶⁴ has that hash, and then its neighbour's stands for both.
    private static var zero: UInt64 { 0x9e37_79b9_7f4a_7c15 }
    private static func stored(_ hash: UInt64) -> UInt64 { hash == 0 ? zero : hash }

    /// Calls `body` with each object, by slot.
    func forEach(_ body: (_ object: TableObject) -> Void) {
        for chunk in chunks { for case let object? in chunk { body(object) } }
    }
}

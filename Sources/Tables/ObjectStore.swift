/// The objects of one kind by slot, for the editing side: in chunks, so that a high slot costs little.
struct ObjectStore<Object> {
    struct Entry {
        var object: Object
        var hash: UInt64
    }

    private static var chunkCount: Int { 1024 }

    /// Slots are below.
    let capacity: Int
    private(set) var count = 0
    private var chunks: [[Object?]] = []
    /// By chunk and place too: whether there is an object is asked far oftener than for the object, and an object that is
    /// copied out counts references.
    private var hashes: [[UInt64?]] = []
    /// By slot: the last transaction that named it, counted by `ForwardingTables`.
    let stamps: Table<UInt32>
    /// By slot: how often other objects refer to it.
    let uses: Table<UInt32>

    init(capacity: Int) {
        self.capacity = capacity
        uses = Table(capacity: capacity)
        stamps = Table(capacity: capacity)
    }

    subscript(slot: Int) -> Entry? {
        get {
            guard let hash = hash(slot), let object = chunks[slot / Self.chunkCount][slot % Self.chunkCount]
            else { return nil }
            return Entry(object: object, hash: hash)
        }
        set {
            let chunk = slot / Self.chunkCount
            while chunks.count <= chunk {
                chunks.append([])
                hashes.append([])
            }
            if chunks[chunk].isEmpty {
                chunks[chunk] = Array(repeating: nil, count: Self.chunkCount)
                hashes[chunk] = Array(repeating: nil, count: Self.chunkCount)
            }
            let place = slot % Self.chunkCount
            count += (newValue == nil ? 0 : 1) - (hashes[chunk][place] == nil ? 0 : 1)
            chunks[chunk][place] = newValue?.object
            hashes[chunk][place] = newValue?.hash
        }
    }

    /// The hash of the object in a slot, or nil if there is none.
    func hash(_ slot: Int) -> UInt64? {
        let chunk = slot / Self.chunkCount
        return chunk < hashes.count && !hashes[chunk].isEmpty ? hashes[chunk][slot % Self.chunkCount] : nil
    }

    /// Calls `body` with each object, by slot.
    func forEach(_ body: (_ slot: Int, _ object: Object) -> Void) {
        for (number, chunk) in chunks.enumerated() {
            for (place, object) in chunk.enumerated() {
                if let object { body(number * Self.chunkCount + place, object) }
            }
        }
    }
}

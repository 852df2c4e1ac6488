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
    private var chunks: [[Entry?]] = []
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
            let chunk = slot / Self.chunkCount
            return chunk < chunks.count && !chunks[chunk].isEmpty
                ? chunks[chunk][slot % Self.chunkCount] : nil
        }
        set {
            let chunk = slot / Self.chunkCount
            while chunks.count <= chunk { chunks.append([]) }
            if chunks[chunk].isEmpty { chunks[chunk] = Array(repeating: nil, count: Self.chunkCount) }
            let place = slot % Self.chunkCount
            count += (newValue == nil ? 0 : 1) - (chunks[chunk][place] == nil ? 0 : 1)
            chunks[chunk][place] = newValue
        }
    }

    /// Calls `body` with each object, by slot.
    func forEach(_ body: (_ slot: Int, _ object: Object) -> Void) {
        for (number, chunk) in chunks.enumerated() {
            for (place, entry) in chunk.enumerated() {
                if let entry { body(number * Self.chunkCount + place, entry.object) }
            }
        }
    }
}

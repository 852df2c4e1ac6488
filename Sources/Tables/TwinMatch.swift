/// An exact-match table of 64-bit keys on two sides, as `TwinTable`: each side is a table of its own.
struct TwinMatch: ~Copyable {
    private(set) var published = ExactMatch()
    private var standby = ExactMatch()
    /// Keys that the sides may have otherwise, some more than once.
    private var dirty: [UInt64] = []

    /// The memory it holds, in bytes.
    var byteCount: Int { published.byteCount + standby.byteCount }

    /// The value of a key on the standby side, or 0.
    func lookup(_ key: UInt64) -> UInt32 { standby.lookup(key) }

    mutating func insert(_ key: UInt64, value: UInt32) {
        standby.insert(key, value: value)
        dirty.append(key)
    }

    mutating func remove(_ key: UInt64) {
        guard standby.remove(key) != 0 else { return }
        dirty.append(key)
    }

    mutating func turn() { swap(&published, &standby) }

    mutating func settle() {
        for key in dirty {
            let value = published.lookup(key)
            if value == 0 { standby.remove(key) } else { standby.insert(key, value: value) }
        }
        dirty = []
    }
}

/// A flat table on two sides: packets read the published one while the other is written; then they change places, and
/// what was written is written again.
///
/// Protocol: write through the subscript, `turn`, and once nobody reads the old side any more, `settle`.
struct TwinTable<Element: BitwiseCopyable>: ~Copyable {
    private(set) var published: Table<Element>
    private var standby: Table<Element>
    /// Places where the sides may differ, some more than once.
    private var dirty: [UInt32] = []

    /// Zeroed. Both sides only take the pages that are written.
    init(capacity: Int) {
        published = Table(capacity: capacity)
        standby = Table(capacity: capacity)
    }

    /// The standby side.
    subscript(index: Int) -> Element {
        get { standby[index] }
        set {
            standby[index] = newValue
            dirty.append(UInt32(index))
        }
    }

    mutating func turn() { swap(&published, &standby) }

    mutating func settle() {
        for index in dirty { standby[Int(index)] = published[Int(index)] }
        dirty = []
    }
}

/// An exact-match table on two sides, as `TwinTable`.
struct TwinMatch: ~Copyable {
    private(set) var published = ExactMatch()
    private var standby = ExactMatch()
    private var dirty: [UInt64] = []

    /// The value of a key on the standby side, or 0.
    func lookup(_ key: UInt64) -> UInt32 { standby.lookup(key) }

    mutating func insert(_ key: UInt64, value: UInt32) {
        standby.insert(key, value: value)
        dirty.append(key)
    }

    mutating func remove(_ key: UInt64) {
        standby.remove(key)
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

/// Objects of one kind, each with a key and a slot.
///
/// A slot is a small number that stays the object's for as long as it is in the register; the forwarder's
/// tables are indexed by it. Freed slots are given out again, the last freed first, so that the same edits
/// lead to the same slots. Going through a register is going through its slots: the dictionary behind it is
/// never iterated.
public struct Register<Key: Hashable & Sendable, Object: Sendable>: Sendable {
    private var entries: [Entry?] = []
    private var slots: [Key: Int] = [:]
    /// Slots without an object, the next to be given out last.
    private(set) var freeSlots: [Int] = []

    /// An object in its slot.
    public struct Entry: Sendable {
        /// What it is found by.
        public let key: Key
        /// The object.
        public var object: Object
        /// The sequence number of the command that last changed it.
        public var revision: UInt64
    }

    /// An empty register.
    public init() {}

    /// A register as it was before. Nil if a key stands twice, or if `freeSlots` aren't exactly the slots
    /// without an entry.
    init?(entries: [Entry?], freeSlots: [Int]) {
        self.entries = entries
        self.freeSlots = freeSlots
        slots.reserveCapacity(entries.count)
        for (slot, entry) in entries.enumerated() {
            guard let entry else { continue }
            guard slots.updateValue(slot, forKey: entry.key) == nil else { return nil }
        }
        guard slots.count + freeSlots.count == entries.count, Set(freeSlots).count == freeSlots.count,
            freeSlots.allSatisfy({ entries.indices.contains($0) && entries[$0] == nil })
        else { return nil }
    }

    /// Objects in the register.
    public var count: Int { slots.count }
    /// Slots that are or have been in use: every slot is below.
    public var slotCount: Int { entries.count }

    /// The slot of a key.
    public func slot(_ key: Key) -> Int? { slots[key] }
    /// The object of a key.
    public subscript(_ key: Key) -> Object? { slots[key].flatMap { entries[$0]?.object } }
    /// What is in a slot.
    public func entry(_ slot: Int) -> Entry? { entries.indices.contains(slot) ? entries[slot] : nil }
    /// The entry of a key.
    public func entry(of key: Key) -> Entry? { slots[key].flatMap { entries[$0] } }

    /// All entries with their slots, by slot.
    public var all: some Sequence<(slot: Int, entry: Entry)> {
        entries.indices.lazy.compactMap { slot in entries[slot].map { (slot, $0) } }
    }

    /// Puts an object in, in the slot that its key has, or in a free one.
    /// - Returns: the slot.
    @discardableResult
    public mutating func put(_ object: Object, _ key: Key, revision: UInt64) -> Int {
        let entry = Entry(key: key, object: object, revision: revision)
        if let slot = slots[key] {
            entries[slot] = entry
            return slot
        }
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            entries[slot] = entry
        } else {
            slot = entries.count
            entries.append(entry)
        }
        slots[key] = slot
        return slot
    }

    /// Takes an object out; its slot is free then.
    /// - Returns: the slot it had; nil if there was none.
    @discardableResult
    public mutating func remove(_ key: Key) -> Int? {
        guard let slot = slots.removeValue(forKey: key) else { return nil }
        entries[slot] = nil
        freeSlots.append(slot)
        return slot
    }
}

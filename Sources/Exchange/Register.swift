public import Wire

/// Objects of one kind, each with a key and a slot.
///
/// A slot is a small number that stays the object's for as long as it is in the register; the forwarder's
/// tables are indexed by it. Freed slots are given out again, the last freed first, so that the same edits
/// lead to the same slots. Going through a register is going through its slots: the places behind it are never
/// iterated.
public struct Register<Key: RegisterKey, Object: Sendable>: Sendable {
    @usableFromInline var entries: [Entry?] = []
    @usableFromInline var slots = Key.Places()
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
        slots.reserve(entries.count)
        for slot in entries.indices {
            guard let key = entries[slot]?.key else { continue }
            guard slots.set(slot, of: key) == nil else { return nil }
        }
        guard slots.count + freeSlots.count == entries.count, Set(freeSlots).count == freeSlots.count,
            freeSlots.allSatisfy({ entries.indices.contains($0) && entries[$0] == nil })
        else { return nil }
    }

    /// Objects in the register.
    public var count: Int { slots.count }
    /// Slots that are or have been in use: every slot is below.
    @inlinable public var slotCount: Int { entries.count }

    /// The slot of a key.
    @inlinable public func slot(_ key: Key) -> Int? { slots.slot(of: key) }
    /// The object of a key.
    @inlinable public subscript(_ key: Key) -> Object? {
        guard let slot = slots.slot(of: key) else { return nil }
        return entries[slot]?.object
    }
    /// What is in a slot.
    @inlinable public func entry(_ slot: Int) -> Entry? {
        entries.indices.contains(slot) ? entries[slot] : nil
    }
    /// The entry of a key.
    @inlinable public func entry(of key: Key) -> Entry? {
        guard let slot = slots.slot(of: key) else { return nil }
        return entries[slot]
    }

    /// All entries with their slots, by slot.
    @inlinable public var all: some Sequence<(slot: Int, entry: Entry)> {
        entries.indices.lazy.compactMap { slot in entries[slot].map { (slot, $0) } }
    }

    /// The slots that have an object, ascending.
    @inlinable public var usedSlots: some Sequence<Int> {
        entries.indices.lazy.filter { entries[$0] != nil }
    }

    /// Makes room for so many further objects.
    mutating func reserve(_ count: Int) {
        entries.reserveCapacity(self.count + count)
        slots.reserve(self.count + count)
    }

    /// Puts an object in, in the slot that its key has, or in a free one.
    /// - Returns: the slot.
    @discardableResult
    mutating func put(_ object: Object, _ key: Key, revision: UInt64) -> Int {
        let entry = Entry(key: key, object: object, revision: revision)
        if let slot = slots.slot(of: key) {
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
        slots.set(slot, of: key)
        return slot
    }

    /// Takes an object out; its slot is free then.
    /// - Returns: the slot it had; nil if there was none.
    @discardableResult
    mutating func remove(_ key: Key) -> Int? {
        guard let slot = slots.remove(key) else { return nil }
        entries[slot] = nil
        freeSlots.append(slot)
        return slot
    }
}

/// What objects of a register are found by.
public protocol RegisterKey: Hashable, Sendable {
    /// How keys lead to slots.
    associatedtype Places: RegisterPlaces where Places.Key == Self
}

/// The slots of keys.
public protocol RegisterPlaces: Sendable {
    associatedtype Key
    init()
    /// Keys that have a slot.
    var count: Int { get }
    func slot(of key: Key) -> Int?
    /// Makes room for so many keys in all.
    mutating func reserve(_ count: Int)
    /// Gives a key a slot.
    /// - Returns: the one that it had.
    @discardableResult mutating func set(_ slot: Int, of key: Key) -> Int?
    /// Takes a key's slot away.
    /// - Returns: the one that it had.
    mutating func remove(_ key: Key) -> Int?
}

/// Slots by any key.
public struct HashedPlaces<Key: Hashable & Sendable>: RegisterPlaces {
    @usableFromInline var slots: [Key: Int] = [:]

    public init() {}
    @inlinable public var count: Int { slots.count }
    @inlinable public func slot(of key: Key) -> Int? { slots[key] }
    @inlinable public mutating func reserve(_ count: Int) { slots.reserveCapacity(count) }
    @inlinable @discardableResult public mutating func set(_ slot: Int, of key: Key) -> Int? {
        slots.updateValue(slot, forKey: key)
    }
    @inlinable public mutating func remove(_ key: Key) -> Int? { slots.removeValue(forKey: key) }
}

/// Slots by label: a flat array as far as the greatest label, 4 MiB where all of them are bound.
public struct LabelPlaces: RegisterPlaces {
    /// One more than the slot; 0: none.
    @usableFromInline var slots: [UInt32] = []
    public private(set) var count = 0

    public init() {}
    @inlinable public func slot(of label: Label) -> Int? {
        let place = Int(label.rawValue)
        guard place < slots.count, slots[place] != 0 else { return nil }
        return Int(slots[place]) - 1
    }
    public mutating func reserve(_ count: Int) {}
    @discardableResult public mutating func set(_ slot: Int, of label: Label) -> Int? {
        let place = Int(label.rawValue)
        if place >= slots.count {
            // Doubling, however the labels come.
            let wanted = max(place + 1, min(2 * slots.count, 1 << 20))
            slots.append(contentsOf: repeatElement(0, count: wanted - slots.count))
        }
        let before = slots[place]
        slots[place] = UInt32(slot) + 1
        guard before == 0 else { return Int(before) - 1 }
        count += 1
        return nil
    }
    public mutating func remove(_ label: Label) -> Int? {
        guard let slot = slot(of: label) else { return nil }
        slots[Int(label.rawValue)] = 0
        count -= 1
        return slot
    }
}

extension String: RegisterKey { public typealias Places = HashedPlaces<String> }
extension UseOfService: RegisterKey { public typealias Places = HashedPlaces<UseOfService> }
extension Label: RegisterKey { public typealias Places = LabelPlaces }

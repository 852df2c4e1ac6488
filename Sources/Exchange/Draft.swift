/// What one kind of object will be after a change, as far as anybody looks: the present register, and over it
/// what the change puts in and takes out. Collects what is to be judged.
struct Draft<Key: RegisterKey, Object: Equatable & Sendable> {
    let present: Register<Key, Object>
    /// What becomes of the keys that the change names; nil: taken out.
    private var edited: [Key: Object?] = [:]
    /// In the order of the change.
    private var puts: [Object] = []
    /// Present objects that the change leaves alone, and that others are to be held against.
    private var context: [Object] = []
    private var included: Set<Key> = []
    /// How many objects there will be.
    private(set) var count: Int

    init(_ present: Register<Key, Object>) {
        self.present = present
        count = present.count
    }

    /// What is to be judged: present objects first, so that a conflict is blamed on those that come.
    var scope: [Object] { context + puts }

    /// The object that there will be.
    subscript(_ key: Key) -> Object? {
        if let edited = edited[key] { return edited }
        return present[key]
    }

    func isEdited(_ key: Key) -> Bool { edited[key] != nil }

    mutating func put(_ object: Object, _ key: Key) {
        if present[key] == nil { count += 1 }
        edited[key] = object
        puts.append(object)
    }

    mutating func remove(_ key: Key) {
        count -= 1
        edited.updateValue(nil, forKey: key)
    }

    /// Takes a present object that the change leaves alone into the scope.
    /// - Returns: the object, unless it was in the scope already or can't be.
    mutating func include(_ key: Key) -> Object? {
        guard !isEdited(key), let object = present[key], included.insert(key).inserted else { return nil }
        context.append(object)
        return object
    }

    /// The object of a slot, if it is one that the change leaves alone.
    func untouched(_ slot: Int) -> Object? {
        guard let entry = present.entry(slot), !isEdited(entry.key) else { return nil }
        return entry.object
    }
}

extension Draft where Key == String {
    /// The names that there will be; none where there are too many to suggest one.
    var names: [String] {
        guard present.count <= 1000 else { return [] }
        return present.all.map(\.entry.key).filter { !isEdited($0) }
    }
}

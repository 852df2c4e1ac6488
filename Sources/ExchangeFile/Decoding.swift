import Exchange

/// One file being decoded: what has been read, and what has been found wrong.
///
/// `decode…` functions stand in `Decoding+….swift`, one file for each group of objects. What is at fault is
/// rejected and left out, and decoding goes on, so that one run finds all faults. Nothing decoded is used
/// once there is a rejection.
struct Decoding {
    var exchange = ExchangeDescription()
    private(set) var rejections: [Rejection] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func decode(_ root: Node) {
        guard let file = fields(Field(owner: "the file", node: root), as: .file) else { return }
        decodePorts(file)
        decodeLines(file)
        decodeTunnels(file)
        decodeRegister(file)
        decodeConditions(file)
        decodeSessions(file)
        decodeLabels(file)
        rejections.sort { ($0.location ?? file.location) < ($1.location ?? file.location) }
    }

    mutating func reject(_ message: @autoclosure () -> String, at location: SourceLocation) {
        guard !isFull else { return }
        rejections.append(Rejection(message(), at: location))
    }

    mutating func reject(_ field: Field, _ message: @autoclosure () -> String) {
        reject("\(field.name): \(message())", at: field.location)
    }

    /// Whether so much is wrong that there's no use in going on.
    var isFull: Bool { rejections.count >= limit }

    // MARK: Mappings

    /// The fields of a mapping whose keys are in `schema`. Other keys are rejected, and the rest still read.
    mutating func fields(_ field: Field, as schema: Schema) -> Fields? {
        guard let entries = entries(field) else { return nil }
        var known: [(key: String, field: Field)] = []
        known.reserveCapacity(entries.count)
        for (key, value) in entries {
            if schema.keys.contains(key.text) {
                known.append((key.text, Field(owner: field.name, key: key.text, node: value)))
            } else {
                let hint =
                    Spelling.nearest(to: key.text, among: schema.keys).map { "did you mean `\($0)`?" }
                    ?? "the keys here are \(schema.keys.map { "`\($0)`" }.joined(separator: ", "))"
                reject("\(field.name): there is no key `\(key.text)`; \(hint)", at: key.location)
            }
        }
        return Fields(name: field.name, location: field.location, schema: schema, fields: known)
    }

    /// The entries of a mapping in their order. A field with nothing in it is an empty mapping.
    mutating func entries(_ field: Field) -> [(key: Key, value: Node)]? {
        if field.isNull { return [] }
        guard case .mapping(let mapping, _) = field.node else {
            reject(field, "a mapping (`key: value`) is due here, not \(field.kind)")
            return nil
        }
        var entries: [(Key, Node)] = []
        entries.reserveCapacity(mapping.count)
        for (key, value) in mapping {
            let name = field.item(key)
            if case .scalar(let scalar) = key {
                entries.append((Key(text: scalar.string, location: name.location), value))
            } else {
                reject(name, "a key must be a word, not \(name.kind)")
            }
        }
        return entries
    }

    /// Decodes a mapping of names to objects, `name: { … }`. Each is located at its name.
    mutating func decodeNamed<Object>(
        _ field: Field?, _ kind: String, as schema: Schema,
        into list: WritableKeyPath<ExchangeDescription, [Object]>,
        _ decode: (inout Decoding, String, Fields) -> Object?
    ) {
        guard let field, let entries = entries(field) else { return }
        var objects: [Object] = []
        objects.reserveCapacity(entries.count)
        for (key, value) in entries {
            if isFull { return }
            let object = Field(name: "\(kind) `\(key.text)`", node: value, location: key.location)
            guard let fields = fields(object, as: schema) else { continue }
            if let object = decode(&self, key.text, fields) { objects.append(object) }
        }
        exchange[keyPath: list] = objects
    }

    /// Decodes a list of objects. Each is located at its beginning.
    mutating func decodeListed<Object>(
        _ field: Field?, _ kind: String, as schema: Schema, _ decode: (inout Decoding, Fields) -> Object?
    ) -> [Object] {
        guard let field, !field.isNull else { return [] }
        guard case .sequence(let items, _) = field.node else {
            reject(field, "a list (`- …`) is due here, not \(field.kind)")
            return []
        }
        var objects: [Object] = []
        objects.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            if isFull { break }
            let object = Field(owner: "\(kind) \(index + 1)", node: item)
            guard let fields = fields(object, as: schema) else { continue }
            if let object = decode(&self, fields) { objects.append(object) }
        }
        return objects
    }

    /// A field that must be there.
    mutating func require(_ key: String, in fields: Fields) -> Field? {
        if let field = fields[key] { return field }
        reject("\(fields.name): `\(key)` is missing; add it", at: fields.location)
        return nil
    }

    /// The one of `keys` that is given. None and several are rejected.
    mutating func requireOne(of keys: [String], in fields: Fields) -> (key: String, field: Field)? {
        let given = keys.compactMap { key in fields[key].map { (key, $0) } }
        if given.count == 1 { return given[0] }
        let names = keys.map { "`\($0)`" }.joined(separator: ", ")
        if given.isEmpty {
            reject("\(fields.name): one of \(names) is missing; add it", at: fields.location)
        } else {
            reject(
                "\(fields.name): only one of \(names) can be given; remove the others",
                at: given[1].1.location)
        }
        return nil
    }
}

/// A key of a mapping.
struct Key {
    let text: String
    let location: SourceLocation
}

/// The fields of one mapping by key.
struct Fields {
    /// What the mapping describes, as messages name it: "line `north`".
    let name: String
    let location: SourceLocation
    private let schema: Schema
    /// A dozen at most, so that searching them costs less than hashing.
    private let fields: [(key: String, field: Field)]

    init(name: String, location: SourceLocation, schema: Schema, fields: [(key: String, field: Field)]) {
        self.name = name
        self.location = location
        self.schema = schema
        self.fields = fields
    }

    /// The field of a key of the schema; nil if it isn't given.
    subscript(_ key: String) -> Field? {
        precondition(schema.keys.contains(key), "`\(key)` is not in the schema of \(name)")
        return fields.first { $0.key == key }?.field
    }
}

/// A value in the file, and what messages call it.
struct Field {
    /// What it belongs to: "line `north`".
    private let owner: String
    /// Its key there; nil for the owner as a whole.
    private let key: String?
    let node: Node
    let location: SourceLocation

    init(name: String, node: Node, location: SourceLocation) {
        owner = name
        key = nil
        self.node = node
        self.location = location
    }

    /// A field that stands where its node does.
    init(owner: String, key: String? = nil, node: Node) {
        self.owner = owner
        self.key = key
        self.node = node
        location = node.location
    }

    /// What it is the value of: "line `north`: mtu". Put together only when asked for, which is once in a fault.
    var name: String { key.map { "\(owner): \($0)" } ?? owner }

    /// An item of this field's list.
    func item(_ node: Node) -> Field { Field(owner: owner, key: key, node: node) }

    /// Whether there is no value.
    var isNull: Bool { node.isNull }

    /// What stands here, for messages.
    var kind: String {
        switch node {
        case .scalar where isNull: "nothing"
        case .scalar(let scalar): "`\(scalar.string.prefix(40))`"
        case .mapping: "a mapping (is a quote missing around a text with a colon?)"
        case .sequence: "a list"
        }
    }
}

import Exchange
import ExchangeFile

/// An object as it is listed.
struct Item: Sendable {
    let object: ExchangeObject
    let revision: UInt64
    /// What is known of a session.
    var record: SessionRecord?
    /// What is journaled of each of its present legs, where it has several.
    var legs: [(leg: UInt32, traffic: Traffic)] = []

    var document: DocumentValue {
        var document = ExchangeFile.item(of: object)
        document.set("revision", DocumentValue(revision))
        if let record {
            document.set("number", DocumentValue(record.number))
            document.set("leg", DocumentValue(record.leg))
            document.set("openedAt", .text("\(Timestamp(nanoseconds: record.openedAt))"))
            for member in record.traffic.document.members { document.set(member.key, member.value) }
            if !legs.isEmpty {
                document.set("legs", .list(legs.map { $0.traffic.document(ofLeg: $0.leg) }))
            }
        }
        return document
    }
}

extension Traffic {
    var document: DocumentValue {
        [
            "up": ["packets": DocumentValue(upPackets), "bytes": DocumentValue(upBytes)],
            "down": ["packets": DocumentValue(downPackets), "bytes": DocumentValue(downBytes)],
        ]
    }

    /// The same as an item of a list of legs.
    func document(ofLeg leg: UInt32) -> DocumentValue {
        .map([.init("leg", DocumentValue(leg))] + document.members)
    }
}

extension State {
    /// The object of a key, as it is listed.
    func item(_ key: ExchangeKey) -> Item? {
        object(key).map { item($0.object, $0.revision) }
    }

    private func item(_ object: ExchangeObject, _ revision: UInt64) -> Item {
        var item = Item(object: object, revision: revision)
        guard case .session(let session) = object, let record = sessionRecord(session.name) else {
            return item
        }
        item.record = record
        if record.paths.count > 1 {
            item.legs = record.paths.map { ($0.leg, leg(inSlot: $0.slot)?.traffic ?? Traffic()) }
        }
        return item
    }

    /// Up to `limit` objects of a kind, from a slot on, and the slot of the last where there are more.
    func page(_ kind: ExchangeKind, from first: Int, limit: Int) -> (items: [Item], last: Int?) {
        switch kind {
        case .ports: page(ports, from: first, limit: limit) { .port($0) }
        case .lines: page(lines, from: first, limit: limit) { .line($0) }
        case .providers: page(providers, from: first, limit: limit) { .provider($0) }
        case .services: page(services, from: first, limit: limit) { .service($0) }
        case .tunnels: page(tunnels, from: first, limit: limit) { .tunnel($0) }
        case .subscribers: page(subscribers, from: first, limit: limit) { .subscriber($0) }
        case .conditions: page(conditions, from: first, limit: limit) { .condition($0) }
        case .sessions: page(sessions, from: first, limit: limit) { .session($0) }
        case .labels: page(labels, from: first, limit: limit) { .label($0) }
        }
    }

    private func page<Key: RegisterKey, Object>(
        _ register: Register<Key, Object>, from first: Int, limit: Int, _ object: (Object) -> ExchangeObject
    ) -> (items: [Item], last: Int?) {
        var items: [Item] = []
        var last = first
        for slot in min(first, register.slotCount)..<register.slotCount {
            guard let entry = register.entry(slot) else { continue }
            if items.count == limit { return (items, last) }
            items.append(item(object(entry.object), entry.revision))
            last = slot
        }
        return (items, nil)
    }
}

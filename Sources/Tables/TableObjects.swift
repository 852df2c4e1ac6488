/// All objects by key, with their hashes, and how often each is referred to.
struct TableObjects {
    var ports = ObjectStore<PortObject>(capacity: ForwardingTables.portCapacity)
    var tunnels = ObjectStore<TunnelObject>(capacity: ForwardingTables.tunnelCapacity)
    var subscribers = ObjectStore<SubscriberObject>(capacity: ForwardingTables.subscriberCapacity)
    var services = ObjectStore<ServiceObject>(capacity: ForwardingTables.serviceCapacity)
    var sessions = ObjectStore<SessionObject>(capacity: ForwardingTables.sessionCapacity)
    var groups = ObjectStore<PathGroupObject>(capacity: ForwardingTables.sessionCapacity)
    var labels = ObjectStore<LabelObject>(capacity: ForwardingTables.labelCount)
    /// The sum of all hashes, mod 2⁶⁴.
    private(set) var hash: UInt64 = 0

    struct Entry {
        var object: TableObject
        var hash: UInt64
    }

    /// Objects of all kinds.
    var count: Int {
        ports.count + tunnels.count + subscribers.count + services.count + sessions.count + groups.count
            + labels.count
    }

    /// The slots of a kind are below.
    func capacity(_ key: TableKey) -> Int {
        switch key {
        case .port: ports.capacity
        case .tunnel: tunnels.capacity
        case .subscriber: subscribers.capacity
        case .service: services.capacity
        case .session: sessions.capacity
        case .group: groups.capacity
        case .label: labels.capacity
        }
    }

    func stamps(_ key: TableKey) -> Table<UInt32> {
        switch key {
        case .port: ports.stamps
        case .tunnel: tunnels.stamps
        case .subscriber: subscribers.stamps
        case .service: services.stamps
        case .session: sessions.stamps
        case .group: groups.stamps
        case .label: labels.stamps
        }
    }

    /// Forgets which transactions have named what. Goes through all places there can be.
    func clearStamps() {
        for stamps in [
            ports.stamps, tunnels.stamps, subscribers.stamps, services.stamps, sessions.stamps, groups.stamps,
            labels.stamps,
        ] {
            for slot in 0..<stamps.capacity where stamps[slot] != 0 { stamps[slot] = 0 }
        }
    }

    func uses(_ key: TableKey) -> Table<UInt32> {
        switch key {
        case .port: ports.uses
        case .tunnel: tunnels.uses
        case .subscriber: subscribers.uses
        case .service: services.uses
        case .session: sessions.uses
        case .group: groups.uses
        case .label: labels.uses
        }
    }

    func contains(_ key: TableKey) -> Bool { hash(of: key) != nil }

    func hash(of key: TableKey) -> UInt64? {
        switch key {
        case .port: ports.hash(key.slot)
        case .tunnel: tunnels.hash(key.slot)
        case .subscriber: subscribers.hash(key.slot)
        case .service: services.hash(key.slot)
        case .session: sessions.hash(key.slot)
        case .group: groups.hash(key.slot)
        case .label: labels.hash(key.slot)
        }
    }

    subscript(key: TableKey) -> Entry? {
        switch key {
        case .port: ports[key.slot].map { Entry(object: .port($0.object), hash: $0.hash) }
        case .tunnel: tunnels[key.slot].map { Entry(object: .tunnel($0.object), hash: $0.hash) }
        case .subscriber: subscribers[key.slot].map { Entry(object: .subscriber($0.object), hash: $0.hash) }
        case .service: services[key.slot].map { Entry(object: .service($0.object), hash: $0.hash) }
        case .session: sessions[key.slot].map { Entry(object: .session($0.object), hash: $0.hash) }
        case .group: groups[key.slot].map { Entry(object: .group($0.object), hash: $0.hash) }
        case .label: labels[key.slot].map { Entry(object: .label($0.object), hash: $0.hash) }
        }
    }

    /// - Parameter object: one whose place is free.
    mutating func insert(_ object: TableObject, hash: UInt64) {
        self.hash &+= hash
        let slot = object.key.slot
        switch object {
        case .port(let port): ports[slot] = .init(object: port, hash: hash)
        case .tunnel(let tunnel): tunnels[slot] = .init(object: tunnel, hash: hash)
        case .subscriber(let subscriber): subscribers[slot] = .init(object: subscriber, hash: hash)
        case .service(let service): services[slot] = .init(object: service, hash: hash)
        case .session(let session): sessions[slot] = .init(object: session, hash: hash)
        case .group(let group): groups[slot] = .init(object: group, hash: hash)
        case .label(let label): labels[slot] = .init(object: label, hash: hash)
        }
    }

    mutating func remove(_ key: TableKey) {
        hash &-= hash(of: key) ?? 0
        switch key {
        case .port: ports[key.slot] = nil
        case .tunnel: tunnels[key.slot] = nil
        case .subscriber: subscribers[key.slot] = nil
        case .service: services[key.slot] = nil
        case .session: sessions[key.slot] = nil
        case .group: groups[key.slot] = nil
        case .label: labels[key.slot] = nil
        }
    }

    /// Calls `body` with the key of each object, by kind and slot.
    func forEachKey(_ body: (TableKey) -> Void) {
        ports.forEach { body(.port($1.slot)) }
        tunnels.forEach { body(.tunnel($1.slot)) }
        subscribers.forEach { body(.subscriber($1.slot)) }
        services.forEach { body(.service($1.slot)) }
        sessions.forEach { body(.session($1.slot)) }
        groups.forEach { body(.group($1.slot)) }
        labels.forEach { body(.label($1.label)) }
    }
}

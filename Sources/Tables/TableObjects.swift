/// All objects by key, with their hashes, and how often each is referred to.
struct TableObjects {
    var ports = ObjectStore(capacity: ForwardingTables.portCapacity)
    var tunnels = ObjectStore(capacity: ForwardingTables.tunnelCapacity)
    var subscribers = ObjectStore(capacity: ForwardingTables.subscriberCapacity)
    var services = ObjectStore(capacity: ForwardingTables.serviceCapacity)
    var sessions = ObjectStore(capacity: ForwardingTables.sessionCapacity)
    var groups = ObjectStore(capacity: ForwardingTables.sessionCapacity)
    var labels = ObjectStore(capacity: ForwardingTables.labelCount)
    /// The sum of all hashes, mod 2⁶⁴.
    private(set) var hash: UInt64 = 0

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

    subscript(key: TableKey) -> ObjectStore.Entry? {
        switch key {
        case .port: ports[key.slot]
        case .tunnel: tunnels[key.slot]
        case .subscriber: subscribers[key.slot]
        case .service: services[key.slot]
        case .session: sessions[key.slot]
        case .group: groups[key.slot]
        case .label: labels[key.slot]
        }
    }

    func port(_ slot: Int) -> PortObject? {
        guard case .port(let port) = ports.object(slot) else { return nil }
        return port
    }

    func tunnel(_ slot: Int) -> TunnelObject? {
        guard case .tunnel(let tunnel) = tunnels.object(slot) else { return nil }
        return tunnel
    }

    func session(_ slot: Int) -> SessionObject? {
        guard case .session(let session) = sessions.object(slot) else { return nil }
        return session
    }

    func group(_ slot: Int) -> PathGroupObject? {
        guard case .group(let group) = groups.object(slot) else { return nil }
        return group
    }

    /// - Parameter object: one whose place is free.
    mutating func insert(_ object: TableObject, hash: UInt64) {
        self.hash &+= hash
        let slot = object.key.slot
        switch object {
        case .port: ports.insert(object, hash: hash, at: slot)
        case .tunnel: tunnels.insert(object, hash: hash, at: slot)
        case .subscriber: subscribers.insert(object, hash: hash, at: slot)
        case .service: services.insert(object, hash: hash, at: slot)
        case .session: sessions.insert(object, hash: hash, at: slot)
        case .group: groups.insert(object, hash: hash, at: slot)
        case .label: labels.insert(object, hash: hash, at: slot)
        }
    }

    /// - Parameter key: of an object that is there.
    mutating func remove(_ key: TableKey) {
        hash &-= hash(of: key) ?? 0
        switch key {
        case .port: ports.remove(key.slot)
        case .tunnel: tunnels.remove(key.slot)
        case .subscriber: subscribers.remove(key.slot)
        case .service: services.remove(key.slot)
        case .session: sessions.remove(key.slot)
        case .group: groups.remove(key.slot)
        case .label: labels.remove(key.slot)
        }
    }

    /// Calls `body` with each object, by kind and slot.
    func forEach(_ body: (TableObject) -> Void) {
        for store in [ports, tunnels, subscribers, services, sessions, groups, labels] { store.forEach(body) }
    }
}

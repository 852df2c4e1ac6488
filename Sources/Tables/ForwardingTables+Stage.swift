public import Wire

extension ForwardingTables {
    /// Brings the standby side up to a transaction, or leaves it as it is.
    ///
    /// Linear in the transaction's changes; a reset also goes through all objects there are. Where a port's kind or MTU
    /// changes, everything that leaves by it is made anew; where a tunnel's policer does, every session that goes into it.
    /// - Throws: the first thing that can't be: a slot beyond its table, an object that isn't there or that is still
    ///   in use, a label, address or use of a service that is another's. Nothing has been changed then.
    @discardableResult
    public func stage(_ transaction: Transaction) throws(TableError) -> StagedChange {
        checkSettled()
        var staged = StagedChange(number: transaction.number)
        if stamp > .max - 3 {
            objects.clearStamps()
            stamp = 0
        }
        stamp += 2
        var edits = try edits(of: transaction, &staged)
        addDependents(of: edits[0], transaction, &edits)
        addSessions(intoTunnelsOf: edits[TableKey.tunnel(TunnelIndex(rawValue: 0)).rank], transaction, &edits)
        addGroups(of: edits[TableKey.session(SessionIndex(rawValue: 0)).rank], &edits)
        staged.changedPorts = edits[0].map { UInt16($0.key.slot) }.sorted()
        let changesRoutes = changesRoutes(edits, transaction)
        try carryOut(edits) { Self.object($0, transaction) }
        number = transaction.number
        objects.ports.forEach { object in
            guard case .port(let port) = object else { return }
            let isConcerned =
                port.routes == .services && changesRoutes.services
                || port.routes == .subscribers && changesRoutes.subscribers
            if isConcerned || staged.changedPorts.contains(port.slot) {
                staged.portsWithChangedRoutes.append(port.slot)
            }
        }
        return staged
    }

    /// Takes in what is known of an opened port's interface: its MAC address, where the port's object states none, and
    /// the longest packet that its link takes, likewise. Staged as a transaction is, and kept until the port's object
    /// is taken out; may come before the object does.
    @discardableResult
    public func portFacts(_ slot: UInt16, mac: MACAddress?, mtu: UInt16?) -> StagedChange {
        checkSettled()
        var staged = StagedChange(number: number)
        let fact = PortFact(mac: mac, mtu: mtu)
        guard facts[Int(slot)] != fact else { return staged }
        facts[Int(slot)] = fact
        guard let port = objects.port(Int(slot)), let before = settings[Int(slot)] else {
            return staged
        }
        staged.changedPorts = [slot]
        set(port)
        guard before.plainByteCount != port.plainByteCount(linkMTU: mtu) else { return staged }
        // Everything fitted before, and nothing else has changed.
        let dependents = sessions { Self.isPlain($0, leavingBy: slot) }
        for key in dependents {
            guard let entry = withdraw(key) else { continue }
            do throws(TableError) { try install(entry.object, hash: entry.hash) } catch {
                preconditionFailure("\(error)")
            }
        }
        return staged
    }

    /// What the kernel is to route into a TUN: what its object states, or all prefixes of services or subscribers, by
    /// slot. Linear in these.
    public func routes(for slot: UInt16) -> [IPPrefix] {
        var routes: [IPPrefix] = []
        switch objects.port(Int(slot))?.routes {
        case nil, .some(.none): break
        case .prefixes(let prefixes): routes = prefixes
        case .services: objects.services.forEach { routes += $0.prefixes }
        case .subscribers: objects.subscribers.forEach { routes += $0.prefixes }
        }
        return routes
    }

    /// The session in a slot, as it is staged. Nil if there is none.
    public func session(_ slot: SessionIndex) -> SessionObject? {
        guard slot.rawValue < Self.sessionCapacity else { return nil }
        return objects.session(Int(slot.rawValue))
    }

    /// Whether there is a session in a slot, as it is staged.
    public func hasSession(_ slot: SessionIndex) -> Bool {
        slot.rawValue < Self.sessionCapacity && objects.sessions.hash(Int(slot.rawValue)) != nil
    }

    /// The path group that the session in a slot is in, as it is staged. Nil if it is in none.
    public func group(of slot: SessionIndex) -> PathGroupObject? {
        guard slot.rawValue < Self.sessionCapacity else { return nil }
        let group = groupOfSession[Int(slot.rawValue)]
        return group == 0 ? nil : objects.group(Int(group - 1))
    }

    /// The objects there are, as the transaction that would make them so.
    public var contents: Transaction {
        var changes: [Transaction.Change] = []
        objects.forEach { changes.append(.set($0)) }
        return Transaction(number: number, isReset: true, changes: changes)
    }
}

/// One object to be taken out, put in, or both.
private struct Edit {
    let key: TableKey
    /// The change that puts the object in; negative: it is taken out, or made anew as it is.
    var change: Int32
    var isRemoval: Bool { change == -1 }
    static let removal: Int32 = -1
    static let renewal: Int32 = -2
    var hash: UInt64 = 0
}

extension ForwardingTables {
    /// The stamp of an object that the present transaction names, and of one that it has an edit for.
    private var named: UInt32 { stamp }
    private var edited: UInt32 { stamp + 1 }

    private func add(_ edit: Edit, to edits: inout [[Edit]]) {
        objects.stamps(edit.key)[edit.key.slot] = edited
        edits[edit.key.rank].append(edit)
    }

    /// The edits that a transaction comes to, by the rank of their keys.
    private func edits(of transaction: Transaction, _ staged: inout StagedChange) throws(TableError)
        -> [[Edit]]
    {
        var edits: [[Edit]] = Array(repeating: [], count: TableKey.rankCount)
        for (place, change) in transaction.changes.enumerated() {
            let key = change.key
            guard key.slot < objects.capacity(key) else {
                throw TableError(key, "there are only \(objects.capacity(key)) slots")
            }
            guard objects.stamps(key)[key.slot] < named else {
                throw TableError(key, "it stands twice in one transaction")
            }
            objects.stamps(key)[key.slot] = named
            switch change {
            case .remove:
                guard objects.contains(key) else { continue }
                add(Edit(key: key, change: Edit.removal), to: &edits)
                staged.removed += 1
            case .set(let object):
                let hash = transaction.hash(of: object, at: place)
                if objects.hash(of: key) == hash {
                    staged.untouched += 1
                    continue
                }
                if let fault = object.fault { throw TableError(key, fault) }
                add(Edit(key: key, change: Int32(place), hash: hash), to: &edits)
                staged.set += 1
            }
        }
        guard transaction.isReset else { return edits }
        objects.forEach { object in
            let key = object.key
            guard objects.stamps(key)[key.slot] < named else { return }
            add(Edit(key: key, change: Edit.removal), to: &edits)
            staged.removed += 1
        }
        return edits
    }

    private static func object(_ edit: Edit, _ transaction: Transaction) -> TableObject? {
        guard edit.change >= 0, case .set(let object) = transaction.changes[Int(edit.change)] else {
            return nil
        }
        return object
    }

    /// Adds everything that is made by what a port was and now isn't, unless it is edited anyway.
    private func addDependents(of ports: [Edit], _ transaction: Transaction, _ edits: inout [[Edit]]) {
        for edit in ports {
            guard case .port(let port) = Self.object(edit, transaction),
                let before = settings[Int(port.slot)]
            else { continue }
            let isOtherKind = before.isEthernet != port.isEthernet
            let isOtherMTU =
                before.plainByteCount != port.plainByteCount(linkMTU: facts[Int(port.slot)].mtu)
            guard isOtherKind || isOtherMTU else { continue }
            var dependents = sessions { session in
                isOtherKind
                    ? session.up.nextHop.port == port.slot || session.down.nextHop.port == port.slot
                    : Self.isPlain(session, leavingBy: port.slot)
            }
            if isOtherKind {
                objects.labels.forEach { object in
                    guard case .label(let label) = object, label.nextHop.port == port.slot else { return }
                    dependents.append(.label(label.label))
                }
            }
            for key in dependents where objects.stamps(key)[key.slot] != edited {
                add(Edit(key: key, change: Edit.renewal), to: &edits)
            }
        }
    }

    /// Adds the sessions that go into a tunnel whose policer is another now: their records name its place.
    private func addSessions(
        intoTunnelsOf tunnels: [Edit], _ transaction: Transaction, _ edits: inout [[Edit]]
    ) {
        var changed: Set<TunnelIndex> = []
        for edit in tunnels {
            guard case .tunnel(let tunnel) = Self.object(edit, transaction),
                let before = objects.tunnel(edit.key.slot), before.policer != tunnel.policer
            else { continue }
            changed.insert(tunnel.slot)
        }
        guard !changed.isEmpty else { return }
        let dependents = sessions { session in
            [session.up, session.down].contains { $0.tunnel.map(changed.contains) ?? false }
        }
        for key in dependents where objects.stamps(key)[key.slot] != edited {
            add(Edit(key: key, change: Edit.renewal), to: &edits)
        }
    }

    /// Adds the groups of sessions that change: they must still be the group's, and it weighs them by their numbers.
    private func addGroups(of sessions: [Edit], _ edits: inout [[Edit]]) {
        for edit in sessions where edit.change != Edit.renewal {
            let group = groupOfSession[edit.key.slot]
            guard group != 0 else { continue }
            let key = TableKey.group(SessionIndex(rawValue: group - 1))
            guard objects.stamps(key)[key.slot] != edited else { continue }
            add(Edit(key: key, change: Edit.renewal), to: &edits)
        }
    }

    private func sessions(where isMeant: (SessionObject) -> Bool) -> [TableKey] {
        var keys: [TableKey] = []
        objects.sessions.forEach { object in
            if case .session(let session) = object, isMeant(session) { keys.append(.session(session.slot)) }
        }
        return keys
    }

    /// Whether the port's MTU bounds the session's packets.
    private static func isPlain(_ session: SessionObject, leavingBy port: UInt16) -> Bool {
        [session.up, session.down].contains {
            $0.nextHop.port == port && $0.maximumInnerByteCount == nil
        }
    }

    private func changesRoutes(_ edits: [[Edit]], _ transaction: Transaction) -> (
        services: Bool, subscribers: Bool
    ) {
        func doChange(_ edits: [Edit]) -> Bool {
            edits.contains {
                (objects[$0.key]?.object.prefixes ?? []) != (Self.object($0, transaction)?.prefixes ?? [])
            }
        }
        return (
            doChange(edits[TableKey.service(ServiceIndex(rawValue: 0)).rank]),
            doChange(edits[TableKey.subscriber(SubscriberIndex(rawValue: 0)).rank])
        )
    }

    /// Takes out all old objects, those that refer to others first, and puts in all new ones, the other way round. If
    /// one can't be put in, or one that was taken out is still referred to, does the same backwards.
    private func carryOut(_ edits: [[Edit]], _ object: (Edit) -> TableObject?) throws(TableError) {
        var old: [ObjectStore.Entry] = []
        var renewed: [ObjectStore.Entry] = []
        for edits in edits.reversed() {
            for edit in edits.reversed() {
                guard let entry = withdraw(edit.key) else { continue }
                old.append(entry)
                if edit.change == Edit.renewal { renewed.append(entry) }
            }
        }
        var installed: [TableKey] = []
        do throws(TableError) {
            for edit in edits.joined() {
                if let object = object(edit) {
                    try install(object, hash: edit.hash)
                } else if edit.change == Edit.renewal, let entry = renewed.popLast() {
                    // Taken out in the opposite order.
                    try install(entry.object, hash: entry.hash)
                } else {
                    continue
                }
                installed.append(edit.key)
            }
            for edit in edits.joined() where edit.isRemoval {
                let uses = objects.uses(edit.key)[edit.key.slot]
                guard uses == 0 else {
                    throw TableError(edit.key, "it can't go: others refer to it (\(uses) references)")
                }
            }
        } catch {
            for key in installed.reversed() { _ = withdraw(key) }
            for entry in old.reversed() {
                do throws(TableError) { try install(entry.object, hash: entry.hash) } catch {
                    preconditionFailure("the tables don't take back what they held: \(error)")
                }
            }
            throw error
        }
        for edit in edits[0] where edit.isRemoval { facts[edit.key.slot] = PortFact() }
    }
}

extension TableObject {
    /// A subscriber's or service's.
    fileprivate var prefixes: [IPPrefix] {
        switch self {
        case .service(let service): service.prefixes
        case .subscriber(let subscriber): subscriber.prefixes
        default: []
        }
    }
}

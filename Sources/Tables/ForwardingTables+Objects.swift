import Wire

/// Objects put into the tables and taken out again, one by one: what each has put where is read from the tables.
extension ForwardingTables {
    /// Puts an object into its free place.
    /// - Throws: what stands against it. Nothing has been changed then.
    func install(_ object: TableObject, hash: UInt64) throws(TableError) {
        let key = object.key
        var missing: TableKey?
        object.forEachReference { reference in
            if missing == nil, reference.slot >= objects.capacity(reference) || !objects.contains(reference) {
                missing = reference
            }
        }
        if let missing { throw TableError(key, "there is no \(missing)") }
        switch object {
        case .port(let port): install(port)
        case .tunnel(let tunnel): try install(tunnel)
        case .subscriber(let subscriber):
            try check(subscriber.prefixes, in: subscriberPrefixes, key)
            // Its sessions may be there already, when only where it belongs is other than before.
            subscribers[key.slot].side = SubscriberSide(port: subscriber.port, tags: subscriber.tags)
            for prefix in subscriber.prefixes {
                subscriberPrefixes.insert(prefix, LookupResult(subscriber.slot.rawValue))
            }
        case .service(let service):
            try check(service.prefixes, in: servicePrefixes, key)
            for prefix in service.prefixes {
                servicePrefixes.insert(prefix, LookupResult(service.slot.rawValue))
            }
        case .session(let session): try install(session)
        case .group(let group): try install(group)
        case .label(let label): try install(label)
        }
        object.forEachReference { objects.uses($0)[$0.slot] += 1 }
        objects.insert(object, hash: hash)
    }

    /// Takes an object out of its place.
    /// - Returns: the object, to be put back if need be. Nil if there is none.
    func withdraw(_ key: TableKey) -> ObjectStore.Entry? {
        guard let entry = objects[key] else { return nil }
        switch entry.object {
        case .port(let port):
            isPortChanged[key.slot] = true
            settings[key.slot] = nil
            for address in port.addresses {
                removeLocal(address.address)
                if let broadcast = address.prefix.broadcastAddress { removeConfined(broadcast) }
            }
        case .tunnel(let tunnel):
            policers.release(tunnels[key.slot].policer.rawValue)
            changedTunnels.insert(tunnel.slot)
            switch tunnel.end {
            case .mpls(let receive, _):
                if let receive { incomingLabels[Int(receive.rawValue)] = ILMEntry() }
            case .ipip(let remote, let local):
                tunnelEndpoints.remove(TablesView.endpointKey(remote, local))
                removeLocal(local)
            case .mplsudp(let remote, let local, _, _):
                datagramEndpoints.remove(TablesView.endpointKey(remote, local))
                removeLocal(local)
            }
        case .subscriber(let subscriber):
            subscribers[key.slot].side = .none
            for prefix in subscriber.prefixes { subscriberPrefixes.remove(prefix) }
        case .service(let service):
            for prefix in service.prefixes { servicePrefixes.remove(prefix) }
        case .session(let session): withdraw(session)
        case .group(let group):
            dismiss(group.subscriber, group.service)
            for session in group.sessions { groupOfSession[Int(session.rawValue)] = 0 }
        case .label(let label):
            incomingLabels[key.slot] = ILMEntry()
            adjacencyRegister.release(nhlfes[Int(label.label.rawValue)].adjacency)
        }
        entry.object.forEachReference { objects.uses($0)[$0.slot] -= 1 }
        objects.remove(key)
        return entry
    }

    // MARK: Ports and tunnels

    private func install(_ port: PortObject) {
        for address in port.addresses {
            addLocal(address.address)
            if let broadcast = address.prefix.broadcastAddress { addConfined(broadcast) }
        }
        set(port)
    }

    /// Takes in what is stated and known of a port.
    func set(_ port: PortObject) {
        let settings = PortSettings(port, facts[Int(port.slot)])
        self.settings[Int(port.slot)] = settings
        ports[Int(port.slot)] = PortEntry(
            role: port.role, isEthernet: port.isEthernet, macAddress: settings.mac,
            answersDenied: port.answersDenied, sendsErrors: port.sendsErrors)
        isPortChanged[Int(port.slot)] = true
    }

    private func install(_ tunnel: TunnelObject) throws(TableError) {
        guard policers.hasRoom(for: 1) else {
            throw TableError(.tunnel(tunnel.slot), "there is no room for another policer")
        }
        var entry = TunnelEntry(
            port: tunnel.port, handsOnTTL: false, tags: tunnel.tags,
            innerClass: InnerClassEntry(tunnel.innerClass))
        if case (.v6(let remote), .v6(let local))? = tunnel.end.ends {
            (entry.remote, entry.local) = (remote, local)
        }
        switch tunnel.end {
        case .mpls(let receive, let uniform):
            entry.handsOnTTL = uniform
            if let receive {
                guard case .none = incomingLabels[Int(receive.rawValue)].action else {
                    throw TableError(.tunnel(tunnel.slot), "label \(receive) is taken")
                }
                incomingLabels[Int(receive.rawValue)] = ILMEntry(tunnel.slot)
            }
        case .ipip(let remote, let local):
            try check(
                remote, local, holder: tunnelEndpoints.lookup(TablesView.endpointKey(remote, local)), tunnel)
            tunnelEndpoints.insert(
                TablesView.endpointKey(remote, local), value: tunnel.slot.rawValue + 1)
            addLocal(local)
        case .mplsudp(let remote, let local, let receive, let needsChecksum):
            try check(
                remote, local, holder: datagramEndpoints.lookup(TablesView.endpointKey(remote, local)), tunnel
            )
            datagramEndpoints.insert(
                TablesView.endpointKey(remote, local), value: tunnel.slot.rawValue + 1)
            addLocal(local)
            entry.pathLabel = receive?.rawValue ?? 0
            entry.needsChecksum = needsChecksum
        }
        entry.policer = acquire(tunnel.policer, of: .tunnel(tunnel.slot))
        tunnels[Int(tunnel.slot.rawValue)] = entry
        changedTunnels.insert(tunnel.slot)
    }

    private func check(_ remote: IPAddress, _ local: IPAddress, holder: UInt32, _ tunnel: TunnelObject)
        throws(TableError)
    {
        guard holder == 0 else {
            throw TableError(
                .tunnel(tunnel.slot), "packets from \(remote) to \(local) are tunnel \(holder - 1)'s")
        }
    }

    private func addLocal(_ address: IPAddress) {
        areLocalAddressesStale = true
        localUses[address, default: 0] += 1
        guard localUses[address] == 1 else { return }
        subscriberPrefixes.insertLocal(address)
        servicePrefixes.insertLocal(address)
    }

    private func removeLocal(_ address: IPAddress) {
        areLocalAddressesStale = true
        localUses[address]! -= 1
        guard localUses[address] == 0 else { return }
        localUses[address] = nil
        subscriberPrefixes.removeLocal(address)
        servicePrefixes.removeLocal(address)
    }

    // MARK: Prefixes

    /// Makes a prefix one that no router forwards, where nobody has it.
    func addConfined(_ prefix: IPPrefix) {
        subscriberPrefixes.insertConfined(prefix)
        servicePrefixes.insertConfined(prefix)
    }

    private func removeConfined(_ prefix: IPPrefix) {
        subscriberPrefixes.removeConfined(prefix)
        servicePrefixes.removeConfined(prefix)
    }

    private func check(_ prefixes: [IPPrefix], in register: borrowing PrefixRegister, _ key: TableKey)
        throws(TableError)
    {
        for prefix in prefixes where register.isOwned(prefix) {
            throw TableError(key, "\(prefix) is another's already")
        }
        guard prefixes.count < 2 || Set(prefixes).count == prefixes.count else {
            throw TableError(key, "a prefix stands twice")
        }
    }

    // MARK: Sessions

    private func install(_ session: SessionObject) throws(TableError) {
        let key = TableKey.session(session.slot)
        let holder = session.isGrouped ? 0 : admission(session.subscriber, session.service)
        guard holder == 0 else {
            throw TableError(
                key,
                "subscriber \(session.subscriber.rawValue) uses service \(session.service.rawValue) in "
                    + (holder >> 31 == 1 ? "several paths" : "session \(holder - 1)"))
        }
        if let label = takenLabel(session.up, .up, session) ?? takenLabel(session.down, .down, session) {
            throw TableError(key, "user label \(label) is taken")
        }
        if let label = session.up.userLabel, label == session.down.userLabel {
            throw TableError(key, "user label \(label.label) stands for both directions")
        }
        guard rules.hasRoom(for: session.rules) else {
            throw TableError(key, "there is no room for \(session.rules.count) more rules")
        }
        if adjacencyRegister.room < 2 { try checkRoom([session.up.nextHop, session.down.nextHop], key) }
        guard treatments.hasRoom(for: 2), policers.hasRoom(for: 2), classMaps.hasRoom(for: 2) else {
            throw TableError(key, "there is no room for further policers and class maps")
        }

        let range = rules.acquire(session.rules)
        install(session.up, .up, of: session, range)
        install(session.down, .down, of: session, range)
        if !session.isGrouped { admit(session.subscriber, session.service, session.slot.rawValue + 1) }
    }

    /// The user label of a way that the session can't have, if that is so.
    private func takenLabel(_ way: SessionWay, _ direction: Direction, _ session: SessionObject) -> Label? {
        guard let userLabel = way.userLabel, !isFree(userLabel, for: session, direction) else { return nil }
        return userLabel.label
    }

    /// Puts one direction of a session into its place.
    private func install(
        _ way: SessionWay, _ direction: Direction, of session: SessionObject, _ rules: Range<Int>
    ) {
        let index = ConversionIndex(session.slot, direction)
        conversions[Int(index.rawValue)] = conversion(
            way, session, treatment(way, direction, session, rules))
        if let userLabel = way.userLabel { bind(userLabel, to: index) }
    }

    private func withdraw(_ session: SessionObject) {
        if !session.isGrouped { dismiss(session.subscriber, session.service) }
        withdraw(session.up, .up, of: session)
        withdraw(session.down, .down, of: session)
    }

    /// Takes one direction of a session out. Its conversion stays where it is, for the session that gets the slot.
    private func withdraw(_ way: SessionWay, _ direction: Direction, of session: SessionObject) {
        let index = ConversionIndex(session.slot, direction)
        let record = conversions[Int(index.rawValue)]
        adjacencyRegister.release(record.adjacency)
        let treatment = treatments.table[Int(record.treatment.rawValue)]
        if direction == .up, treatment.ruleCount > 0 { rules.release(treatment.firstRule) }
        policers.release(treatment.policer.rawValue)
        classMaps.release(treatment.classMap)
        treatments.release(record.treatment.rawValue)
        if let userLabel = way.userLabel { unbind(userLabel, from: index) }
    }

    private func install(_ group: PathGroupObject) throws(TableError) {
        let key = TableKey.group(group.slot)
        for path in group.sessions {
            let session = objects.session(Int(path.rawValue))!
            guard session.isGrouped, session.subscriber == group.subscriber, session.service == group.service
            else { throw TableError(key, "session \(path.rawValue) is none of this group's") }
        }
        guard admission(group.subscriber, group.service) == 0 else {
            throw TableError(key, "its subscriber uses the service in another session")
        }
        admit(group.subscriber, group.service, 1 << 31 | group.slot.rawValue)
        groups[key.slot] = PathGroupEntry(
            group.sessions.map {
                let session = objects.session(Int($0.rawValue))!
                return ($0, session.session, session.leg)
            })
        for session in group.sessions { groupOfSession[Int(session.rawValue)] = group.slot.rawValue + 1 }
    }

    /// The record of one direction; its adjacency is acquired.
    private func conversion(_ way: SessionWay, _ session: SessionObject, _ treatment: TreatmentIndex)
        -> Conversion
    {
        let port = port(way.nextHop.port)
        var conversion = Conversion(
            arrival: way.arrival, adjacency: adjacencyRegister.acquire(way.nextHop, on: port),
            subscriber: session.subscriber, service: session.service, treatment: treatment,
            maximumInnerByteCount: Int(way.maximumInnerByteCount ?? port.plainByteCount))
        switch way.push {
        case .nothing: break
        case .labels(let labels, let flags): conversion.push(labels, flags)
        case .outer(.v4(let source), .v4(let destination), let ttl, let dscp, let flags):
            conversion.push(
                outerSource: source, outerDestination: destination, ttl: ttl, dscp: dscp, flags)
        case .outer(.v6(let source), .v6(let destination), let ttl, let dscp, let flags):
            conversion.push(
                outerSource: source, outerDestination: destination, hopLimit: ttl, dscp: dscp, flags)
        case .datagram(let datagram, let flags): conversion.push(datagram, flags)
        case .outer: preconditionFailure("outer addresses of two versions were not refused")
        }
        conversion.isGrouped = session.isGrouped
        return conversion
    }

    // MARK: Transit labels

    private func install(_ label: LabelObject) throws(TableError) {
        let slot = Int(label.label.rawValue)
        guard case .none = incomingLabels[slot].action else {
            throw TableError(.label(label.label), "it is a tunnel's path label")
        }
        if adjacencyRegister.room < 1 { try checkRoom([label.nextHop], .label(label.label)) }
        nhlfes[slot] = NHLFE(
            labels: label.labels.map(\.rawValue), pops: label.pops,
            adjacency: adjacencyRegister.acquire(label.nextHop, on: port(label.nextHop.port)),
            mtu: Int(label.mtu))
        incomingLabels[slot] = ILMEntry(NHLFEIndex(rawValue: label.label.rawValue))
    }

    // MARK: Next hops

    /// A port that an installed object refers to.
    private func port(_ slot: UInt16) -> PortSettings {
        guard let settings = settings[Int(slot)] else { preconditionFailure("port \(slot) was not checked") }
        return settings
    }

    private func checkRoom(_ nextHops: [NextHop], _ key: TableKey) throws(TableError) {
        guard adjacencyRegister.hasRoom(for: nextHops, isEthernet: { port($0).isEthernet }) else {
            throw TableError(
                key, "there is no room for another next hop: \(Self.adjacencyCapacity) are in use")
        }
    }
}

extension SessionWay.UserLabel {
    /// What it is looked up by.
    var key: UInt64 { context.key(label.rawValue) }
}

import Wire

/// What two objects can't both have. One that has it is enough to be found: the state has no two.
extension Scope {
    /// Takes in what an object that there will be could collide with.
    mutating func includeColliding(with object: ExchangeObject) {
        switch object {
        case .port(let port): includeColliding(with: port)
        case .tunnel(let tunnel): includeColliding(with: tunnel)
        case .subscriber(let subscriber): includeColliding(with: subscriber)
        case .service(let service):
            for prefix in service.prefixes {
                if let slot = state.index.servicePrefixes[prefix] { includeService(inSlot: slot) }
            }
        case .session(let session): includeColliding(with: session)
        case .label(let binding):
            includePathOwner(of: binding.in)
            includeSessions(receivingAlone: binding.in)
        case .line, .provider, .condition: break
        }
    }

    /// There are few ports, and what they have in common is manifold: all of them are looked at.
    private mutating func includeColliding(with port: Port) {
        for (_, entry) in state.ports.all { includePort(entry.key) }
        let before = state.ports[port.name]?.addresses.map(\.address) ?? []
        let added = Set(port.addresses.map(\.address)).subtracting(before)
        guard !added.isEmpty else { return }
        for address in port.addresses.map(\.address) where added.contains(address) {
            let subscriber = state.index.subscriberPrefixes.owner(of: IPPrefix(address)) {
                subscribers.untouched($0) != nil
            }
            if let subscriber { includeSubscriber(inSlot: subscriber) }
        }
        for (_, entry) in state.tunnels.all {
            if let outer = entry.object.encapsulation.outer, added.contains(outer.remote) {
                includeTunnel(entry.key)
            }
        }
    }

    private mutating func includeColliding(with tunnel: Tunnel) {
        switch tunnel.encapsulation {
        case .mpls(let mpls):
            guard let label = mpls.receive else { break }
            includePathOwner(of: label)
            includeSessions(receivingAlone: label)
        case .ipip, .mplsudp: break
        }
        if let ends = TunnelEnds(tunnel.encapsulation) {
            if let slot = state.index.tunnelEnds[ends] { includeTunnel(inSlot: slot) }
            if let slot = state.index.portAddresses[ends.remote] { includePort(inSlot: slot) }
        }
        guard tunnel.capacityBitsPerSecond != nil, lines[tunnel.line]?.capacityBitsPerSecond != nil,
            let line = state.lines.slot(tunnel.line), summedLines.insert(tunnel.line).inserted
        else { return }
        for slot in state.index.tunnelsOfLine.dependents(of: line)
        where state.tunnels.entry(slot)?.object.capacityBitsPerSecond != nil {
            includeTunnel(inSlot: slot)
        }
    }

    private mutating func includeColliding(with subscriber: Subscriber) {
        for prefix in subscriber.addresses {
            let other = state.index.subscriberPrefixes.owner(overlapping: prefix) { slot in
                subscribers.untouched(slot).map { $0.name != subscriber.name } ?? false
            }
            if let other { includeSubscriber(inSlot: other) }
            if prefix.isSingleAddress, let port = state.index.portAddresses[prefix.address] {
                includePort(inSlot: port)
            }
        }
    }

    private mutating func includeColliding(with session: Session) {
        let use = UseOfService(subscriber: session.subscriber, service: session.service)
        if let slot = state.session(of: use) { includeSession(inSlot: slot) }
        for case .tunnel(let name, _, let label?) in session.access.each + session.network.each {
            if let tunnel = state.tunnels.slot(name) {
                let place = StateIndex.labelKey(tunnel: tunnel, label: label)
                if let slot = state.index.userLabels[place] { includeSession(inSlot: slot) }
            }
            if tunnels[name]?.isAlone == true {
                includePathOwner(of: label)
                includeSessions(receivingAlone: label)
            }
        }
    }

    // MARK: Labels

    /// Whoever has an incoming label that packets arrive with on top.
    private mutating func includePathOwner(of label: Label) {
        if let slot = state.index.pathLabels[label] { includeTunnel(inSlot: slot) }
        includeLabel(label)
    }

    /// One for each port at most.
    private mutating func includeSessions(receivingAlone label: Label) {
        for slot in state.index.aloneLabels[label] ?? [] { includeSession(inSlot: slot) }
    }

    // MARK: By slot

    private mutating func includePort(inSlot slot: Int) {
        if let entry = state.ports.entry(slot) { includePort(entry.key) }
    }

    private mutating func includeService(inSlot slot: Int) {
        if let entry = state.services.entry(slot) { includeService(entry.key) }
    }

    private mutating func includeTunnel(inSlot slot: Int) {
        if let entry = state.tunnels.entry(slot) { includeTunnel(entry.key) }
    }

    private mutating func includeSubscriber(inSlot slot: Int) {
        if let entry = state.subscribers.entry(slot) { includeSubscriber(entry.key) }
    }

    private mutating func includeSession(inSlot slot: Int) {
        if let entry = state.sessions.entry(slot) { includeSession(entry.key) }
    }
}

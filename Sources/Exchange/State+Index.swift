import Wire

/// How the index is kept. What an object is known by is taken out with the old objects all still in their
/// places, and put in with the new ones all in theirs: so names lead to slots both times.
extension State {
    /// Takes the present object with this key out of the index, but for its references.
    mutating func unindex(_ key: ExchangeKey) {
        switch key {
        case .port(let name):
            for address in ports[name]?.addresses ?? [] { index.portAddresses[address.address] = nil }
        case .tunnel(let name):
            guard let encapsulation = tunnels[name]?.encapsulation else { return }
            if case .mpls(let mpls) = encapsulation, let label = mpls.receive {
                index.pathLabels[label] = nil
            }
            if let ends = TunnelEnds(encapsulation) { index.tunnelEnds[ends] = nil }
        case .service(let name):
            for prefix in services[name]?.prefixes ?? [] { index.servicePrefixes[prefix] = nil }
        case .subscriber(let name):
            guard let slot = subscribers.slot(name) else { return }
            for prefix in subscribers[name]?.addresses ?? [] {
                index.subscriberPrefixes.remove(prefix, owner: slot)
            }
        case .session(let name):
            if let slot = sessions.slot(name) { unindexSession(slot) }
        case .line, .provider, .condition, .label:
            break
        }
    }

    /// Puts the present object with this key into the index.
    /// - Returns: whether all that it refers to exists.
    @discardableResult
    mutating func index(_ key: ExchangeKey) -> Bool {
        switch key {
        case .port(let name): ports.slot(name).map { indexPort($0) } ?? false
        case .line(let name): lines.slot(name).map { indexLine($0) } ?? false
        case .provider: true
        case .service(let name): services.slot(name).map { indexService($0) } ?? false
        case .tunnel(let name): tunnels.slot(name).map { indexTunnel($0) } ?? false
        case .subscriber(let name): subscribers.slot(name).map { indexSubscriber($0) } ?? false
        case .condition(let use): conditions.slot(use).map { indexCondition($0) } ?? false
        case .session(let name): sessions.slot(name).map { indexSession($0) } ?? false
        case .label(let label): labels.slot(label).map { indexLabel($0) } ?? false
        }
    }

    /// Puts all objects into an empty index.
    /// - Returns: the first that refers to something that isn't there; nil: there is none.
    mutating func indexAll() -> ExchangeKey? {
        for slot in ports.usedSlots where !indexPort(slot) { return ports.entry(slot).map { .port($0.key) } }
        for slot in lines.usedSlots where !indexLine(slot) { return lines.entry(slot).map { .line($0.key) } }
        for slot in services.usedSlots where !indexService(slot) {
            return services.entry(slot).map { .service($0.key) }
        }
        for slot in tunnels.usedSlots {
            if tunnels.entry(slot)?.object.isAlone == true { index.aloneTunnels.insert(slot) }
            if !indexTunnel(slot) { return tunnels.entry(slot).map { .tunnel($0.key) } }
        }
        var holdings: [(prefix: IPPrefix, owner: Int)] = []
        holdings.reserveCapacity(subscribers.count)
        for slot in subscribers.usedSlots {
            for prefix in subscribers.entry(slot)?.object.addresses ?? [] { holdings.append((prefix, slot)) }
            if !referToPort(subscriber: slot) { return subscribers.entry(slot).map { .subscriber($0.key) } }
        }
        index.subscriberPrefixes = PrefixIndex(holdings)
        for slot in conditions.usedSlots where !indexCondition(slot) {
            return conditions.entry(slot).map { .condition($0.key) }
        }
        index.sessionsByUse.reserve(sessions.count)
        index.userLabels.reserve(sessions.count)
        for slot in sessions.usedSlots where !indexSession(slot) {
            return sessions.entry(slot).map { .session($0.key) }
        }
        for slot in labels.usedSlots where !indexLabel(slot) {
            return labels.entry(slot).map { .label($0.key) }
        }
        return nil
    }

    private mutating func indexPort(_ slot: Int) -> Bool {
        for address in ports.entry(slot)?.object.addresses ?? [] {
            index.portAddresses[address.address] = slot
        }
        return true
    }

    private mutating func indexLine(_ slot: Int) -> Bool {
        guard let line = lines.entry(slot)?.object else { return false }
        let port = ports.slot(line.port)
        index.linesOfPort.set(slot, to: port)
        return port != nil
    }

    private mutating func indexService(_ slot: Int) -> Bool {
        guard let service = services.entry(slot)?.object else { return false }
        for prefix in service.prefixes { index.servicePrefixes[prefix] = slot }
        let provider = providers.slot(service.provider)
        index.servicesOfProvider.set(slot, to: provider)
        return provider != nil
    }

    private mutating func indexTunnel(_ slot: Int) -> Bool {
        guard let tunnel = tunnels.entry(slot)?.object else { return false }
        if case .mpls(let mpls) = tunnel.encapsulation, let label = mpls.receive {
            index.pathLabels[label] = slot
        }
        if let ends = TunnelEnds(tunnel.encapsulation) { index.tunnelEnds[ends] = slot }
        let line = lines.slot(tunnel.line)
        index.tunnelsOfLine.set(slot, to: line)
        return line != nil
    }

    private mutating func indexSubscriber(_ slot: Int) -> Bool {
        for prefix in subscribers.entry(slot)?.object.addresses ?? [] {
            index.subscriberPrefixes.insert(prefix, owner: slot)
        }
        return referToPort(subscriber: slot)
    }

    private mutating func referToPort(subscriber slot: Int) -> Bool {
        guard let name = subscribers.entry(slot)?.object.port else {
            index.subscribersOfPort.set(slot, to: nil)
            return true
        }
        let port = ports.slot(name)
        index.subscribersOfPort.set(slot, to: port)
        return port != nil
    }

    private mutating func indexCondition(_ slot: Int) -> Bool {
        guard let use = conditions.entry(slot)?.key else { return false }
        let subscriber = subscribers.slot(use.subscriber)
        let service = services.slot(use.service)
        index.conditionsOfSubscriber.set(slot, to: subscriber)
        index.conditionsOfService.set(slot, to: service)
        return subscriber != nil && service != nil
    }

    private mutating func indexLabel(_ slot: Int) -> Bool {
        guard let via = labels.entry(slot)?.object.via else { return false }
        switch via {
        case .line(let name):
            let line = lines.slot(name)
            index.labelsOfLine.set(slot, to: line)
            index.labelsOfTunnel.set(slot, to: nil)
            return line != nil
        case .tunnel(let name):
            let tunnel = tunnels.slot(name)
            index.labelsOfLine.set(slot, to: nil)
            index.labelsOfTunnel.set(slot, to: tunnel)
            return tunnel != nil
        }
    }

    /// Forgets to whom an object referred that isn't any more.
    mutating func forgetReferences(of key: ExchangeKey, slot: Int) {
        switch key {
        case .line: index.linesOfPort.set(slot, to: nil)
        case .service: index.servicesOfProvider.set(slot, to: nil)
        case .tunnel: index.tunnelsOfLine.set(slot, to: nil)
        case .subscriber: index.subscribersOfPort.set(slot, to: nil)
        case .condition:
            index.conditionsOfSubscriber.set(slot, to: nil)
            index.conditionsOfService.set(slot, to: nil)
        case .session:
            index.sessionsOfSubscriber.set(slot, to: nil)
            index.sessionsOfService.set(slot, to: nil)
            index.accessOfPort.set(slot, to: nil)
            index.accessOfTunnel.set(slot, to: nil)
            index.networkOfPort.set(slot, to: nil)
            index.networkOfTunnel.set(slot, to: nil)
            for place in index.furtherOfTunnel.indices { index.furtherOfTunnel[place].set(slot, to: nil) }
        case .label:
            index.labelsOfLine.set(slot, to: nil)
            index.labelsOfTunnel.set(slot, to: nil)
        case .port, .provider: break
        }
    }

    // MARK: Sessions

    private mutating func indexSession(_ slot: Int) -> Bool {
        guard let session = sessions.entry(slot)?.object else { return false }
        let subscriber = subscribers.slot(session.subscriber)
        let service = services.slot(session.service)
        let access = place(of: session.access.first)
        let network = place(of: session.network.first)
        index.sessionsOfSubscriber.set(slot, to: subscriber)
        index.sessionsOfService.set(slot, to: service)
        index.accessOfPort.set(slot, to: access.port)
        index.accessOfTunnel.set(slot, to: access.tunnel)
        index.networkOfPort.set(slot, to: network.port)
        index.networkOfTunnel.set(slot, to: network.tunnel)
        var exists = access.exists && network.exists
        if session.access.count > 1 || session.network.count > 1 {
            let further = (session.access.each.dropFirst() + session.network.each.dropFirst()).map {
                place(of: $0)
            }
            for place in index.furtherOfTunnel.indices {
                index.furtherOfTunnel[place].set(
                    slot, to: place < further.count ? further[place].tunnel : nil)
            }
            exists = exists && further.allSatisfy(\.exists)
        } else {
            for place in index.furtherOfTunnel.indices { index.furtherOfTunnel[place].set(slot, to: nil) }
        }
        guard let subscriber, let service, exists else { return false }
        index.sessionsByUse[StateIndex.useKey(subscriber: subscriber, service: service)] = slot
        if session.access.count == 1, session.network.count == 1 {
            noteLabel(of: session.access.first, in: access.tunnel, session: slot)
            noteLabel(of: session.network.first, in: network.tunnel, session: slot)
            if let port = access.port, let tunnel = network.tunnel {
                index.count(1, fromPort: port, into: tunnel)
            }
            if let port = network.port, let tunnel = access.tunnel {
                index.count(1, fromPort: port, into: tunnel)
            }
        } else {
            for (tunnel, label) in labels(of: session) { noteLabel(label, in: tunnel, session: slot) }
            for (port, tunnel) in ways(of: session) { index.count(1, fromPort: port, into: tunnel) }
        }
        return true
    }

    /// Notes the user label that a session receives by, if the leg has one.
    private mutating func noteLabel(of leg: Leg?, in tunnel: Int?, session slot: Int) {
        guard let tunnel, case .tunnel(_, _, let label?) = leg else { return }
        noteLabel(label, in: tunnel, session: slot)
    }

    private mutating func noteLabel(_ label: Label, in tunnel: Int, session slot: Int) {
        index.userLabels[StateIndex.labelKey(tunnel: tunnel, label: label)] = slot
        if index.aloneTunnels.contains(tunnel) { index.aloneLabels[label, default: []].append(slot) }
    }

    private mutating func unindexSession(_ slot: Int) {
        guard let session = sessions.entry(slot)?.object else { return }
        if let subscriber = subscribers.slot(session.subscriber), let service = services.slot(session.service)
        {
            index.sessionsByUse[StateIndex.useKey(subscriber: subscriber, service: service)] = nil
        }
        for (place, label) in labels(of: session) {
            index.userLabels[StateIndex.labelKey(tunnel: place, label: label)] = nil
        }
        for (port, tunnel) in ways(of: session) { index.count(-1, fromPort: port, into: tunnel) }
        unindexAloneLabels(ofSession: slot)
    }

    /// Notes the user labels that reach this session without a path label. By itself, since it depends on its
    /// tunnels too: when those change, it is done anew.
    mutating func indexAloneLabels(ofSession slot: Int) {
        guard let session = sessions.entry(slot)?.object else { return }
        for (tunnel, label) in labels(of: session) where index.aloneTunnels.contains(tunnel) {
            index.aloneLabels[label, default: []].append(slot)
        }
    }

    mutating func unindexAloneLabels(ofSession slot: Int) {
        guard let session = sessions.entry(slot)?.object else { return }
        for (tunnel, label) in labels(of: session) where index.aloneTunnels.contains(tunnel) {
            index.aloneLabels[label]?.removeAll { $0 == slot }
            if index.aloneLabels[label]?.isEmpty == true { index.aloneLabels[label] = nil }
        }
    }

    /// The tunnels of a session, and the user labels that it receives by in them.
    private func labels(of session: Session) -> [(tunnel: Int, label: Label)] {
        (session.access.each + session.network.each).compactMap { leg in
            guard case .tunnel(let name, _, let label?) = leg, let tunnel = tunnels.slot(name) else {
                return nil
            }
            return (tunnel, label)
        }
    }

    /// The plain port of a session whose other leg is in a tunnel.
    func ways(of session: Session) -> [(port: Int, tunnel: Int)] {
        session.paths.flatMap { path in
            [(path.access, path.network), (path.network, path.access)].compactMap { leg, other in
                guard let port = place(of: leg).port, let tunnel = place(of: other).tunnel else {
                    return nil
                }
                return (port, tunnel)
            }
        }
    }

    /// Where a leg is.
    private typealias FoundPlace = (port: Int?, tunnel: Int?, exists: Bool)

    private func place(of leg: Leg?) -> FoundPlace {
        switch leg {
        case .plain(let name, _):
            let port = ports.slot(name)
            return (port, nil, port != nil)
        case .tunnel(let name, _, _):
            let tunnel = tunnels.slot(name)
            return (nil, tunnel, tunnel != nil)
        case nil: return (nil, nil, false)
        }
    }
}

extension Tunnel {
    /// Whether user labels arrive in it without a path label.
    var isAlone: Bool { if case .mpls(let mpls) = encapsulation { mpls.php } else { false } }
}

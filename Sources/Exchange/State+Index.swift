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
        case .port(let name):
            guard let slot = ports.slot(name) else { return false }
            for address in ports[name]?.addresses ?? [] { index.portAddresses[address.address] = slot }
            return true
        case .line(let name):
            guard let slot = lines.slot(name), let line = lines[name] else { return false }
            return refer(\.linesOfPort, slot, to: ports.slot(line.port))
        case .provider:
            return true
        case .service(let name):
            guard let slot = services.slot(name), let service = services[name] else { return false }
            for prefix in service.prefixes { index.servicePrefixes[prefix] = slot }
            return refer(\.servicesOfProvider, slot, to: providers.slot(service.provider))
        case .tunnel(let name):
            guard let slot = tunnels.slot(name), let tunnel = tunnels[name] else { return false }
            if case .mpls(let mpls) = tunnel.encapsulation, let label = mpls.receive {
                index.pathLabels[label] = slot
            }
            if let ends = TunnelEnds(tunnel.encapsulation) { index.tunnelEnds[ends] = slot }
            return refer(\.tunnelsOfLine, slot, to: lines.slot(tunnel.line))
        case .subscriber(let name):
            guard let slot = subscribers.slot(name), let subscriber = subscribers[name] else { return false }
            for prefix in subscriber.addresses { index.subscriberPrefixes.insert(prefix, owner: slot) }
            guard let port = subscriber.port else {
                index.subscribersOfPort.set(slot, to: nil)
                return true
            }
            return refer(\.subscribersOfPort, slot, to: ports.slot(port))
        case .condition(let use):
            guard let slot = conditions.slot(use) else { return false }
            let hasSubscriber = refer(\.conditionsOfSubscriber, slot, to: subscribers.slot(use.subscriber))
            return refer(\.conditionsOfService, slot, to: services.slot(use.service)) && hasSubscriber
        case .session(let name):
            return sessions.slot(name).map { indexSession($0) } ?? false
        case .label(let label):
            return indexLabel(label)
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

    private mutating func refer(
        _ references: WritableKeyPath<StateIndex, References>, _ slot: Int, to referent: Int?
    ) -> Bool {
        index[keyPath: references].set(slot, to: referent)
        return referent != nil
    }

    private mutating func indexLabel(_ label: Label) -> Bool {
        guard let slot = labels.slot(label), let binding = labels[label] else { return false }
        switch binding.via {
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

    // MARK: Sessions

    private mutating func indexSession(_ slot: Int) -> Bool {
        guard let session = sessions.entry(slot)?.object else { return false }
        let subscriber = subscribers.slot(session.subscriber)
        let service = services.slot(session.service)
        let access = place(of: session.access.first)
        let network = place(of: session.network.first)
        let further = (session.access.each.dropFirst() + session.network.each.dropFirst()).map {
            place(of: $0)
        }
        index.sessionsOfSubscriber.set(slot, to: subscriber)
        index.sessionsOfService.set(slot, to: service)
        index.accessOfPort.set(slot, to: access.port)
        index.accessOfTunnel.set(slot, to: access.tunnel)
        index.networkOfPort.set(slot, to: network.port)
        index.networkOfTunnel.set(slot, to: network.tunnel)
        for place in index.furtherOfTunnel.indices {
            index.furtherOfTunnel[place].set(slot, to: place < further.count ? further[place].tunnel : nil)
        }
        guard let subscriber, let service, access.exists, network.exists, further.allSatisfy(\.exists) else {
            return false
        }
        index.sessionsByUse[StateIndex.SlotPair(subscriber: subscriber, service: service)] = slot
        for (place, label) in labels(of: session) {
            index.userLabels[StateIndex.TunnelLabel(tunnel: place, label: label)] = slot
        }
        for (port, tunnel) in ways(of: session) { index.count(1, fromPort: port, into: tunnel) }
        indexAloneLabels(ofSession: slot)
        return true
    }

    private mutating func unindexSession(_ slot: Int) {
        guard let session = sessions.entry(slot)?.object else { return }
        if let subscriber = subscribers.slot(session.subscriber), let service = services.slot(session.service)
        {
            index.sessionsByUse[StateIndex.SlotPair(subscriber: subscriber, service: service)] = nil
        }
        for (place, label) in labels(of: session) {
            index.userLabels[StateIndex.TunnelLabel(tunnel: place, label: label)] = nil
        }
        for (port, tunnel) in ways(of: session) { index.count(-1, fromPort: port, into: tunnel) }
        unindexAloneLabels(ofSession: slot)
    }

    /// Notes the user labels that reach this session without a path label. By itself, since it depends on its
    /// tunnels too: when those change, it is done anew.
    mutating func indexAloneLabels(ofSession slot: Int) {
        guard let session = sessions.entry(slot)?.object else { return }
        for (tunnel, label) in labels(of: session) where tunnels.entry(tunnel)?.object.isAlone == true {
            index.aloneLabels[label, default: []].append(slot)
        }
    }

    mutating func unindexAloneLabels(ofSession slot: Int) {
        guard let session = sessions.entry(slot)?.object else { return }
        for (tunnel, label) in labels(of: session) where tunnels.entry(tunnel)?.object.isAlone == true {
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

    private func place(of leg: Leg?) -> (port: Int?, tunnel: Int?, exists: Bool) {
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

/// What a change touches besides the objects it names. Rather too much than too little: whoever compiles the
/// slots finds out what is really another.
extension State {
    /// Notes what depends on the objects that a change replaces or removes, as things were before.
    func noteDependents(of edits: [Change], in touched: inout Touched) {
        var dependents = Dependents()
        for edit in edits { addDependents(of: edit.key, to: &dependents) }
        touched.tunnels += dependents.tunnels
        touched.subscribers += dependents.subscribers
        touched.labels += dependents.labels.compactMap { labels.entry($0)?.key }
        touched.sessions += dependents.sessions
        for slot in dependents.sessions {
            if let session = sessions.entry(slot)?.object { noteEnds(of: session, in: &touched) }
        }
    }

    /// Notes the slot of an object as it is now, and what it is part of.
    func note(_ key: ExchangeKey, in touched: inout Touched) {
        switch key {
        case .port(let name): if let slot = ports.slot(name) { touched.ports.append(slot) }
        case .tunnel(let name): if let slot = tunnels.slot(name) { touched.tunnels.append(slot) }
        case .service(let name): if let slot = services.slot(name) { touched.services.append(slot) }
        case .subscriber(let name): if let slot = subscribers.slot(name) { touched.subscribers.append(slot) }
        case .label(let label): touched.labels.append(label)
        case .session(let name):
            guard let session = sessions[name] else { return }
            noteEnds(of: session, in: &touched)
        case .line, .provider, .condition: break
        }
    }

    /// A subscriber who names no port comes in where their sessions do; a TUN's MTU is what fits all tunnels
    /// behind it.
    private func noteEnds(of session: Session, in touched: inout Touched) {
        if case .plain = session.access.first, let slot = subscribers.slot(session.subscriber),
            subscribers[session.subscriber]?.port == nil
        {
            touched.subscribers.append(slot)
        }
        for (port, _) in ways(of: session) where touched.ports.last != port && isTUN(port) {
            touched.ports.append(port)
        }
    }

    /// Notes the TUN ports whose routes follow from what is touched.
    func noteRoutedPorts(in touched: inout Touched) {
        guard !touched.services.isEmpty || !touched.subscribers.isEmpty else { return }
        for (slot, entry) in ports.all where isTUN(slot) && entry.object.routes == .automatic {
            let follows = entry.object.role == .access ? touched.services : touched.subscribers
            if !follows.isEmpty { touched.ports.append(slot) }
        }
    }

    private func isTUN(_ port: Int) -> Bool {
        if case .tun = ports.entry(port)?.object.medium { true } else { false }
    }
}

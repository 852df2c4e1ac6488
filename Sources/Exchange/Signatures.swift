extension State {
    /// The state of a validated description: every object in the slot that is its place in its list, every session on
    /// its first leg.
    public init(_ description: ExchangeDescription) {
        self.init()
        for port in description.ports { ports.put(port, port.name, revision: 0) }
        for line in description.lines { lines.put(line, line.name, revision: 0) }
        for provider in description.providers { providers.put(provider, provider.name, revision: 0) }
        for service in description.services { services.put(service, service.name, revision: 0) }
        for tunnel in description.tunnels { tunnels.put(tunnel, tunnel.name, revision: 0) }
        for subscriber in description.subscribers {
            subscribers.put(subscriber, subscriber.name, revision: 0)
        }
        for var condition in description.conditions {
            if let before = conditions[condition.use] {
                condition.allow = before.allow.flatMap { rules in condition.allow.map { rules + $0 } }
            }
            conditions.put(condition, condition.use, revision: 0)
        }
        for session in description.sessions { sessions.put(session, session.name, revision: 0) }
        for label in description.labels { labels.put(label, label.in, revision: 0) }
    }

    public func leg(inSlot slot: Int) -> LegRecord? {
        sessions.entry(slot).map {
            LegRecord(
                id: LegID(session: UInt64(slot) + 1, leg: 1), sessionName: $0.object.name, openedAt: 0)
        }
    }

    public func counterSlot(ofSession name: String) -> Int? { sessions.slot(name) }

    public func accessPort(ofSubscriber name: String) -> String? {
        for (_, entry) in sessions.all where entry.object.subscriber == name {
            if case .plain(let port, _) = entry.object.access { return port }
        }
        return nil
    }

    public func tunMTU(port slot: Int) -> Int? {
        guard let name = ports.entry(slot)?.object.name else { return nil }
        var smallest: Int?
        for (_, entry) in sessions.all {
            let session = entry.object
            for (leg, other) in [(session.access, session.network), (session.network, session.access)] {
                guard case .plain(name, _) = leg, case .tunnel(let tunnelName, _, _) = other,
                    let tunnel = tunnels[tunnelName], let line = lines[tunnel.line]
                else { continue }
                let fits = line.mtu - tunnel.encapsulation.overheadByteCount
                smallest = min(smallest ?? fits, fits)
            }
        }
        return smallest
    }
}

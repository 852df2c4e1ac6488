extension State {
    /// An object of any kind, and its revision: the number of the command that last changed it.
    public func object(_ key: ExchangeKey) -> (object: ExchangeObject, revision: UInt64)? {
        switch key {
        case .port(let name): ports.entry(of: name).map { (.port($0.object), $0.revision) }
        case .line(let name): lines.entry(of: name).map { (.line($0.object), $0.revision) }
        case .provider(let name): providers.entry(of: name).map { (.provider($0.object), $0.revision) }
        case .service(let name): services.entry(of: name).map { (.service($0.object), $0.revision) }
        case .tunnel(let name): tunnels.entry(of: name).map { (.tunnel($0.object), $0.revision) }
        case .subscriber(let name): subscribers.entry(of: name).map { (.subscriber($0.object), $0.revision) }
        case .condition(let use): conditions.entry(of: use).map { (.condition($0.object), $0.revision) }
        case .session(let name): sessions.entry(of: name).map { (.session($0.object), $0.revision) }
        case .label(let label): labels.entry(of: label).map { (.label($0.object), $0.revision) }
        }
    }

    /// Whether there is an object with this key.
    public func exists(_ key: ExchangeKey) -> Bool { revision(of: key) != nil }

    /// The revision of an object; nil: there is none.
    public func revision(of key: ExchangeKey) -> UInt64? {
        switch key {
        case .port(let name): ports.entry(of: name)?.revision
        case .line(let name): lines.entry(of: name)?.revision
        case .provider(let name): providers.entry(of: name)?.revision
        case .service(let name): services.entry(of: name)?.revision
        case .tunnel(let name): tunnels.entry(of: name)?.revision
        case .subscriber(let name): subscribers.entry(of: name)?.revision
        case .condition(let use): conditions.entry(of: use)?.revision
        case .session(let name): sessions.entry(of: name)?.revision
        case .label(let label): labels.entry(of: label)?.revision
        }
    }

    /// Whether exactly this object is there.
    public func holds(_ object: ExchangeObject) -> Bool {
        switch object {
        case .port(let port): ports[port.name] == port
        case .line(let line): lines[line.name] == line
        case .provider(let provider): providers[provider.name] == provider
        case .service(let service): services[service.name] == service
        case .tunnel(let tunnel): tunnels[tunnel.name] == tunnel
        case .subscriber(let subscriber): subscribers[subscriber.name] == subscriber
        case .condition(let condition): conditions[condition.use] == condition
        case .session(let session): sessions[session.name] == session
        case .label(let binding): labels[binding.in] == binding
        }
    }

    // MARK: Sessions and legs

    /// The leg that is counted in a slot: a present one of an open session, or a draining one.
    public func leg(inSlot slot: Int) -> LegRecord? { legs[slot] }

    /// Which session is counted in a slot now, and on which of its paths. Nil where nobody is, or the leg only drains.
    public func path(inSlot slot: Int) -> (session: Session, place: Int)? {
        guard let leg = legs[slot], !leg.isDraining, let entry = sessions.slot(leg.sessionName),
            let session = sessions.entry(entry)?.object,
            let place = sessionRecords[entry]?.paths.firstIndex(where: { $0.slot == slot })
        else { return nil }
        return (session, place)
    }

    /// Where a session is counted now, each of its ways by itself. None if it isn't open.
    public func counterSlots(ofSession name: String) -> [Int] {
        sessionRecord(name)?.paths.map(\.slot) ?? []
    }

    /// The names of a subscriber's sessions; none if there is no such subscriber. The cost is their number.
    public func sessions(ofSubscriber name: String) -> [String] {
        guard let slot = subscribers.slot(name) else { return [] }
        return index.sessionsOfSubscriber.dependents(of: slot).compactMap { sessions.entry($0)?.key }
    }

    /// What is known of an open session besides its definition.
    public func sessionRecord(_ name: String) -> SessionRecord? {
        sessions.slot(name).flatMap { sessionRecords[$0] }
    }

    /// The counter slots of sessions with several paths. Cost: goes through all sessions.
    public var groupedSlots: Set<Int> {
        var slots: Set<Int> = []
        for case let record? in sessionRecords where record.groupSlot != nil {
            slots.formUnion(record.paths.map(\.slot))
        }
        return slots
    }

    /// The counter slots of legs that are no longer used but not closed either, ascending.
    public var drainingSlots: [Int] { legs.drainingSlots }

    /// The latest time that anything here has happened at, in nanoseconds since the Unix epoch; 0: nothing has. The next
    /// command should not be earlier, lest a usage record end before it begins. Cost: goes through all counter slots.
    public var latestTime: UInt64 {
        let legs = legs.legs.reduce(0) { max($0, $1?.openedAt ?? 0) }
        return counterFiles.reduce(legs) { latest, file in
            file.baselines.reduce(latest) { max($0, $1?.until ?? 0) }
        }
    }

    /// The port where a subscriber's packets come in: their own, else that of a plain access leg (of several
    /// the one of the session in the highest slot). Nil where they come by tunnels only. The cost is the
    /// number of their sessions.
    public func accessPort(ofSubscriber name: String) -> String? {
        guard let entry = subscribers.slot(name), let subscriber = subscribers[name] else { return nil }
        if let port = subscriber.port { return port }
        var last: (session: Int, port: String)?
        for slot in index.sessionsOfSubscriber.dependents(of: entry) where slot > last?.session ?? -1 {
            guard case .plain(let port, _) = sessions.entry(slot)?.object.access.first else { continue }
            last = (slot, port)
        }
        return last?.port
    }

    // MARK: Counters

    /// What has been taken in of the leg in a slot, as one counter file of a forwarder has counted it since it started so:
    /// what the next reading is measured from. Nothing where file or start are others than those of the last reading.
    public func baseline(forwarder: String, file: UInt64, slot: Int, start: UInt64) -> Traffic {
        guard let present = counterFile(of: forwarder), present.file == file else { return Traffic() }
        return present.taken(slot, start: start)
    }

    /// The number of a forwarder's present counter file. Nil before its first reading.
    public func counterFile(ofForwarder name: String) -> UInt64? { counterFile(of: name)?.file }

    func counterFile(of forwarder: String) -> CounterFile? {
        counterFiles.first { $0.forwarder == forwarder }
    }

    // MARK: TUN ports

    /// The longest packet in bytes that fits all tunnels that sessions lead into from a port: the least line
    /// MTU less what the tunnel adds. So the kernel itself can tell senders what fits. Nil if no session
    /// leads into a tunnel.
    ///
    /// The cost is the number of such tunnels.
    public func tunMTU(port slot: Int) -> Int? {
        index.tunnels(behindPort: slot).compactMap { slot in
            guard let tunnel = tunnels.entry(slot)?.object, let line = lines[tunnel.line] else { return nil }
            return line.mtu - tunnel.encapsulation.overheadByteCount
        }.min()
    }
}

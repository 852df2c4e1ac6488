extension State {
    /// Carries out a command with which nothing is wrong: `validate(command)` must be empty.
    ///
    /// The cost is that of the objects it changes and of what depends on them.
    public mutating func apply(_ command: Command) -> Effects {
        sequence &+= 1
        switch command.action {
        case .change(let changes): return Effects(touched: change(changes, at: command.time))
        case .usage(let readings): return Effects(usage: take(readings, at: command.time))
        }
    }

    /// Puts objects in and takes objects out.
    ///
    /// Room is made first, so that a full table can be changed: all removals, then all puts.
    mutating func change(_ changes: [Change], at time: UInt64, keepsPlaces: Bool = false) -> [StateSlot] {
        let edits = changes.filter { !isWithoutEffect($0) }
        var touched = Touched()
        noteDependents(of: edits, in: &touched)
        let relabelled = sessionsToRelabel(edits)
        for edit in edits { note(edit.key, in: &touched) }
        for slot in relabelled { unindexAloneLabels(ofSession: slot) }
        for edit in edits { unindex(edit.key) }
        for edit in edits {
            if case .remove(let key) = edit.edit { remove(key, in: &touched) }
        }
        for edit in edits {
            guard case .put(let object) = edit.edit else { continue }
            put(object, keepsPlace: keepsPlaces, at: time, in: &touched)
        }
        for edit in edits {
            if case .put(let object) = edit.edit { index(object.key) }
        }
        for slot in relabelled { indexAloneLabels(ofSession: slot) }
        for edit in edits { note(edit.key, in: &touched) }
        noteRoutedPorts(in: &touched)
        return touched.slots(in: self)
    }

    private func isWithoutEffect(_ change: Change) -> Bool {
        guard case .put(let object) = change.edit else { return false }
        return holds(object)
    }

    /// Sessions that the edits leave as they are, but whose user labels arrive alone from now on, or no
    /// longer.
    private func sessionsToRelabel(_ edits: [Change]) -> [Int] {
        var relabelled: Set<Int> = []
        var result: [Int] = []
        for edit in edits {
            guard case .put(.tunnel(let tunnel)) = edit.edit, let slot = tunnels.slot(tunnel.name),
                tunnels[tunnel.name]?.isAlone != tunnel.isAlone
            else { continue }
            for session in sessions(inTunnel: slot) where relabelled.insert(session).inserted {
                result.append(session)
            }
        }
        guard !result.isEmpty else { return [] }
        let edited = Set(
            edits.compactMap { edit in
                if case .session(let name) = edit.key { sessions.slot(name) } else { nil }
            })
        return result.filter { !edited.contains($0) }
    }

    // MARK: One object

    private mutating func remove(_ key: ExchangeKey, in touched: inout Touched) {
        let slot: Int?
        switch key {
        case .port(let name): slot = ports.remove(name)
        case .line(let name): slot = lines.remove(name)
        case .provider(let name): slot = providers.remove(name)
        case .service(let name): slot = services.remove(name)
        case .tunnel(let name):
            slot = tunnels.remove(name)
            if let slot { index.aloneTunnels.remove(slot) }
        case .subscriber(let name): slot = subscribers.remove(name)
        case .condition(let use): slot = conditions.remove(use)
        case .session(let name):
            slot = sessions.remove(name)
            if let slot { retireLegs(ofSession: slot, in: &touched) }
        case .label(let label): slot = labels.remove(label)
        }
        if let slot { forgetReferences(of: key, slot: slot) }
    }

    private mutating func put(
        _ object: ExchangeObject, keepsPlace: Bool, at time: UInt64, in touched: inout Touched
    ) {
        // Of these there are most, and they are small: not by way of a second object.
        if case .label(var binding) = object {
            if !keepsPlace { binding.location = nil }
            labels.put(binding, binding.in, revision: sequence)
            return
        }
        switch keepsPlace ? object : object.withoutPlaces {
        case .port(let port): ports.put(port, port.name, revision: sequence)
        case .line(let line): lines.put(line, line.name, revision: sequence)
        case .provider(let provider): providers.put(provider, provider.name, revision: sequence)
        case .service(let service): services.put(service, service.name, revision: sequence)
        case .tunnel(let tunnel):
            let slot = tunnels.put(tunnel, tunnel.name, revision: sequence)
            if tunnel.isAlone { index.aloneTunnels.insert(slot) } else { index.aloneTunnels.remove(slot) }
        case .subscriber(let subscriber): subscribers.put(subscriber, subscriber.name, revision: sequence)
        case .condition(let condition): conditions.put(condition, condition.use, revision: sequence)
        case .session(let session):
            let before = sessions[session.name]
            let slot = sessions.put(session, session.name, revision: sequence)
            openLegs(of: session, before: before, slot: slot, at: time, in: &touched)
        case .label(let binding): labels.put(binding, binding.in, revision: sequence)
        }
    }

    // MARK: Legs

    /// Begins a session, or the next legs of one that takes other ways now. A path that stays keeps its leg and goes on
    /// counting in its slot.
    /// - Parameter before: the session as it was.
    private mutating func openLegs(
        of session: Session, before: Session?, slot: Int, at time: UInt64, in touched: inout Touched
    ) {
        while sessionRecords.count <= slot { sessionRecords.append(nil) }
        var record: SessionRecord
        if let present = sessionRecords[slot] {
            record = present
        } else {
            let number = max(nextSessionNumber, time / 1_000)
            record = SessionRecord(number: number, leg: 0, paths: [], openedAt: time, traffic: Traffic())
            nextSessionNumber = number &+ 1
        }
        let kept = session.paths.map { before?.place(ofKept: $0, in: session) }
        let former = record.paths
        for (place, path) in former.enumerated() where !kept.contains(place) {
            legs.retire(path.slot, by: sequence)
        }
        noteLegs(of: record, in: &touched)
        record.paths = kept.map { place in
            if let place { return former[place] }
            record.leg &+= 1
            let id = LegID(session: record.number, leg: record.leg)
            let leg = LegRecord(id: id, sessionName: session.name, openedAt: time)
            return SessionRecord.PresentLeg(leg: record.leg, slot: legs.open(leg))
        }
        sessionRecords[slot] = record
        noteLegs(of: record, in: &touched)
    }

    private mutating func retireLegs(ofSession slot: Int, in touched: inout Touched) {
        guard let record = sessionRecords[slot] else { return }
        for path in record.paths { legs.retire(path.slot, by: sequence) }
        noteLegs(of: record, in: &touched)
        sessionRecords[slot] = nil
    }

    private func noteLegs(of record: SessionRecord, in touched: inout Touched) {
        touched.legs += record.paths.map(\.slot)
        if let group = record.groupSlot { touched.groups.append(group) }
    }
}

extension Session {
    /// Where a path of another session, which this one becomes, stands among this one's paths, so that it goes on as
    /// the same leg. Nil: it is a new one.
    func place(ofKept path: Path, in next: Session) -> Int? {
        guard subscriber == next.subscriber, service == next.service else { return nil }
        return paths.firstIndex(of: path)
    }
}

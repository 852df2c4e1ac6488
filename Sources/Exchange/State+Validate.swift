extension State {
    /// Rejections after which no more are looked for.
    static let rejectionLimit = 50

    /// What is wrong with a command as things stand: at most 50 rejections, none if it may be applied.
    ///
    /// The cost is that of the objects it changes, of what depends on them, and of what those refer to or
    /// collide with.
    public func validate(_ command: Command) -> [Rejection] {
        switch command.action {
        case .change(let changes): rejections(of: changes)
        case .usage(let readings): rejections(of: readings)
        }
    }

    private func rejections(of changes: [Change]) -> [Rejection] {
        areFaultlessBindings(changes) ? [] : fullRejections(of: changes)
    }

    /// The same without a short way for what is plain.
    func fullRejections(of changes: [Change]) -> [Rejection] {
        var scope = Scope(self)
        var named: Set<ExchangeKey> = []
        var puts: [ExchangeObject] = []
        var removed: [ExchangeKey] = []
        var rejections: [Rejection] = []
        for change in changes where rejections.count < Self.rejectionLimit {
            let key = change.key
            let present = revision(of: key)
            if !named.insert(key).inserted {
                rejections.append(change.rejection("\(key) stands twice in one change; name it once"))
            } else if let rejection = revisionConflict(change, present) {
                rejections.append(rejection)
            } else {
                switch change.edit {
                case .put(let object) where holds(object):
                    break
                case .put(let object):
                    scope.put(object)
                    puts.append(object)
                case .remove where present == nil:
                    rejections.append(
                        change.rejection("there is no \(key), so it can't be removed", kind: .notFound))
                case .remove:
                    scope.remove(key)
                    removed.append(key)
                }
            }
        }
        rejections += excesses(scope, puts)
        for key in removed where rejections.count < Self.rejectionLimit {
            if let rejection = rejectionInUse(key, scope) { rejections.append(rejection) }
        }
        guard rejections.isEmpty && !puts.isEmpty else { return rejections }
        scope.gather(for: puts)
        var validation = Validation(
            scope.description, limit: Self.rejectionLimit, otherNames: { scope.names(ofKind: $0) })
        validation.checkAll()
        return validation.inFileOrder
    }

    private func revisionConflict(_ change: Change, _ present: UInt64?) -> Rejection? {
        guard let expected = change.expectedRevision, expected != present ?? 0 else { return nil }
        let key = change.key
        switch (present, change.edit) {
        case (nil, .remove):
            return change.rejection("there is no \(key), so it can't be removed", kind: .notFound)
        case (nil, .put):
            return change.rejection(
                "\(key) was expected at revision \(expected), and isn't there (revision 0): somebody has "
                    + "removed it; look again, then decide", kind: .conflict)
        case (let present?, _) where expected == 0:
            return change.rejection(
                "\(key) is there already, at revision \(present), and was expected not to be (revision 0); change "
                    + "that one, or choose another name", kind: .conflict)
        case (let present?, _):
            return change.rejection(
                "\(key) was expected at revision \(expected), and is at revision \(present): somebody has "
                    + "changed it; look again, then decide", kind: .conflict)
        }
    }

    // MARK: Counts

    private func excesses(_ scope: Scope, _ puts: [ExchangeObject]) -> [Rejection] {
        let counts: [(Int, String, Int)] = [
            (scope.ports.count, "port", Limits.ports), (scope.lines.count, "line", Limits.lines),
            (scope.providers.count, "provider", Limits.providers),
            (scope.services.count, "service", Limits.services),
            (scope.tunnels.count, "tunnel", Limits.tunnels),
            (scope.subscribers.count, "subscriber", Limits.subscribers),
            (scope.conditions.count, "condition", Limits.conditions),
            (scope.sessions.count, "session", Limits.sessions), (scope.labels.count, "label", Limits.labels),
        ]
        var rejections = counts.filter { $0.0 > $0.2 }.map { count, kind, limit in
            Rejection(Validation.tooMany(count, kind, atMost: limit), kind: .limit)
        }
        let legCount = puts.reduce(0) { count, object in
            if case .session(let session) = object { count + newLegCount(session) } else { count }
        }
        if legCount > legs.freeSlotCount {
            rejections.append(
                Rejection(
                    "\(legCount) paths of sessions begin, and \(legs.freeSlotCount) of "
                        + "\(legs.capacity) slots for their counters are free; wait until the counters of those "
                        + "that ended have been taken in (a forwarder must be connected), or change fewer at once",
                    kind: .limit))
        }
        return rejections
    }

    /// Legs that begin where a session is put.
    private func newLegCount(_ session: Session) -> Int {
        guard let present = sessions[session.name] else { return session.paths.count }
        return session.paths.count { present.place(ofKept: $0, in: session) == nil }
    }

    // MARK: Removals

    /// Refuses to take out what others refer to that stay as they are. Those that change are judged with the
    /// rest.
    private func rejectionInUse(_ key: ExchangeKey, _ scope: Scope) -> Rejection? {
        var users: [ExchangeKey] = []
        var count = 0
        forEachUser(of: key) { user in
            guard !scope.isEdited(user) else { return }
            count += 1
            if users.count < 3 { users.append(user) }
        }
        guard count > 0 else { return nil }
        let names =
            users.map { "\($0)" }.joined(separator: ", ") + (count > 3 ? " and \(count - 3) more" : "")
        return Rejection(
            "\(key) can't be removed while it is used by \(names); remove them too in the same change, or "
                + "have them name another")
    }

    /// Goes through those who name an object, kind by kind.
    private func forEachUser(of key: ExchangeKey, _ body: (ExchangeKey) -> Void) {
        switch key {
        case .port(let name):
            guard let slot = ports.slot(name) else { return }
            each(index.linesOfPort, slot, lines, ExchangeKey.line, body)
            each(index.subscribersOfPort, slot, subscribers, ExchangeKey.subscriber, body)
            each(index.accessOfPort, slot, sessions, ExchangeKey.session, body)
            each(index.networkOfPort, slot, sessions, ExchangeKey.session, body)
        case .line(let name):
            guard let slot = lines.slot(name) else { return }
            each(index.tunnelsOfLine, slot, tunnels, ExchangeKey.tunnel, body)
            each(index.labelsOfLine, slot, labels, ExchangeKey.label, body)
        case .provider(let name):
            guard let slot = providers.slot(name) else { return }
            each(index.servicesOfProvider, slot, services, ExchangeKey.service, body)
        case .service(let name):
            guard let slot = services.slot(name) else { return }
            each(index.conditionsOfService, slot, conditions, ExchangeKey.condition, body)
            each(index.sessionsOfService, slot, sessions, ExchangeKey.session, body)
        case .tunnel(let name):
            guard let slot = tunnels.slot(name) else { return }
            each(index.accessOfTunnel, slot, sessions, ExchangeKey.session, body)
            each(index.networkOfTunnel, slot, sessions, ExchangeKey.session, body)
            for further in index.furtherOfTunnel { each(further, slot, sessions, ExchangeKey.session, body) }
            each(index.labelsOfTunnel, slot, labels, ExchangeKey.label, body)
        case .subscriber(let name):
            guard let slot = subscribers.slot(name) else { return }
            each(index.conditionsOfSubscriber, slot, conditions, ExchangeKey.condition, body)
            each(index.sessionsOfSubscriber, slot, sessions, ExchangeKey.session, body)
        case .condition(let use):
            if let name = session(of: use).flatMap({ sessions.entry($0)?.key }) { body(.session(name)) }
        case .session, .label:
            break
        }
    }

    private func each<Key: RegisterKey, Object>(
        _ references: References, _ referent: Int, _ register: Register<Key, Object>,
        _ kind: (Key) -> ExchangeKey, _ body: (ExchangeKey) -> Void
    ) {
        for slot in references.dependents(of: referent) {
            if let key = register.entry(slot)?.key { body(kind(key)) }
        }
    }
}

extension Change {
    /// A rejection of this change, where its object stood in a file.
    fileprivate func rejection(_ message: String, kind: Rejection.Kind = .invalid) -> Rejection {
        Rejection(message, at: location, kind: kind)
    }

    private var location: SourceLocation? {
        guard case .put(let object) = edit else { return nil }
        return switch object {
        case .port(let port): port.location
        case .line(let line): line.location
        case .provider(let provider): provider.location
        case .service(let service): service.location
        case .tunnel(let tunnel): tunnel.location
        case .subscriber(let subscriber): subscriber.location
        case .condition(let condition): condition.location
        case .session(let session): session.location
        case .label(let binding): binding.location
        }
    }
}

extension ExchangeKey: CustomStringConvertible {
    /// As in "port `core0`", "condition for `alice` and `video`" and "label 16001".
    public var description: String {
        switch self {
        case .port(let name): "port `\(Validation.shortened(name))`"
        case .line(let name): "line `\(Validation.shortened(name))`"
        case .provider(let name): "provider `\(Validation.shortened(name))`"
        case .service(let name): "service `\(Validation.shortened(name))`"
        case .tunnel(let name): "tunnel `\(Validation.shortened(name))`"
        case .subscriber(let name): "subscriber `\(Validation.shortened(name))`"
        case .condition(let use):
            "condition for `\(Validation.shortened(use.subscriber))` and `\(Validation.shortened(use.service))`"
        case .session(let name): "session `\(Validation.shortened(name))`"
        case .label(let label): "label \(label)"
        }
    }
}

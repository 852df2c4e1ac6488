extension State {
    /// All objects, those of each kind by their slots.
    public var description: ExchangeDescription {
        var description = ExchangeDescription()
        description.ports = ports.all.map(\.entry.object)
        description.lines = lines.all.map(\.entry.object)
        description.providers = providers.all.map(\.entry.object)
        description.services = services.all.map(\.entry.object)
        description.tunnels = tunnels.all.map(\.entry.object)
        description.subscribers = subscribers.all.map(\.entry.object)
        description.conditions = conditions.all.map(\.entry.object)
        description.sessions = sessions.all.map(\.entry.object)
        description.labels = labels.all.map(\.entry.object)
        return description
    }

    /// The least that makes this state's objects those of `description`: what is new or different is put in,
    /// in the order of the description, then what is missing is taken out, dependents first. None if they are
    /// the same.
    ///
    /// Conditions of the same pair are joined. An object that the description has twice is put in twice or
    /// more often, which `validate` refuses. Linear in the number of objects.
    public func changes(to description: ExchangeDescription) -> [Change] {
        let wanted = description.joiningConditions
        let ports = Difference(from: ports, to: wanted.ports, \.name, ExchangeObject.port)
        let lines = Difference(from: lines, to: wanted.lines, \.name, ExchangeObject.line)
        let providers = Difference(from: providers, to: wanted.providers, \.name, ExchangeObject.provider)
        let services = Difference(from: services, to: wanted.services, \.name, ExchangeObject.service)
        let tunnels = Difference(from: tunnels, to: wanted.tunnels, \.name, ExchangeObject.tunnel)
        let subscribers = Difference(
            from: subscribers, to: wanted.subscribers, \.name, ExchangeObject.subscriber)
        let conditions = Difference(from: conditions, to: wanted.conditions, \.use, ExchangeObject.condition)
        let sessions = Difference(from: sessions, to: wanted.sessions, \.name, ExchangeObject.session)
        let labels = Difference(from: labels, to: wanted.labels, \.in, ExchangeObject.label)
        let puts = [
            ports.puts, lines.puts, providers.puts, services.puts, tunnels.puts, subscribers.puts,
            conditions.puts, sessions.puts, labels.puts,
        ]
        let removals = [
            labels.missing.map(ExchangeKey.label), sessions.missing.map(ExchangeKey.session),
            conditions.missing.map(ExchangeKey.condition), subscribers.missing.map(ExchangeKey.subscriber),
            tunnels.missing.map(ExchangeKey.tunnel), services.missing.map(ExchangeKey.service),
            providers.missing.map(ExchangeKey.provider), lines.missing.map(ExchangeKey.line),
            ports.missing.map(ExchangeKey.port),
        ]
        return puts.joined().map { Change(.put($0)) } + removals.joined().map { Change(.remove($0)) }
    }
}

/// What a list has that a register hasn't, and the reverse.
private struct Difference<Key: RegisterKey> {
    /// In the order of the list.
    var puts: [ExchangeObject] = []
    /// In the order of the slots.
    var missing: [Key] = []

    init<Object: Equatable & Sendable>(
        from register: Register<Key, Object>, to wanted: [Object], _ key: (Object) -> Key,
        _ object: (Object) -> ExchangeObject
    ) {
        var seen: Set<Key> = []
        seen.reserveCapacity(wanted.count)
        for element in wanted {
            let key = key(element)
            if !seen.insert(key).inserted {
                // Twice, since the first may be what is there already.
                puts += [object(element), object(element)]
            } else if register[key] != element {
                puts.append(object(element))
            }
        }
        for (_, entry) in register.all where !seen.contains(entry.key) { missing.append(entry.key) }
    }
}

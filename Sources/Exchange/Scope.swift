import Wire

/// What is to be judged of a change: what it puts in, all that depends on it, all that these refer to, and
/// whatever they could collide with. Small where the change is, however large the state.
///
/// Whatever rule the state would break after the change, those who break it together are here: either the
/// change puts one of them in, or one refers to what it puts in, and the others are referred to, or found by
/// the index. And since what an object in here refers to is here too, nothing is found wrong that isn't.
struct Scope {
    let state: State
    var ports: Draft<String, Port>
    var lines: Draft<String, Line>
    var providers: Draft<String, Provider>
    var services: Draft<String, Service>
    var tunnels: Draft<String, Tunnel>
    var subscribers: Draft<String, Subscriber>
    var conditions: Draft<UseOfService, Condition>
    var sessions: Draft<String, Session>
    var labels: Draft<Label, LabelBinding>
    /// Lines whose tunnels have been taken in, to be added up.
    var summedLines: Set<String> = []

    init(_ state: State) {
        self.state = state
        ports = Draft(state.ports)
        lines = Draft(state.lines)
        providers = Draft(state.providers)
        services = Draft(state.services)
        tunnels = Draft(state.tunnels)
        subscribers = Draft(state.subscribers)
        conditions = Draft(state.conditions)
        sessions = Draft(state.sessions)
        labels = Draft(state.labels)
    }

    // MARK: The change

    mutating func put(_ object: ExchangeObject) {
        switch object {
        case .port(let port): ports.put(port, port.name)
        case .line(let line): lines.put(line, line.name)
        case .provider(let provider): providers.put(provider, provider.name)
        case .service(let service): services.put(service, service.name)
        case .tunnel(let tunnel): tunnels.put(tunnel, tunnel.name)
        case .subscriber(let subscriber): subscribers.put(subscriber, subscriber.name)
        case .condition(let condition): conditions.put(condition, condition.use)
        case .session(let session): sessions.put(session, session.name)
        case .label(let binding): labels.put(binding, binding.in)
        }
    }

    mutating func remove(_ key: ExchangeKey) {
        switch key {
        case .port(let name): ports.remove(name)
        case .line(let name): lines.remove(name)
        case .provider(let name): providers.remove(name)
        case .service(let name): services.remove(name)
        case .tunnel(let name): tunnels.remove(name)
        case .subscriber(let name): subscribers.remove(name)
        case .condition(let use): conditions.remove(use)
        case .session(let name): sessions.remove(name)
        case .label(let label): labels.remove(label)
        }
    }

    /// Whether the change puts this object in or takes it out.
    func isEdited(_ key: ExchangeKey) -> Bool {
        switch key {
        case .port(let name): ports.isEdited(name)
        case .line(let name): lines.isEdited(name)
        case .provider(let name): providers.isEdited(name)
        case .service(let name): services.isEdited(name)
        case .tunnel(let name): tunnels.isEdited(name)
        case .subscriber(let name): subscribers.isEdited(name)
        case .condition(let use): conditions.isEdited(use)
        case .session(let name): sessions.isEdited(name)
        case .label(let label): labels.isEdited(label)
        }
    }

    // MARK: What is judged

    /// Gathers all that the objects put in are to be held against.
    mutating func gather(for puts: [ExchangeObject]) {
        var dependents = Dependents()
        for object in puts {
            includeReferents(of: object)
            includeColliding(with: object)
            state.addDependents(of: object.key, to: &dependents)
        }
        for slot in dependents.lines { judge(lines.untouched(slot).map { .line($0) }) }
        for slot in dependents.tunnels { judge(tunnels.untouched(slot).map { .tunnel($0) }) }
        for slot in dependents.subscribers { judge(subscribers.untouched(slot).map { .subscriber($0) }) }
        for slot in dependents.sessions { judge(sessions.untouched(slot).map { .session($0) }) }
        for slot in dependents.labels { judge(labels.untouched(slot).map { .label($0) }) }
    }

    /// Takes in a dependent, which may be here already for another to be held against, and what it is to be
    /// held against itself.
    private mutating func judge(_ dependent: ExchangeObject?) {
        guard let dependent else { return }
        switch dependent.key {
        case .line(let name): includeLine(name)
        case .tunnel(let name): includeTunnel(name)
        case .subscriber(let name): includeSubscriber(name)
        case .session(let name): includeSession(name)
        case .label(let label): includeLabel(label)
        case .port, .provider, .service, .condition: break
        }
        includeColliding(with: dependent)
    }

    var description: ExchangeDescription {
        var description = ExchangeDescription()
        description.ports = ports.scope
        description.lines = lines.scope
        description.providers = providers.scope
        description.services = services.scope
        description.tunnels = tunnels.scope
        description.subscribers = subscribers.scope
        description.conditions = conditions.scope
        description.sessions = sessions.scope
        description.labels = labels.scope
        return description
    }

    /// The names that a wrong one may have been meant for.
    func names(ofKind kind: String) -> [String] {
        switch kind {
        case "port": ports.names
        case "line": lines.names
        case "provider": providers.names
        case "service": services.names
        case "tunnel": tunnels.names
        case "subscriber": subscribers.names
        default: []
        }
    }

    // MARK: References

    private mutating func includeReferents(of object: ExchangeObject) {
        switch object {
        case .port, .provider: break
        case .line(let line): includePort(line.port)
        case .service(let service): includeProvider(service.provider)
        case .tunnel(let tunnel): includeLine(tunnel.line)
        case .subscriber(let subscriber): if let port = subscriber.port { includePort(port) }
        case .condition(let condition): includeEnds(of: condition.use)
        case .session(let session):
            let use = UseOfService(subscriber: session.subscriber, service: session.service)
            includeEnds(of: use)
            _ = conditions.include(use)
            for leg in session.access.each + session.network.each {
                switch leg {
                case .plain(let port, _): includePort(port)
                case .tunnel(let tunnel, _, _): includeTunnel(tunnel)
                }
            }
        case .label(let binding):
            switch binding.via {
            case .line(let name): includeLine(name)
            case .tunnel(let name): includeTunnel(name)
            }
        }
    }

    private mutating func includeEnds(of use: UseOfService) {
        includeSubscriber(use.subscriber)
        includeService(use.service)
    }

    mutating func includePort(_ name: String) { _ = ports.include(name) }

    mutating func includeLine(_ name: String) {
        if let line = lines.include(name) { includePort(line.port) }
    }

    private mutating func includeProvider(_ name: String) { _ = providers.include(name) }

    mutating func includeService(_ name: String) {
        if let service = services.include(name) { includeProvider(service.provider) }
    }

    mutating func includeTunnel(_ name: String) {
        if let tunnel = tunnels.include(name) { includeLine(tunnel.line) }
    }

    mutating func includeSubscriber(_ name: String) {
        if let port = subscribers.include(name)?.port { includePort(port) }
    }

    mutating func includeSession(_ name: String) {
        if let session = sessions.include(name) { includeReferents(of: .session(session)) }
    }

    mutating func includeLabel(_ label: Label) {
        if let binding = labels.include(label) { includeReferents(of: .label(binding)) }
    }
}

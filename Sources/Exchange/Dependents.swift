/// Objects that must be looked at again when another is put in or taken out, by slot. One may stand here more
/// than once.
struct Dependents {
    var lines: [Int] = []
    var tunnels: [Int] = []
    var subscribers: [Int] = []
    var sessions: [Int] = []
    var labels: [Int] = []
}

extension State {
    /// Adds what depends on an object, directly or by way of others, as things stand.
    ///
    /// A port's tunnels depend on it, for what can cross it, but not the sessions in them: those know it by
    /// its slot alone.
    func addDependents(of key: ExchangeKey, to dependents: inout Dependents) {
        switch key {
        case .port(let name):
            guard let port = ports.slot(name) else { return }
            for line in index.linesOfPort.dependents(of: port) {
                dependents.lines.append(line)
                dependents.tunnels += index.tunnelsOfLine.dependents(of: line)
                dependents.labels += index.labelsOfLine.dependents(of: line)
            }
            dependents.subscribers += index.subscribersOfPort.dependents(of: port)
            dependents.sessions += index.accessOfPort.dependents(of: port)
            dependents.sessions += index.networkOfPort.dependents(of: port)
        case .line(let name):
            guard let line = lines.slot(name) else { return }
            dependents.labels += index.labelsOfLine.dependents(of: line)
            for tunnel in index.tunnelsOfLine.dependents(of: line) {
                dependents.tunnels.append(tunnel)
                addDependents(ofTunnel: tunnel, to: &dependents)
            }
        case .tunnel(let name):
            if let tunnel = tunnels.slot(name) { addDependents(ofTunnel: tunnel, to: &dependents) }
        case .service(let name):
            guard let service = services.slot(name) else { return }
            dependents.sessions += index.sessionsOfService.dependents(of: service)
        case .subscriber(let name):
            guard let subscriber = subscribers.slot(name) else { return }
            dependents.sessions += index.sessionsOfSubscriber.dependents(of: subscriber)
        case .condition(let use):
            if let session = session(of: use) { dependents.sessions.append(session) }
        case .provider, .session, .label:
            break
        }
    }

    private func addDependents(ofTunnel tunnel: Int, to dependents: inout Dependents) {
        dependents.labels += index.labelsOfTunnel.dependents(of: tunnel)
        dependents.sessions += sessions(inTunnel: tunnel)
    }

    /// The slots of the sessions with a leg in a tunnel.
    func sessions(inTunnel tunnel: Int) -> [Int] {
        Array(index.accessOfTunnel.dependents(of: tunnel))
            + Array(index.networkOfTunnel.dependents(of: tunnel))
            + index.furtherOfTunnel.flatMap { Array($0.dependents(of: tunnel)) }
    }

    /// The slot of the session that a use of a service is made by.
    func session(of use: UseOfService) -> Int? {
        guard let subscriber = subscribers.slot(use.subscriber), let service = services.slot(use.service)
        else {
            return nil
        }
        return index.sessionsByUse[StateIndex.useKey(subscriber: subscriber, service: service)]
    }
}

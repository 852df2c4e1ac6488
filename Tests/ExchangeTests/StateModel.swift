import Wire

@testable import Exchange

/// What a state must say, worked out from all its objects without any index.
enum StateModel {
    /// The description that changes lead to.
    static func description(_ state: State, after changes: [Change]) -> ExchangeDescription {
        var result = state.description
        for change in changes {
            switch change.edit {
            case .put(.port(let port)): put(port, \.name, &result.ports)
            case .put(.line(let line)): put(line, \.name, &result.lines)
            case .put(.provider(let provider)): put(provider, \.name, &result.providers)
            case .put(.service(let service)): put(service, \.name, &result.services)
            case .put(.tunnel(let tunnel)): put(tunnel, \.name, &result.tunnels)
            case .put(.subscriber(let subscriber)): put(subscriber, \.name, &result.subscribers)
            case .put(.condition(let condition)): put(condition, \.use, &result.conditions)
            case .put(.session(let session)): put(session, \.name, &result.sessions)
            case .put(.label(let binding)): put(binding, \.in, &result.labels)
            case .remove(.port(let name)): result.ports.removeAll { $0.name == name }
            case .remove(.line(let name)): result.lines.removeAll { $0.name == name }
            case .remove(.provider(let name)): result.providers.removeAll { $0.name == name }
            case .remove(.service(let name)): result.services.removeAll { $0.name == name }
            case .remove(.tunnel(let name)): result.tunnels.removeAll { $0.name == name }
            case .remove(.subscriber(let name)): result.subscribers.removeAll { $0.name == name }
            case .remove(.condition(let use)): result.conditions.removeAll { $0.use == use }
            case .remove(.session(let name)): result.sessions.removeAll { $0.name == name }
            case .remove(.label(let label)): result.labels.removeAll { $0.in == label }
            }
        }
        return result
    }

    private static func put<Object, Key: Equatable>(
        _ object: Object, _ key: (Object) -> Key, _ list: inout [Object]
    ) {
        if let place = list.firstIndex(where: { key($0) == key(object) }) {
            list[place] = object
        } else {
            list.append(object)
        }
    }

    /// Whether changes must be refused.
    static func isWrong(_ changes: [Change], _ state: State) -> Bool {
        var newLegs = 0
        for change in changes {
            let present = state.object(change.key)
            if changes.count(where: { $0.key == change.key }) > 1 { return true }
            if let expected = change.expectedRevision, expected != present?.revision ?? 0 { return true }
            switch change.edit {
            case .remove: if present == nil { return true }
            case .put(let object):
                guard case .session(let session) = object, present?.object != object else { break }
                newLegs += session.paths.count
                guard case .session(let before)? = present?.object, before.subscriber == session.subscriber,
                    before.service == session.service
                else { break }
                newLegs -= session.paths.count { before.paths.contains($0) }
            }
        }
        let inUse = (0..<state.legs.capacity).count { state.leg(inSlot: $0) != nil }
        return inUse + newLegs > state.legs.capacity && newLegs > 0
            || !description(state, after: changes).validate(limit: 1).isEmpty
    }

    /// The smallest inner packet of all tunnels that sessions lead into from a port.
    static func tunMTU(_ state: State, _ slot: Int) -> Int? {
        state.sessions.all.flatMap { _, entry in
            entry.object.paths.flatMap { [($0.access, $0.network), ($0.network, $0.access)] }
                .compactMap { leg, other -> Int? in
                    guard case .plain(let port, _) = leg, state.ports.slot(port) == slot,
                        case .tunnel(let name, _, _) = other, let tunnel = state.tunnels[name],
                        let line = state.lines[tunnel.line]
                    else { return nil }
                    return line.mtu - tunnel.encapsulation.overheadByteCount
                }
        }.min()
    }

    // MARK: What tables are made of

    /// All that the table object of each slot could be made from.
    static func views(_ state: State) -> [StateSlot: String] {
        var views: [StateSlot: String] = [:]
        for (slot, entry) in state.ports.all { views[.port(slot)] = view(entry.object, slot, state) }
        for (slot, entry) in state.tunnels.all { views[.tunnel(slot)] = view(entry.object, state) }
        for (slot, entry) in state.subscribers.all {
            let port = state.accessPort(ofSubscriber: entry.key).flatMap { state.ports.slot($0) }
            views[.subscriber(slot)] = "\(entry.object.addresses) \(entry.object.vlan) \(port ?? -1)"
        }
        for (slot, entry) in state.services.all { views[.service(slot)] = "\(entry.object.prefixes)" }
        for (_, entry) in state.sessions.all {
            guard let record = state.sessionRecord(entry.key) else { continue }
            for (path, present) in zip(entry.object.paths, record.paths) {
                views[.leg(present.slot)] =
                    view(entry.object, path, state) + " \(state.leg(inSlot: present.slot)!.id)"
            }
            if record.paths.count > 1 {
                views[.group(record.paths[0].slot)] =
                    "\(entry.object.subscriber) \(entry.object.service) \(record.paths.map(\.slot))"
            }
        }
        for (_, entry) in state.labels.all {
            var way = ""
            switch entry.object.via {
            case .line(let name): way = line(name, state)
            case .tunnel(let name): way = state.tunnels[name].map { view($0, state) } ?? "?"
            }
            views[.label(entry.key)] = "\(entry.object.operation) \(way)"
        }
        return views
    }

    private static func view(_ port: Port, _ slot: Int, _ state: State) -> String {
        guard case .tun = port.medium else { return "\(port)" }
        let description = state.description
        let routes =
            port.routes != .automatic
            ? ""
            : "\(port.role == .access ? description.services.map(\.prefixes) : description.subscribers.map(\.addresses))"
        return "\(port) \(tunMTU(state, slot) ?? 0) \(routes)"
    }

    private static func line(_ name: String, _ state: State) -> String {
        guard let line = state.lines[name], let slot = state.ports.slot(line.port) else { return "?" }
        return
            "\(line.mtu) \(line.vlan) \(line.nextHop.map { "\($0)" } ?? "") \(slot) \(state.ports[line.port]!.isEthernet)"
    }

    private static func view(_ tunnel: Tunnel, _ state: State) -> String {
        "\(tunnel.encapsulation) \(tunnel.clampsMSS) \(tunnel.policer.map { "\($0)" } ?? "") \(line(tunnel.line, state))"
    }

    private static func view(_ session: Session, _ path: Session.Path, _ state: State) -> String {
        let use = UseOfService(subscriber: session.subscriber, service: session.service)
        let subscriber = state.subscribers[session.subscriber]
        var text =
            "\(state.subscribers.slot(session.subscriber) ?? -1) \(state.services.slot(session.service) ?? -1)"
        text +=
            "\(subscriber?.vlan ?? []) \(subscriber?.nextHop.map { "\($0)" } ?? "") \(state.conditions[use]?.allow ?? [])"
        text += " \(session.paths.count > 1) \(session.upPolicer.map { "\($0)" } ?? "")"
        text += session.downPolicer.map { "\($0)" } ?? ""
        for leg in [path.access, path.network] {
            switch leg {
            case .plain(let name, let nextHop):
                text +=
                    " \(state.ports.slot(name) ?? -1) \(state.ports[name]!.isEthernet) \(nextHop.map { "\($0)" } ?? "")"
            case .tunnel(let name, let send, let receive):
                text +=
                    " \(state.tunnels.slot(name) ?? -1) \(state.tunnels[name].map { view($0, state) } ?? "?")"
                text += " \(send?.rawValue ?? 0) \(receive?.rawValue ?? 0)"
            }
        }
        return text
    }
}

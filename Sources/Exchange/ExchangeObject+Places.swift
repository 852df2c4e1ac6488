extension ExchangeObject {
    /// The same without the places where it stood in a file: they say nothing once it is part of a state.
    var withoutPlaces: ExchangeObject {
        switch self {
        case .port(var port):
            port.location = nil
            for place in port.neighbours.indices { port.neighbours[place].location = nil }
            return .port(port)
        case .line(var line):
            line.location = nil
            return .line(line)
        case .provider(var provider):
            provider.location = nil
            return .provider(provider)
        case .service(var service):
            service.location = nil
            return .service(service)
        case .tunnel(var tunnel):
            tunnel.location = nil
            return .tunnel(tunnel)
        case .subscriber(var subscriber):
            subscriber.location = nil
            return .subscriber(subscriber)
        case .condition(var condition):
            condition.location = nil
            for place in (condition.allow ?? []).indices { condition.allow?[place].location = nil }
            return .condition(condition)
        case .session(var session):
            session.location = nil
            return .session(session)
        case .label(var binding):
            binding.location = nil
            return .label(binding)
        }
    }
}

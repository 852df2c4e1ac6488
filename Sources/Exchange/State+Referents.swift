/// What objects refer to, by slot: as `State` keeps it, without a look at names.
extension State {
    /// The slots of what a session refers to. Legs are the first of each side.
    public struct SessionReferents: Hashable, Sendable {
        public var subscriber: Int
        public var service: Int
        public var access: Place
        public var network: Place
    }

    /// Where a leg is.
    public enum Place: Hashable, Sendable {
        case port(Int)
        case tunnel(Int)
    }

    /// What the session in a slot refers to; nil: there is none.
    public func referents(ofSession slot: Int) -> SessionReferents? {
        guard let subscriber = index.sessionsOfSubscriber.referent(of: slot),
            let service = index.sessionsOfService.referent(of: slot),
            let access = place(slot, index.accessOfPort, index.accessOfTunnel),
            let network = place(slot, index.networkOfPort, index.networkOfTunnel)
        else { return nil }
        return SessionReferents(subscriber: subscriber, service: service, access: access, network: network)
    }

    private func place(_ slot: Int, _ ports: References, _ tunnels: References) -> Place? {
        ports.referent(of: slot).map { .port($0) } ?? tunnels.referent(of: slot).map { .tunnel($0) }
    }

    /// The slot of the line or tunnel that the binding in a slot leads to.
    public func referent(ofLabel slot: Int) -> (line: Int?, tunnel: Int?) {
        (index.labelsOfLine.referent(of: slot), index.labelsOfTunnel.referent(of: slot))
    }

    /// The slot of a line's port.
    public func port(ofLine slot: Int) -> Int? { index.linesOfPort.referent(of: slot) }

    /// The slot of a tunnel's line.
    public func line(ofTunnel slot: Int) -> Int? { index.tunnelsOfLine.referent(of: slot) }

    /// The slot of the port that a subscriber names.
    public func port(ofSubscriber slot: Int) -> Int? { index.subscribersOfPort.referent(of: slot) }

    /// What is known of the session in a slot besides its definition.
    public func sessionRecord(inSlot slot: Int) -> SessionRecord? {
        sessionRecords.indices.contains(slot) ? sessionRecords[slot] : nil
    }

    /// What lets a subscriber use a service, both by slot.
    public func condition(subscriber: Int, service: Int) -> Condition? {
        // Most have few, which are found faster than by two names.
        for (count, slot) in index.conditionsOfSubscriber.dependents(of: subscriber).enumerated() {
            if index.conditionsOfService.referent(of: slot) == service {
                return conditions.entry(slot)?.object
            }
            if count == 8 { break }
        }
        guard let subscriber = subscribers.entry(subscriber)?.key, let service = services.entry(service)?.key
        else { return nil }
        return conditions[UseOfService(subscriber: subscriber, service: service)]
    }
}

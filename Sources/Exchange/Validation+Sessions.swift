import Wire

extension Validation {
    mutating func checkConditions() {
        for condition in exchange.conditions {
            let user = "condition for `\(condition.subscriber)` and `\(condition.service)`"
            _ = resolve(condition.subscriber, in: subscribers, for: user, at: condition.location)
            _ = resolve(condition.service, in: services, for: user, at: condition.location)
            check(condition.allow, for: user, at: condition.location)
        }
        for joined in exchange.joiningConditions.conditions where joined.ruleCount > Limits.rulesPerUse {
            reject(
                "the conditions of subscriber `\(joined.subscriber)` for service `\(joined.service)` make "
                    + "\(joined.ruleCount) rules, a port range each, and at most \(Limits.rulesPerUse) are "
                    + "allowed; join ranges", at: joined.location)
        }
    }

    private mutating func check(_ rules: [Rule]?, for user: String, at location: SourceLocation?) {
        guard let rules else { return }
        if rules.isEmpty {
            reject(
                "\(user): an empty `allow` admits nothing; leave it out to allow the whole service",
                at: location)
        }
        for rule in rules where !rule.ports.isEmpty {
            if !rule.protocol.hasPorts {
                reject(
                    "\(user): only tcp, udp and sctp have ports; leave `ports` out, or name one of these",
                    at: rule.location ?? location)
            } else if rule.ports.count > Limits.portRangesPerRule {
                reject(
                    "\(user): a rule has at most \(Limits.portRangesPerRule) port ranges; join some, or add "
                        + "a rule", at: rule.location ?? location)
            }
        }
    }

    mutating func checkSessions() {
        let admitted = admittedUses()
        var sessions: [UseByPlace: String] = [:]
        for session in exchange.sessions {
            let user = "session `\(session.name)`"
            let subscriber = resolve(session.subscriber, in: subscribers, for: user, at: session.location)
            let service = resolve(session.service, in: services, for: user, at: session.location)
            checkTunnels(of: session)
            guard let subscriber, let service else { continue }
            let use = UseByPlace(subscriber: subscriber, service: service)
            if !admitted.contains(use) {
                reject(
                    "\(user): no condition lets `\(session.subscriber)` use `\(session.service)`; add one "
                        + "under `conditions:`", at: session.location)
            }
            if let other = sessions[use] {
                reject(
                    "\(user): session `\(other)` joins `\(session.subscriber)` and `\(session.service)` "
                        + "already; remove one", at: session.location)
            } else {
                sessions[use] = session.name
            }
            checkAccessLeg(of: session, for: exchange.subscribers[subscriber])
            checkNetworkLeg(of: session)
            checkIPv6Fits(session, exchange.subscribers[subscriber], exchange.services[service])
        }
    }

    private func admittedUses() -> Set<UseByPlace> {
        Set(
            exchange.conditions.lazy.compactMap {
                guard let subscriber = subscribers[$0.subscriber], let service = services[$0.service] else {
                    return nil
                }
                return UseByPlace(subscriber: subscriber, service: service)
            })
    }
}

/// A subscriber and a service, by their places in the lists.
private struct UseByPlace: Hashable {
    var subscriber: Int
    var service: Int
}

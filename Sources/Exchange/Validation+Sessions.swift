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
                    + "\(joined.ruleCount) rules, a port range or ICMP type each, and at most \(Limits.rulesPerUse) are "
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
        for rule in rules {
            checkTypes(of: rule, for: user, at: rule.location ?? location)
            checkDSCPs(of: rule, for: user, at: rule.location ?? location)
            guard !rule.ports.isEmpty else { continue }
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

    private mutating func checkTypes(of rule: Rule, for user: String, at location: SourceLocation?) {
        guard !rule.types.isEmpty else { return }
        let versions = rule.protocol.icmpVersions
        if versions.isEmpty {
            reject("\(user): only icmp (or 1, or 58) has types; leave `types` out, or name it", at: location)
            return
        }
        if rule.types.count > Limits.typesPerRule {
            reject(
                "\(user): a rule has at most \(Limits.typesPerRule) ICMP types; add a rule", at: location)
        }
        if Set(rule.types).count < rule.types.count {
            reject("\(user): an ICMP type stands twice in `types`; keep one", at: location)
        }
        for type in rule.types {
            if case .number(let number) = type {
                if versions.count > 1 {
                    reject(
                        "\(user): ICMP type \(number) is another one for IPv4 and for IPv6; name protocol 1 or 58 "
                            + "instead of icmp, or the type by its name", at: location)
                } else if number == .max {
                    reject("\(user): no ICMP message has type 255; leave it out", at: location)
                }
            } else if versions.allSatisfy({ type.number($0) == nil }) {
                let name = ICMPType.named.first { $0.type == type }?.name ?? ""
                reject(
                    "\(user): ICMP\(versions == [.v6] ? "v6" : " for IPv4") has no type `\(name)`; leave it out",
                    at: location)
            }
        }
    }

    private mutating func checkDSCPs(of rule: Rule, for user: String, at location: SourceLocation?) {
        if let wrong = rule.dscps.first(where: { $0 >= ClassMap.dscpCount }) {
            reject("\(user): DSCP \(wrong) has more than six bits; give 0 to 63", at: location)
        }
        if Set(rule.dscps).count < rule.dscps.count {
            reject("\(user): a DSCP stands twice in `dscp`; keep one", at: location)
        }
    }

    mutating func checkSessions() {
        let admitted = admittedUses()
        var sessions: [UseByPlace: String] = [:]
        for session in exchange.sessions {
            let user = "session `\(session.name)`"
            let subscriber = resolve(session.subscriber, in: subscribers, for: user, at: session.location)
            let service = resolve(session.service, in: services, for: user, at: session.location)
            checkPaths(of: session)
            checkTunnels(of: session)
            check(session.upPolicer, of: "\(user): policer: up", at: session.location)
            check(session.downPolicer, of: "\(user): policer: down", at: session.location)
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
            checkRecursion(of: session, exchange.subscribers[subscriber], exchange.services[service])
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

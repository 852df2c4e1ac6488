extension ExchangeDescription {
    /// The same with one condition for each pair of subscriber and service: the rules of several are put
    /// together, equal ones once, in the place of the first. One that allows everything makes the whole so.
    ///
    /// Linear in the number of conditions and rules.
    public var joiningConditions: ExchangeDescription {
        var joined: [Condition] = []
        var places: [UseOfService: Int] = [:]
        places.reserveCapacity(conditions.count)
        var isJoined = false
        for condition in conditions {
            guard let place = places[condition.use] else {
                places[condition.use] = joined.count
                joined.append(condition)
                continue
            }
            isJoined = true
            if let more = condition.allow {
                joined[place].allow?.append(contentsOf: more)
            } else {
                joined[place].allow = nil
            }
        }
        guard isJoined else { return self }
        var result = self
        result.conditions = joined.map { $0.withoutEqualRules }
        return result
    }
}

extension Condition {
    /// What its rules come to where a port range, or an ICMP type, is a rule of its own. 0: everything is allowed.
    var ruleCount: Int { (allow ?? []).reduce(0) { $0 + max(1, $1.ports.count, $1.types.count) } }

    fileprivate var withoutEqualRules: Condition {
        var seen: Set<Rule> = []
        var result = self
        result.allow = allow?.filter { seen.insert($0).inserted }
        return result
    }
}

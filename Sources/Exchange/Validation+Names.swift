extension Validation {
    /// Names are well formed and stand once; there are not too many of anything.
    mutating func checkNamesAndCounts() {
        let exchange = exchange
        check(exchange.ports, \.name, \.location, "port", atMost: Limits.ports)
        check(exchange.lines, \.name, \.location, "line", atMost: Limits.lines)
        check(exchange.providers, \.name, \.location, "provider", atMost: Limits.providers)
        check(exchange.services, \.name, \.location, "service", atMost: Limits.services)
        check(exchange.tunnels, \.name, \.location, "tunnel", atMost: Limits.tunnels)
        check(exchange.subscribers, \.name, \.location, "subscriber", atMost: Limits.subscribers)
        check(exchange.sessions, \.name, \.location, "session", atMost: Limits.sessions)
        checkCount(exchange.conditions.count, "condition", atMost: Limits.conditions) {
            exchange.conditions[$0].location
        }
        checkCount(exchange.labels.count, "label", atMost: Limits.labels) { exchange.labels[$0].location }
        checkPathCount()
        for provider in exchange.providers { checkTitle(of: provider) }
    }

    /// Each path is counted in a slot of its own.
    mutating func checkPathCount() {
        var count = 0
        for session in exchange.sessions {
            count += session.access.count * session.network.count
            guard count > Limits.counterSlots else { continue }
            return reject(
                "session `\(Self.shortened(session.name))`: with it there are more than \(Limits.counterSlots) paths of "
                    + "sessions, and so many slots for their counters; give sessions fewer",
                at: session.location, kind: .limit)
        }
    }

    private mutating func check<Element>(
        _ elements: [Element], _ name: KeyPath<Element, String>,
        _ location: KeyPath<Element, SourceLocation?>,
        _ kind: String, atMost limit: Int
    ) {
        checkCount(elements.count, kind, atMost: limit) { elements[$0][keyPath: location] }
        var seen: [String: Int] = [:]
        seen.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            let text = element[keyPath: name]
            let place = element[keyPath: location]
            if !ExchangeObject.isName(text) {
                reject(
                    "\(kind) name `\(Self.shortened(text))` can't be: a name has 1 to "
                        + "\(Limits.nameCharacters) of the characters A-Z a-z 0-9 . _ -; choose another",
                    at: place)
            }
            if let first = seen.updateValue(index, forKey: text) {
                seen[text] = first
                let earlier =
                    elements[first][keyPath: location].map { " (the first is in line \($0.line))" } ?? ""
                reject(
                    "there are two \(kind)s named `\(Self.shortened(text))`\(earlier); rename one", at: place)
            }
        }
    }

    private mutating func checkCount(
        _ count: Int, _ kind: String, atMost limit: Int, location: (Int) -> SourceLocation?
    ) {
        guard count > limit else { return }
        reject(Self.tooMany(count, kind, atMost: limit), at: location(limit), kind: .limit)
    }

    static func tooMany(_ count: Int, _ kind: String, atMost limit: Int) -> String {
        "there are \(count) \(kind)s, and at most \(limit) are allowed; spread them over several exchanges"
    }

    private mutating func checkTitle(of provider: Provider) {
        let isPrintable = provider.title.unicodeScalars.allSatisfy {
            $0.properties.generalCategory != .control
        }
        let count = provider.title.unicodeScalars.count
        guard count == 0 || count > Limits.titleCharacters || !isPrintable else { return }
        reject(
            "provider `\(provider.name)`: its `name` must have 1 to \(Limits.titleCharacters) printable "
                + "characters", at: provider.location)
    }

    static func isForwarderName(_ text: String) -> Bool {
        ExchangeObject.isName(text) && text.utf8.count <= Limits.forwarderNameCharacters
            && !text.contains(".")
    }

    static func shortened(_ text: String) -> String {
        text.count <= Limits.nameCharacters ? text : text.prefix(Limits.nameCharacters) + "…"
    }
}

import Wire

/// Collects the slots whose table objects may be other ones after a change.
struct Touched {
    var ports: [Int] = []
    var tunnels: [Int] = []
    var subscribers: [Int] = []
    var services: [Int] = []
    /// By the session's own slot: whatever legs are its present ones in the end.
    var sessions: [Int] = []
    var legs: [Int] = []
    var groups: [Int] = []
    var labels: [Label] = []

    /// All of them as the state is now, each once, in order.
    func slots(in state: State) -> [StateSlot] {
        let present = sessions.flatMap { slot in
            let record = state.sessionRecords.indices.contains(slot) ? state.sessionRecords[slot] : nil
            return record?.paths.map(\.slot) ?? []
        }
        return Self.each(ports).map(StateSlot.port) + Self.each(tunnels).map(StateSlot.tunnel)
            + Self.each(subscribers).map(StateSlot.subscriber) + Self.each(services).map(StateSlot.service)
            + Self.each(legs + present).map(StateSlot.leg) + Self.each(groups).map(StateSlot.group)
            + Self.each(labels).map(StateSlot.label)
    }

    private static func each<Element: Comparable>(_ elements: [Element]) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(elements.count)
        for element in elements.sorted() where element != result.last { result.append(element) }
        return result
    }
}

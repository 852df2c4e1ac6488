import Exchange
import Link

extension Engine {
    /// Everything counted up to now. Cost: goes through all sessions and counter files.
    func counterSnapshot() -> CounterSnapshot {
        let sources = counterSources()
        var snapshot = CounterSnapshot()
        var live = unjournaled(in: 0..<(sources.map(\.reader.capacity).max() ?? 0), sources)
        snapshot.sessions = state.sessions.all.map { _, entry in
            var traffic = Traffic()
            if let record = state.sessionRecord(entry.key) {
                traffic = record.traffic
                if let more = live.removeValue(forKey: record.number) { traffic.add(more) }
            }
            return CounterSnapshot.SessionTraffic(name: entry.key, traffic: traffic)
        }
        let totals = sources.compactMap { $0.reader.totals() }
        snapshot.ports = state.ports.all.map { slot, entry in
            let counts = totals.compactMap { $0.ports.indices.contains(slot) ? $0.ports[slot] : nil }
            return CounterSnapshot.PortTraffic(
                name: entry.key, in: counts.reduce(0) { $0 &+ $1.received },
                out: counts.reduce(0) { $0 &+ $1.sent })
        }
        for total in totals {
            snapshot.forwarded &+= total.forwarded
            snapshot.consumed &+= total.consumed
            snapshot.originated &+= total.originated
            snapshot.add(total.drops)
        }
        return snapshot
    }

    /// Dropped packets alone, without the cost of all sessions.
    func dropCounts() -> [CounterSnapshot.DropCount] {
        var snapshot = CounterSnapshot()
        for source in counterSources() { snapshot.add(source.reader.totals()?.drops ?? []) }
        return snapshot.drops
    }

    /// The traffic of one open session up to now; nil: there is none of this name.
    func traffic(ofSession name: String) -> Traffic? {
        guard let record = state.sessionRecord(name) else { return nil }
        let slots =
            [record.slot]
            + state.drainingSlots.filter { slot in
                state.leg(inSlot: slot)?.id.session == record.number
            }
        var traffic = record.traffic
        if let more = unjournaled(in: slots, counterSources())[record.number] { traffic.add(more) }
        return traffic
    }

    /// What the counter files have beyond what is journaled, by session number.
    private func unjournaled(
        in slots: some Collection<Int>, _ sources: [UsageCollector.Source]
    ) -> [UInt64: Traffic] {
        var traffic: [UInt64: Traffic] = [:]
        for slot in slots {
            guard let leg = state.leg(inSlot: slot) else { continue }
            for source in sources {
                guard let reading = reading(slot, leg, of: source),
                    let delta = reading.total.since(baseline(of: reading, in: source))
                else { continue }
                traffic[leg.id.session, default: Traffic()].add(delta)
            }
        }
        return traffic
    }
}

extension CounterSnapshot {
    fileprivate mutating func add(_ drops: [CounterTotals.Drop]) {
        for drop in drops where drop.count > 0 { add(drop.name, drop.count) }
    }

    private mutating func add(_ reason: String, _ packets: UInt64) {
        if let index = drops.firstIndex(where: { $0.reason == reason }) {
            drops[index].packets &+= packets
        } else {
            drops.append(DropCount(reason: reason, packets: packets))
        }
    }
}

import Exchange
import Link

extension Engine {
    /// Everything counted up to now. Cost: goes through all sessions and counter files.
    func counterSnapshot() -> CounterSnapshot {
        let sources = counterSources()
        var snapshot = CounterSnapshot()
        let live = unjournaled(
            in: 0..<(sources.map(\.reader.capacity).max() ?? 0), of: state.groupedSlots, sources)
        snapshot.sessions = state.sessions.all.map { _, entry in
            guard let record = state.sessionRecord(entry.key) else {
                return CounterSnapshot.SessionTraffic(name: entry.key, traffic: Traffic())
            }
            return traffic(of: record, entry.key, live)
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
    func traffic(ofSession name: String) -> CounterSnapshot.SessionTraffic? {
        guard let record = state.sessionRecord(name) else { return nil }
        let slots =
            record.paths.map(\.slot)
            + state.drainingSlots.filter { slot in
                state.leg(inSlot: slot)?.id.session == record.number
            }
        return traffic(of: record, name, unjournaled(in: slots, of: Set(slots), counterSources()))
    }

    private func traffic(
        of record: SessionRecord, _ name: String, _ live: Unjournaled
    ) -> CounterSnapshot.SessionTraffic {
        var session = CounterSnapshot.SessionTraffic(name: name, traffic: record.traffic)
        if let more = live.sessions[record.number] { session.traffic.add(more) }
        guard record.paths.count > 1 else { return session }
        session.legs = record.paths.map { path in
            var traffic = state.leg(inSlot: path.slot)?.traffic ?? Traffic()
            if let more = live.paths[path.slot] { traffic.add(more) }
            return CounterSnapshot.LegTraffic(leg: path.leg, traffic: traffic)
        }
        return session
    }

    /// What the counter files have beyond what is journaled.
    private struct Unjournaled {
        /// By session number.
        var sessions: [UInt64: Traffic] = [:]
        /// By counter slot, of sessions with several paths.
        var paths: [Int: Traffic] = [:]
    }

    /// - Parameter grouped: slots that are told by themselves too.
    private func unjournaled(
        in slots: some Collection<Int>, of grouped: Set<Int>, _ sources: [UsageCollector.Source]
    ) -> Unjournaled {
        var traffic = Unjournaled()
        for slot in slots {
            guard let leg = state.leg(inSlot: slot) else { continue }
            for source in sources {
                guard let reading = reading(slot, leg, of: source),
                    let delta = reading.total.since(baseline(of: reading, in: source))
                else { continue }
                traffic.sessions[leg.id.session, default: Traffic()].add(delta)
                if grouped.contains(slot) { traffic.paths[slot, default: Traffic()].add(delta) }
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

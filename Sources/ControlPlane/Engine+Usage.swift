import Exchange
import Link

extension Engine {
    func collectIfDue() {
        guard collector.wantsSweep || collector.nextSweep <= .now else { return }
        collect()
    }

    /// One sweep: everything that the counter files have beyond what is journaled goes into the journal, one command for
    /// each file, all in one commit; with the last of them the draining legs are closed that nobody counts on any more.
    func collect() {
        collector.nextSweep = .now + configuration.collectInterval
        collector.wantsSweep = false
        guard failure == nil, canCollect() else { return }
        let sources = counterSources()
        complainOfLostFiles(sources)
        // Which legs are at rest must be known before the counters are read: what they say then is the last.
        let closable = closableSlots(sources)
        var batch = CommandBatch()
        var areAllTaken = collector.hasSeenAll
        for source in sources {
            let readings = movedReadings(of: source)
            guard !readings.isEmpty else { continue }
            let isTaken = take(
                UsageReadings(forwarder: source.forwarder, file: source.file, readings: readings),
                into: &batch)
            areAllTaken = areAllTaken && isTaken
        }
        if areAllTaken, !closable.isEmpty {
            // Where no file was ever seen, any number will do: the first file has another one, and begins at zero.
            let (forwarder, file) =
                sources.last.map { ($0.forwarder, $0.file) }
                ?? (
                    InstanceDirectory.defaultForwarder,
                    state.counterFile(ofForwarder: InstanceDirectory.defaultForwarder) ?? 1
                )
            _ = take(
                UsageReadings(forwarder: forwarder, file: file, readings: [], closed: closable), into: &batch)
        }
        commit(&batch)
    }

    /// The counter files there are.
    func counterSources() -> [UsageCollector.Source] {
        let logger = logger
        return collector.refresh(directory) { sentence in
            logger.error("a counter file can't be read", metadata: ["why": "\(sentence)"])
        }
    }

    /// What a counter file says of a leg: nil where it says nothing that may be billed, or nothing new.
    ///
    /// Another leg's count in the slot is nobody's bill: it is of one that is closed, while the forwarder hasn't got the
    /// present one yet or is gone, or of one that a lost journal knew.
    func reading(_ slot: Int, _ leg: LegRecord, of source: UsageCollector.Source) -> UsageReadings.Reading? {
        guard let found = source.reader.read(slot),
            LegID(session: found.key.session, leg: found.key.leg) == leg.id
        else { return nil }
        let total = Traffic(
            upPackets: found.upPackets, upBytes: found.upBytes, downPackets: found.downPackets,
            downBytes: found.downBytes)
        let reading = UsageReadings.Reading(slot: slot, leg: leg.id, start: found.start, total: total)
        let baseline = baseline(of: reading, in: source)
        guard total != baseline else { return nil }
        guard total.since(baseline) != nil else {
            if collector.isFirst("\(source.forwarder) \(slot) \(leg.id)") {
                logger.error(
                    "a counter is not taken in: it went back",
                    metadata: [
                        "forwarder": "\(source.forwarder)", "slot": "\(slot)",
                        "session": "\(leg.sessionName)", "leg": "\(leg.id)", "total": "\(total)",
                        "journaled": "\(baseline)",
                    ])
            }
            return nil
        }
        return reading
    }

    /// What of a reading is journaled already.
    func baseline(of reading: UsageReadings.Reading, in source: UsageCollector.Source) -> Traffic {
        state.baseline(
            forwarder: source.forwarder, file: source.file, slot: reading.slot, start: reading.start)
    }

    private func movedReadings(of source: UsageCollector.Source) -> [UsageReadings.Reading] {
        (0..<source.reader.capacity).compactMap { slot in
            state.leg(inSlot: slot).flatMap { reading(slot, $0, of: source) }
        }
    }

    /// Draining legs that no packet can be counted on any more: every connected forwarder has acknowledged that they
    /// are gone, and no other is alive.
    private func closableSlots(_ sources: [UsageCollector.Source]) -> [Int] {
        let draining = state.drainingSlots
        guard !draining.isEmpty else { return [] }
        let connected = peers.filter { $0.connection != nil }
        let away = Set(sources.map(\.forwarder) + peers.map(\.name)).subtracting(connected.map(\.name))
        guard !away.contains(where: { InstanceLock.isHeld(directory.forwarderLock($0)) }) else { return [] }
        return draining.filter { slot in
            guard let retiredBy = state.leg(inSlot: slot)?.retiredBy else { return false }
            return connected.allSatisfy { $0.applied >= retiredBy }
        }
    }

    /// Says which forwarders count into files that have been taken away from under them.
    private func complainOfLostFiles(_ sources: [UsageCollector.Source]) {
        for peer in peers where peer.connection != nil {
            let isThere = sources.contains { $0.forwarder == peer.name && $0.file == peer.hello.counterFile }
            if !isThere, collector.isFirst("\(peer.name) \(peer.hello.counterFile)") {
                logger.error(
                    "the forwarder's counter file is gone, and its counts with it; start the forwarder again",
                    metadata: ["forwarder": "\(peer.name)"])
            }
        }
    }

    /// Whether the journal takes commands; tries it if it didn't.
    private func canCollect() -> Bool {
        guard let error = refusal() else { return true }
        logger.warning("usage isn't collected; it stays in the counter files", metadata: ["why": "\(error)"])
        return false
    }
}

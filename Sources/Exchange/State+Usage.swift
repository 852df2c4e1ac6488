extension State {
    /// Takes in what a forwarder's counters say, and closes the legs of which nothing more will come.
    mutating func take(_ readings: UsageReadings, at time: UInt64) -> [UsageRecord] {
        let place = beginCounterFile(readings.file, of: readings.forwarder)
        var records: [UsageRecord] = []
        for reading in readings.readings {
            guard let leg = legs[reading.slot] else { continue }
            let taken = counterFiles[place].taken(reading.slot, start: reading.start)
            guard let delta = reading.total.since(taken), delta != Traffic() else { continue }
            let until = counterFiles[place].baseline(reading.slot)?.until ?? 0
            counterFiles[place].take(reading, at: time)
            let sequence = legs.count(delta, on: reading.slot)
            if let slot = sessions.slot(leg.sessionName), sessionRecords[slot]?.number == leg.id.session {
                sessionRecords[slot]?.traffic.add(delta)
            }
            records.append(
                UsageRecord(
                    leg: leg.id, sessionName: leg.sessionName, sequence: sequence,
                    from: max(until, leg.openedAt), to: time, delta: delta,
                    forwarder: readings.forwarder))
        }
        for slot in readings.closed {
            legs.close(slot)
            for place in counterFiles.indices { counterFiles[place].close(slot) }
        }
        return records
    }

    /// - Returns: where the forwarder stands among `counterFiles`.
    private mutating func beginCounterFile(_ file: UInt64, of forwarder: String) -> Int {
        let place = counterFiles.firstIndex { $0.forwarder >= forwarder } ?? counterFiles.count
        guard place < counterFiles.count, counterFiles[place].forwarder == forwarder else {
            counterFiles.insert(CounterFile(forwarder: forwarder, file: file), at: place)
            return place
        }
        if counterFiles[place].file != file { counterFiles[place].begin(file) }
        return place
    }

    // MARK: What can be wrong with it

    func rejections(of readings: UsageReadings) -> [Rejection] {
        var rejections: [Rejection] = []
        let source = "counters of forwarder `\(Validation.shortened(readings.forwarder))`"
        let present = counterFile(of: readings.forwarder)
        if !ExchangeObject.isName(readings.forwarder) {
            rejections.append(
                Rejection(
                    "\(source): a forwarder's name has 1 to \(Limits.nameCharacters) of the characters A-Z "
                        + "a-z 0-9 . _ -; choose another"))
        } else if present == nil && counterFiles.count >= Limits.forwarders {
            rejections.append(
                Rejection(
                    "\(source): there are \(counterFiles.count) forwarders already, and at most "
                        + "\(Limits.forwarders) are allowed; give this one the name of one that is gone",
                    kind: .limit))
        }
        if readings.file == 0 {
            rejections.append(Rejection("\(source): a counter file is never number 0; make the file anew"))
        }
        let baselines = present?.file == readings.file ? present : nil
        var last = -1
        for reading in readings.readings where rejections.count < Self.rejectionLimit {
            if let sentence = fault(of: reading, after: last, baselines) {
                rejections.append(Rejection("\(source): \(sentence)"))
            }
            last = max(last, reading.slot)
        }
        last = -1
        for slot in readings.closed where rejections.count < Self.rejectionLimit {
            if let sentence = fault(ofClosing: slot, after: last) {
                rejections.append(Rejection("\(source): \(sentence)"))
            }
            last = max(last, slot)
        }
        return rejections
    }

    private func fault(of reading: UsageReadings.Reading, after last: Int, _ baselines: CounterFile?)
        -> String?
    {
        if let fault = fault(ofSlot: reading.slot, after: last, "the reading of") { return fault }
        let whose = "the reading of slot \(reading.slot) is \(reading.leg)'s"
        guard let leg = legs[reading.slot] else {
            return "\(whose), but nothing is counted there; leave it out"
        }
        guard leg.id == reading.leg else {
            return "\(whose), but the slot is \(leg.id)'s, session `\(leg.sessionName)`; leave it out"
        }
        guard let before = baselines?.baseline(reading.slot), reading.start <= before.start else {
            return nil
        }
        if reading.start < before.start {
            return
                "\(whose) and started at \(reading.start), before the \(before.start) of the last reading of the same "
                + "file; read the file again, or have the forwarder make another"
        }
        guard reading.total.since(before.total) == nil else { return nil }
        return
            "\(whose) and says \(reading.total), less than the \(before.total) of the last reading of the same file; "
            + "read the file again, or have the forwarder make another"
    }

    private func fault(ofClosing slot: Int, after last: Int) -> String? {
        if let fault = fault(ofSlot: slot, after: last, "closing") { return fault }
        guard let leg = legs[slot] else { return "slot \(slot) can't be closed: it is free already" }
        if leg.isDraining { return nil }
        return
            "slot \(slot) can't be closed: session `\(leg.sessionName)` is counted there; close the session first"
    }

    private func fault(ofSlot slot: Int, after last: Int, _ deed: String) -> String? {
        if !(0..<Limits.counterSlots).contains(slot) {
            return "\(deed) slot \(slot): there are slots 0 to \(Limits.counterSlots - 1); leave it out"
        }
        return slot > last
            ? nil : "\(deed) slot \(slot) comes after slot \(last); name each once, in ascending order"
    }
}

extension LegID: CustomStringConvertible {
    /// As in `session 7 leg 2`.
    public var description: String { "session \(session) leg \(leg)" }
}

extension Traffic: CustomStringConvertible {
    /// Packets and bytes both ways.
    public var description: String {
        "\(upPackets) packets with \(upBytes) bytes up and \(downPackets) with \(downBytes) down"
    }
}

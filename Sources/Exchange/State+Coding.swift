public import Wire

extension State {
    /// The format that `encoded` is in.
    public static let formatVersion = Format.present
    /// The formats that are read. Another one is refused.
    public static let readableFormats = Format.readable

    /// Everything that the state is, as bytes: equal for equal states, so that a digest of it is the state's.
    /// What is read back from it goes on exactly as this one does.
    public var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.formatVersion)
        writer.write(sequence)
        writer.write(nextSessionNumber)
        writer.write(ports) { $0.write($1) }
        writer.write(lines) { $0.write($1) }
        writer.write(providers) { $0.write($1) }
        writer.write(services) { $0.write($1) }
        writer.write(tunnels) { $0.write($1) }
        writer.write(subscribers) { $0.write($1) }
        writer.write(conditions) { $0.write($1) }
        writer.write(sessions) { $0.write($1) }
        writer.write(labels) { $0.write($1) }
        for (slot, _) in sessions.all {
            if let record = sessionRecords[slot] { writer.write(record) }
        }
        writer.write(legs)
        writer.write(counterFiles) { $0.write($1) }
        return writer.finish()
    }

    /// Reads what `encoded` has written. Any input is safe: what isn't a state is refused, with its place.
    public init(decoding bytes: some Collection<UInt8>) throws(ByteReaderError) {
        self.init()
        var reader = ByteReader(bytes)
        let version: UInt16 = try reader.read()
        guard Self.readableFormats.contains(version) else {
            throw reader.fault(
                "a state of format \(version), and this program reads \(Format.readableText)", back: 2)
        }
        sequence = try reader.read()
        nextSessionNumber = try reader.read()
        try decodeObjects(from: &reader, version)
        sessionRecords = Array(repeating: nil, count: sessions.slotCount)
        for (slot, _) in sessions.all { sessionRecords[slot] = try reader.readSessionRecord(version) }
        legs = try reader.readLegTable()
        counterFiles = try reader.readCounterFiles(slotCount: legs.legs.count)
        try reader.finish()
        try checkLegs(reader)
        try indexAll(reader)
    }

    private mutating func decodeObjects(from reader: inout ByteReader, _ format: UInt16)
        throws(ByteReaderError)
    {
        ports = try reader.readRegister(\.name, atMost: Limits.ports) { reader throws(ByteReaderError) in
            try reader.readPort(format)
        }
        lines = try reader.readRegister(\.name, atMost: Limits.lines) { reader throws(ByteReaderError) in
            try reader.readLine(format)
        }
        providers = try reader.readRegister(\.name, atMost: Limits.providers) {
            reader throws(ByteReaderError) in
            try reader.readProvider()
        }
        services = try reader.readRegister(\.name, atMost: Limits.services) {
            reader throws(ByteReaderError) in
            try reader.readService()
        }
        tunnels = try reader.readRegister(\.name, atMost: Limits.tunnels) { reader throws(ByteReaderError) in
            try reader.readTunnel(format)
        }
        subscribers = try reader.readRegister(\.name, atMost: Limits.subscribers) {
            reader throws(ByteReaderError) in try reader.readSubscriber()
        }
        conditions = try reader.readRegister(\.use, atMost: Limits.conditions) {
            reader throws(ByteReaderError) in
            try reader.readCondition(format)
        }
        sessions = try reader.readRegister(\.name, atMost: Limits.sessions) {
            reader throws(ByteReaderError) in
            try reader.readSession(format)
        }
        labels = try reader.readRegister(\.in, atMost: Limits.labels) { reader throws(ByteReaderError) in
            try reader.readLabelBinding()
        }
    }

    /// Each path of a session has a leg of its own that isn't draining, and all others are.
    private func checkLegs(_ reader: ByteReader) throws(ByteReaderError) {
        var isOpen = SlotSet()
        for (slot, entry) in sessions.all {
            let record = sessionRecords[slot]
            let paths = record.map { $0.onlyPath.map { [$0] } ?? $0.paths } ?? []
            let session = entry.object
            guard min(session.access.count, session.network.count) == 1 else {
                throw reader.fault("session `\(entry.key)` has several paths on both sides")
            }
            guard let record, paths.count == session.paths.count else {
                throw reader.fault("session `\(entry.key)` has \(paths.count) legs, and other paths")
            }
            for path in paths {
                guard let leg = legs[path.slot], leg.id == LegID(session: record.number, leg: path.leg),
                    path.leg <= record.leg, !leg.isDraining, leg.sessionName == entry.key,
                    !isOpen.contains(path.slot)
                else { throw reader.fault("session `\(entry.key)` has not the leg that it names") }
                isOpen.insert(path.slot)
            }
        }
        for (slot, leg) in legs.legs.enumerated() {
            guard let leg, !leg.isDraining, !isOpen.contains(slot) else { continue }
            throw reader.fault("the leg in counter slot \(slot) is no session's, and doesn't drain")
        }
        for (one, next) in zip(counterFiles, counterFiles.dropFirst()) where one.forwarder >= next.forwarder {
            throw reader.fault("the forwarders `\(one.forwarder)` and `\(next.forwarder)` are not in order")
        }
        for file in counterFiles {
            for (slot, baseline) in file.baselines.enumerated() where baseline != nil && legs[slot] == nil {
                throw reader.fault("forwarder `\(file.forwarder)` has counted in slot \(slot), which is free")
            }
        }
    }

    /// Finds every object by what it is known by. A name that leads nowhere is refused.
    private mutating func indexAll(_ reader: ByteReader) throws(ByteReaderError) {
        if let key = indexAll() { throw reader.fault("\(key) names something that isn't there") }
    }
}

extension ByteWriter {
    /// How many slots, which are free and in what order they will be given out, then the objects in the
    /// others.
    fileprivate mutating func write<Key: RegisterKey, Object>(
        _ register: Register<Key, Object>, _ write: (inout ByteWriter, Object) -> Void
    ) {
        self.write(count: register.slotCount)
        self.write(register.freeSlots) { $0.write(UInt32($1)) }
        for (_, entry) in register.all {
            self.write(entry.revision)
            write(&self, entry.object)
        }
    }

    fileprivate mutating func write(_ record: SessionRecord) {
        write(record.number)
        write(record.leg)
        write(record.paths) { writer, path in
            writer.write(path.leg)
            writer.write(UInt32(path.slot))
        }
        write(record.openedAt)
        write(record.traffic)
    }

    /// As a register.
    fileprivate mutating func write(_ table: LegTable) {
        write(count: table.legs.count)
        write(table.freeSlots) { $0.write(UInt32($1)) }
        for case let leg? in table.legs {
            write(leg.id)
            write(leg.sessionName)
            write(leg.retiredBy) { $0.write($1) }
            write(leg.openedAt)
            write(leg.traffic)
            write(leg.usageSequence)
        }
    }

    /// Slots of which nothing has been read are left out.
    fileprivate mutating func write(_ file: CounterFile) {
        write(file.forwarder)
        write(file.file)
        let used = file.baselines.enumerated().compactMap { slot, baseline in baseline.map { (slot, $0) } }
        write(used) { writer, entry in
            let (slot, baseline) = entry
            writer.write(UInt32(slot))
            writer.write(baseline.start)
            writer.write(baseline.total)
            writer.write(baseline.until)
        }
    }
}

extension ByteReader {
    fileprivate mutating func readRegister<Key: RegisterKey, Object>(
        _ key: (Object) -> Key, atMost limit: Int,
        _ read: (inout ByteReader) throws(ByteReaderError) -> Object
    ) throws(ByteReaderError) -> Register<Key, Object> {
        let (slotCount, freeSlots, isFree) = try readSlots(atMost: limit)
        var entries: [Register<Key, Object>.Entry?] = []
        entries.reserveCapacity(slotCount)
        for slot in 0..<slotCount {
            if isFree.contains(slot) {
                entries.append(nil)
            } else {
                let revision: UInt64 = try self.read()
                let object = try read(&self)
                entries.append(.init(key: key(object), object: object, revision: revision))
            }
        }
        guard let register = Register(entries: entries, freeSlots: freeSlots) else {
            throw fault("an object stands twice, or a slot is free twice")
        }
        return register
    }

    /// What a register begins with: no more slots than the rest has room for.
    private mutating func readSlots(
        atMost limit: Int
    ) throws(ByteReaderError) -> (count: Int, free: [Int], isFree: SlotSet) {
        let count = try readCount()
        guard count <= limit else { throw fault("\(count) slots, and at most \(limit) are allowed", back: 4) }
        let free = try readList(elementByteCount: 4) { reader throws(ByteReaderError) in
            Int(try reader.read(UInt32.self))
        }
        var isFree = SlotSet()
        for slot in free {
            guard slot < count else { throw fault("a free slot \(slot) among \(count)") }
            isFree.insert(slot)
        }
        return (count, free, isFree)
    }

    fileprivate mutating func readSessionRecord(_ format: UInt16) throws(ByteReaderError) -> SessionRecord {
        let number: UInt64 = try read()
        let leg: UInt32 = try read()
        let paths: [SessionRecord.PresentLeg]
        if format == Format.first {
            paths = [.init(leg: leg, slot: Int(try read(UInt32.self)))]
        } else {
            paths = try readList(elementByteCount: 8) { reader throws(ByteReaderError) in
                SessionRecord.PresentLeg(leg: try reader.read(), slot: Int(try reader.read(UInt32.self)))
            }
        }
        let openedAt: UInt64 = try read()
        return SessionRecord(
            number: number, leg: leg, paths: paths, openedAt: openedAt, traffic: try readTraffic())
    }

    fileprivate mutating func readLegTable() throws(ByteReaderError) -> LegTable {
        let (slotCount, freeSlots, isFree) = try readSlots(atMost: Limits.counterSlots)
        var legs: [LegRecord?] = []
        legs.reserveCapacity(slotCount)
        for slot in 0..<slotCount { legs.append(isFree.contains(slot) ? nil : try readLegRecord()) }
        guard let table = LegTable(legs: legs, freeSlots: freeSlots) else {
            throw fault("a counter slot is free twice")
        }
        return table
    }

    private mutating func readLegRecord() throws(ByteReaderError) -> LegRecord {
        let id = try readLegID()
        let name = try readText()
        let retiredBy: UInt64? = try readOptional { reader throws(ByteReaderError) in try reader.read() }
        var leg = LegRecord(id: id, sessionName: name, openedAt: try read())
        leg.retiredBy = retiredBy
        leg.isDraining = retiredBy != nil
        leg.traffic = try readTraffic()
        leg.usageSequence = try read()
        return leg
    }

    /// Each file has a place for all slots below its last, of which only few may be given: so both are bounded before.
    /// - Parameter slotCount: how many slots there are to count in.
    fileprivate mutating func readCounterFiles(slotCount: Int) throws(ByteReaderError) -> [CounterFile] {
        let count = try readCount(elementByteCount: 16)
        guard count <= Limits.forwarders else {
            throw fault("\(count) forwarders, and at most \(Limits.forwarders) are allowed", back: 4)
        }
        var files: [CounterFile] = []
        for _ in 0..<count { files.append(try readCounterFile(slotCount: slotCount)) }
        return files
    }

    private mutating func readCounterFile(slotCount: Int) throws(ByteReaderError) -> CounterFile {
        let forwarder = try readText()
        let file: UInt64 = try read()
        var baselines: [CounterFile.Baseline?] = []
        for _ in 0..<(try readCount(elementByteCount: 52)) {
            let slot = Int(try read(UInt32.self))
            guard slot < slotCount, slot >= baselines.count else {
                throw fault("counter slot \(slot) among \(slotCount) is out of order or range", back: 4)
            }
            while baselines.count < slot { baselines.append(nil) }
            let start: UInt64 = try read()
            let total = try readTraffic()
            baselines.append(CounterFile.Baseline(start: start, total: total, until: try read()))
        }
        return CounterFile(forwarder: forwarder, file: file, baselines: baselines)
    }
}

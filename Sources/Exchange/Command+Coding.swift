public import Wire

extension Command {
    /// The format that `encoded` is in.
    public static let formatVersion = Format.present
    /// The formats that are read. Another one is refused.
    public static let readableFormats = Format.readable

    /// The command as bytes: the format's version, the time, and what is to be done. Places in files are left
    /// out.
    public var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.formatVersion)
        writer.write(time)
        switch action {
        case .change(let changes):
            writer.write(UInt8(0))
            writer.write(changes) { $0.write($1) }
        case .usage(let readings):
            writer.write(UInt8(1))
            writer.write(readings)
        }
        return writer.finish()
    }

    /// Reads what `encoded` has written. Any input is safe.
    public init(decoding bytes: some Collection<UInt8>) throws(ByteReaderError) {
        var reader = ByteReader(bytes)
        let version: UInt16 = try reader.read()
        guard Self.readableFormats.contains(version) else {
            throw reader.fault(
                "a command of format \(version), and this program reads \(Format.readableText)", back: 2)
        }
        let time: UInt64 = try reader.read()
        switch try reader.read(UInt8.self) {
        case 0:
            let changes = try reader.readList(elementByteCount: 4) { reader throws(ByteReaderError) in
                try reader.readChange(version)
            }
            self.init(time: time, action: .change(changes))
        case 1: self.init(time: time, action: .usage(try reader.readUsageReadings()))
        default: throw reader.unknownCase("a command")
        }
        try reader.finish()
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ change: Change) {
        write(change.expectedRevision) { $0.write($1) }
        switch change.edit {
        case .put(let object):
            write(UInt8(0))
            write(object)
        case .remove(let key):
            write(UInt8(1))
            write(key)
        }
    }

    private mutating func write(_ object: ExchangeObject) {
        write(object.key.tag)
        switch object {
        case .port(let port): write(port)
        case .line(let line): write(line)
        case .provider(let provider): write(provider)
        case .service(let service): write(service)
        case .tunnel(let tunnel): write(tunnel)
        case .subscriber(let subscriber): write(subscriber)
        case .condition(let condition): write(condition)
        case .session(let session): write(session)
        case .label(let binding): write(binding)
        }
    }

    private mutating func write(_ key: ExchangeKey) {
        write(key.tag)
        switch key {
        case .port(let name), .line(let name), .provider(let name), .service(let name), .tunnel(let name),
            .subscriber(let name), .session(let name):
            write(name)
        case .condition(let use):
            write(use.subscriber)
            write(use.service)
        case .label(let label): write(label)
        }
    }

    fileprivate mutating func write(_ readings: UsageReadings) {
        write(readings.forwarder)
        write(readings.file)
        write(readings.readings) { writer, reading in
            writer.write(any: reading.slot)
            writer.write(reading.leg)
            writer.write(reading.start)
            writer.write(reading.total)
        }
        write(readings.closed) { $0.write(any: $1) }
    }
}

extension ByteReader {
    fileprivate mutating func readChange(_ format: UInt16) throws(ByteReaderError) -> Change {
        let revision: UInt64? = try readOptional { reader throws(ByteReaderError) in try reader.read() }
        switch try read(UInt8.self) {
        case 0: return Change(.put(try readObject(format)), expectedRevision: revision)
        case 1: return Change(.remove(try readKey()), expectedRevision: revision)
        default: throw unknownCase("a change")
        }
    }

    private mutating func readObject(_ format: UInt16) throws(ByteReaderError) -> ExchangeObject {
        switch try read(UInt8.self) {
        case 0: return .port(try readPort(format))
        case 1: return .line(try readLine(format))
        case 2: return .provider(try readProvider())
        case 3: return .service(try readService())
        case 4: return .tunnel(try readTunnel(format))
        case 5: return .subscriber(try readSubscriber())
        case 6: return .condition(try readCondition(format))
        case 7: return .session(try readSession(format))
        case 8: return .label(try readLabelBinding())
        default: throw unknownCase("an object")
        }
    }

    private mutating func readKey() throws(ByteReaderError) -> ExchangeKey {
        switch try read(UInt8.self) {
        case 0: return .port(try readText())
        case 1: return .line(try readText())
        case 2: return .provider(try readText())
        case 3: return .service(try readText())
        case 4: return .tunnel(try readText())
        case 5: return .subscriber(try readText())
        case 6: return .condition(UseOfService(subscriber: try readText(), service: try readText()))
        case 7: return .session(try readText())
        case 8: return .label(try readLabel())
        default: throw unknownCase("an object")
        }
    }

    fileprivate mutating func readUsageReadings() throws(ByteReaderError) -> UsageReadings {
        let forwarder = try readText()
        let file: UInt64 = try read()
        let readings = try readList(elementByteCount: 60) { reader throws(ByteReaderError) in
            UsageReadings.Reading(
                slot: try reader.readAnyNumber(), leg: try reader.readLegID(), start: try reader.read(),
                total: try reader.readTraffic())
        }
        let closed = try readList(elementByteCount: 8) { reader throws(ByteReaderError) in
            try reader.readAnyNumber()
        }
        return UsageReadings(forwarder: forwarder, file: file, readings: readings, closed: closed)
    }
}

extension ExchangeKey {
    /// The byte that tells the kind.
    fileprivate var tag: UInt8 {
        switch self {
        case .port: 0
        case .line: 1
        case .provider: 2
        case .service: 3
        case .tunnel: 4
        case .subscriber: 5
        case .condition: 6
        case .session: 7
        case .label: 8
        }
    }
}

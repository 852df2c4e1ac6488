public import Packets
import Wire

/// What packets to copy, and for how long.
public struct CaptureRequest: Equatable, Sendable {
    /// Names; none: all.
    public var ports: [String] = []
    /// In the language of pcap-filter(7); empty: all.
    public var filter = ""
    public var takesReceived = true
    public var takesSent = true
    public var takesDropped = true
    /// 0: without end.
    public var count: UInt64 = 0
    /// 0: without end.
    public var seconds: UInt32 = 0
    /// Bytes wanted of each frame.
    public var snapshotByteCount: UInt32 = 65_535

    public init() {}

    func write(to writer: inout ByteWriter) {
        writer.write(ports) { $0.write($1) }
        writer.write(filter)
        for flag in [takesReceived, takesSent, takesDropped] { writer.write(flag) }
        writer.write(count)
        writer.write(seconds)
        writer.write(snapshotByteCount)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        ports = try reader.readList(elementByteCount: 4) { reader throws(ByteReaderError) in
            try reader.readText()
        }
        filter = try reader.readText()
        takesReceived = try reader.readFlag()
        takesSent = try reader.readFlag()
        takesDropped = try reader.readFlag()
        count = try reader.read()
        seconds = try reader.read()
        snapshotByteCount = try reader.read()
    }
}

/// Which packets to follow.
public struct TraceRequest: Equatable, Sendable {
    /// Names; none: all.
    public var ports: [String] = []
    /// In the language of pcap-filter(7), about packets as they come in; empty: all.
    public var filter = ""
    /// 0: without end.
    public var count: UInt64 = 0
    /// 0: as long as is allowed, an hour.
    public var seconds: UInt32 = 0
    /// Only packets of sessions with these counter slots.
    public var sessions: [UInt32]?
    /// Only packets that are found to be this subscriber's.
    public var subscriber: Subscriber?
    /// Only packets that are dropped for this reason.
    public var reason: DropReason?

    /// What a subscriber is known by.
    public struct Subscriber: Equatable, Sendable {
        public var slot: UInt32
        /// The counter slots of their sessions.
        public var sessions: [UInt32]

        public init(slot: UInt32, sessions: [UInt32]) {
            self.slot = slot
            self.sessions = sessions
        }
    }

    public init() {}

    func write(to writer: inout ByteWriter) {
        writer.write(ports) { $0.write($1) }
        writer.write(filter)
        writer.write(count)
        writer.write(seconds)
        writer.write(sessions) { $0.write($1) { $0.write($1) } }
        writer.write(subscriber) { writer, subscriber in
            writer.write(subscriber.slot)
            writer.write(subscriber.sessions) { $0.write($1) }
        }
        writer.write(reason) { $0.write($1.rawValue) }
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        ports = try reader.readList(elementByteCount: 4) { reader throws(ByteReaderError) in
            try reader.readText()
        }
        filter = try reader.readText()
        count = try reader.read()
        seconds = try reader.read()
        sessions = try reader.readOptional { reader throws(ByteReaderError) in try reader.readSlots() }
        subscriber = try reader.readOptional { reader throws(ByteReaderError) in
            Subscriber(slot: try reader.read(), sessions: try reader.readSlots())
        }
        reason = try reader.readOptional { reader throws(ByteReaderError) in try reader.readDropReason() }
    }
}

/// What a client asks for, once a connection.
enum ObservationRequest: Equatable, Sendable {
    case drops(withSamples: Bool)
    case capture(CaptureRequest)
    case trace(TraceRequest)
    case runtime
    /// No more packets; those that have been taken are handed over, and then it ends.
    case stop

    /// Of these messages. A client of another version is told so.
    static let version: UInt16 = 1

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.version)
        switch self {
        case .drops(let withSamples):
            writer.write(UInt8(1))
            writer.write(withSamples)
        case .capture(let request):
            writer.write(UInt8(2))
            request.write(to: &writer)
        case .trace(let request):
            writer.write(UInt8(3))
            request.write(to: &writer)
        case .runtime: writer.write(UInt8(4))
        case .stop: writer.write(UInt8(5))
        }
        return writer.bytes
    }

    init(_ bytes: ArraySlice<UInt8>) throws(ObservationError) {
        var reader = ByteReader(bytes)
        do throws(ByteReaderError) {
            let version: UInt16 = try reader.read()
            guard version == Self.version else {
                throw reader.fault(
                    "version \(version), where \(Self.version) is spoken; use programs of one release")
            }
            switch try reader.read(UInt8.self) {
            case 1: self = .drops(withSamples: try reader.readFlag())
            case 2: self = .capture(try CaptureRequest(reading: &reader))
            case 3: self = .trace(try TraceRequest(reading: &reader))
            case 4: self = .runtime
            case 5: self = .stop
            default: throw reader.fault("an unknown request", back: 1)
            }
            try reader.finish()
        } catch {
            throw ObservationError("the request can't be understood: \(error)")
        }
    }
}

extension ByteReader {
    fileprivate mutating func readSlots() throws(ByteReaderError) -> [UInt32] {
        try readList(elementByteCount: 4) { reader throws(ByteReaderError) in try reader.read(UInt32.self) }
    }
}

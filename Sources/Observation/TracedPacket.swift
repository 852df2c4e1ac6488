public import Packets
public import Ports
public import Tables
public import Trace
public import Wire

/// One packet that was followed through a worker: what it was, every step, what became of it, and all that left because
/// of it.
public struct TracedPacket: Equatable, Sendable {
    /// How it ended.
    public enum Outcome: Equatable, Sendable {
        case forwarded
        case consumed
        case dropped(DropReason)
        /// It waits for something: its next hop's MAC address.
        case waiting
    }

    /// A frame that was sent because of the packet: itself, its fragments, an answer.
    public struct Sent: Equatable, Sendable {
        /// The port's slot.
        public var port: UInt16
        public var bytes: [UInt8]

        public init(port: UInt16, bytes: [UInt8]) {
            self.port = port
            self.bytes = bytes
        }
    }

    /// The next hop it left by, or would have.
    public struct Departure: Equatable, Sendable {
        public var port: UInt16
        public var isDirect: Bool
        public var tags: [UInt16]
        /// Nil: each destination is its own.
        public var nextHop: IPAddress?
        public var source: MACAddress
        /// Zero: not known.
        public var destination: MACAddress

        public init(_ adjacency: Adjacency) {
            port = adjacency.port
            isDirect = adjacency.state == .direct
            tags = adjacency.tags
            nextHop = adjacency.nextHop
            source = adjacency.source
            destination = adjacency.destination
        }

        /// As the tables have it.
        public var adjacency: Adjacency {
            isDirect
                ? Adjacency(directPort: port)
                : Adjacency(
                    port: port, source: source, tags: Array(tags.prefix(2)), nextHop: nextHop,
                    destination: destination.rawValue == 0 ? nil : destination)
        }
    }

    /// The slot of the port it came in by.
    public var port: UInt16
    public var link: LinkType
    /// In nanoseconds since the Unix epoch.
    public var timestamp: UInt64
    /// As it came in.
    public var frame: [UInt8]
    public var steps: [Step]
    public var outcome: Outcome
    /// Session slot and direction that it is counted to.
    public var conversion: ConversionIndex?
    public var departure: Departure?
    public var sent: [Sent]

    public init(
        port: UInt16, link: LinkType, timestamp: UInt64, frame: [UInt8], steps: [Step], outcome: Outcome,
        conversion: ConversionIndex? = nil, departure: Departure? = nil, sent: [Sent] = []
    ) {
        self.port = port
        self.link = link
        self.timestamp = timestamp
        self.frame = frame
        self.steps = steps
        self.outcome = outcome
        self.conversion = conversion
        self.departure = departure
        self.sent = sent
    }

    public static func == (one: TracedPacket, other: TracedPacket) -> Bool { one.bytes == other.bytes }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout ByteWriter) {
        writer.write(port)
        writer.write(link.rawValue)
        writer.write(timestamp)
        writer.write(count: frame.count)
        writer.write(raw: frame)
        writer.write(steps) { $1.write(to: &$0) }
        switch outcome {
        case .forwarded: writer.write(UInt8(0))
        case .consumed: writer.write(UInt8(1))
        case .dropped(let reason):
            writer.write(UInt8(2))
            writer.write(reason.rawValue)
        case .waiting: writer.write(UInt8(3))
        }
        writer.write(conversion) { $0.write($1.rawValue) }
        writer.write(departure) { writer, departure in
            writer.write(departure.port)
            writer.write(departure.isDirect)
            writer.write(departure.tags) { $0.write($1) }
            writer.write(departure.nextHop) { writer, address in
                switch address {
                case .v4(let address):
                    writer.write(UInt8(4))
                    writer.write(address.rawValue)
                case .v6(let address):
                    writer.write(UInt8(6))
                    writer.write(address.high)
                    writer.write(address.low)
                }
            }
            writer.write(departure.source.rawValue)
            writer.write(departure.destination.rawValue)
        }
        writer.write(sent) { writer, frame in
            writer.write(frame.port)
            writer.write(count: frame.bytes.count)
            writer.write(raw: frame.bytes)
        }
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        port = try reader.read()
        link = try reader.readLinkType()
        timestamp = try reader.read()
        frame = Array(try reader.readRaw(try reader.readCount()))
        steps = try reader.readList { reader throws(ByteReaderError) in try Step(reading: &reader) }
        switch try reader.read(UInt8.self) {
        case 0: outcome = .forwarded
        case 1: outcome = .consumed
        case 2: outcome = .dropped(try reader.readDropReason())
        case 3: outcome = .waiting
        default: throw reader.fault("an unknown outcome", back: 1)
        }
        conversion = try reader.readOptional { reader throws(ByteReaderError) in
            ConversionIndex(rawValue: try reader.read())
        }
        departure = try reader.readOptional { reader throws(ByteReaderError) in
            try Departure(reading: &reader)
        }
        sent = try reader.readList(elementByteCount: 6) { reader throws(ByteReaderError) in
            Sent(port: try reader.read(), bytes: Array(try reader.readRaw(try reader.readCount())))
        }
    }
}

extension TracedPacket.Departure {
    fileprivate init(reading reader: inout ByteReader) throws(ByteReaderError) {
        port = try reader.read()
        isDirect = try reader.readFlag()
        tags = try reader.readList(elementByteCount: 2) { reader throws(ByteReaderError) in
            try reader.read(UInt16.self)
        }
        nextHop = try reader.readOptional { reader throws(ByteReaderError) in
            switch try reader.read(UInt8.self) {
            case 4: return .v4(IPv4Address(rawValue: try reader.read()))
            case 6: return .v6(IPv6Address(high: try reader.read(), low: try reader.read()))
            default: throw reader.fault("an unknown IP version", back: 1)
            }
        }
        source = MACAddress(rawValue: try reader.read())
        destination = MACAddress(rawValue: try reader.read())
    }
}

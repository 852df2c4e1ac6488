public import Ports
import Wire

/// A port as a worker has it.
public struct ObservedPort: Equatable, Sendable {
    public var slot: UInt16
    public var name: String
    public var link: LinkType

    public init(slot: UInt16, name: String, link: LinkType) {
        self.slot = slot
        self.name = name
        self.link = link
    }

    /// What somebody is told who asks for a port that the forwarder doesn't have.
    /// - Parameter open: those that it has.
    public static func unknown(_ name: String, among open: some Sequence<ObservedPort>) -> ObservationError {
        let known = open.map(\.name).sorted().joined(separator: ", ")
        return ObservationError(
            "this forwarder has no open port '\(name)'; it has \(known.isEmpty ? "none" : known) (`wayleave ports` shows "
                + "those of all forwarders, and why one isn't open)")
    }
}

/// Why a stream of packets has come to its end.
public struct ObservationEnd: Equatable, Sendable {
    public enum Cause: UInt8, Sendable {
        /// As many packets as were asked for.
        case count
        /// The time is over.
        case time
        /// The forwarder is stopping.
        case stopped
        /// There was no more to tell.
        case complete
    }

    public var cause: Cause
    /// Packets that came faster than they could be handed over, and are missing.
    public var lost: UInt64
}

/// What the forwarder answers, in one or more frames.
public enum ObservationAnswer: Equatable, Sendable {
    /// Nothing follows.
    case refused(String)
    /// A port that what follows speaks of.
    case port(ObservedPort)
    /// Packets are being watched from now on.
    case armed
    case drops(DropReading)
    case sample(DropSample)
    case captured(ObservedPacket)
    case traced(TracedPacket)
    case runtime([RuntimeReading])
    case end(ObservationEnd)

    /// The tag of a traced packet, whose bytes a worker has made.
    static let tracedTag: UInt8 = 7

    /// Tag and fields.
    var bytes: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .refused(let reason):
            writer.write(UInt8(1))
            writer.write(reason)
        case .port(let port):
            writer.write(UInt8(2))
            writer.write(port.slot)
            writer.write(port.name)
            writer.write(port.link.rawValue)
        case .armed: writer.write(UInt8(3))
        case .drops(let reading):
            writer.write(UInt8(4))
            reading.write(to: &writer)
        case .sample(let sample):
            writer.write(UInt8(5))
            sample.write(to: &writer)
        case .captured(let packet):
            writer.write(UInt8(6))
            packet.write(to: &writer)
        case .traced(let packet):
            writer.write(Self.tracedTag)
            packet.write(to: &writer)
        case .runtime(let readings):
            writer.write(UInt8(8))
            writer.write(readings) { $1.write(to: &$0) }
        case .end(let end):
            writer.write(UInt8(9))
            writer.write(end.cause.rawValue)
            writer.write(end.lost)
        }
        return writer.bytes
    }

    init(_ bytes: ArraySlice<UInt8>) throws(ObservationError) {
        var reader = ByteReader(bytes)
        do throws(ByteReaderError) {
            switch try reader.read(UInt8.self) {
            case 1: self = .refused(try reader.readText())
            case 2:
                self = .port(
                    ObservedPort(
                        slot: try reader.read(), name: try reader.readText(), link: try reader.readLinkType())
                )
            case 3: self = .armed
            case 4: self = .drops(try DropReading(reading: &reader))
            case 5: self = .sample(try DropSample(reading: &reader))
            case 6: self = .captured(try ObservedPacket(reading: &reader))
            case Self.tracedTag: self = .traced(try TracedPacket(reading: &reader))
            case 8:
                self = .runtime(
                    try reader.readList(elementByteCount: 8) { reader throws(ByteReaderError) in
                        try RuntimeReading(reading: &reader)
                    })
            case 9:
                guard let cause = ObservationEnd.Cause(rawValue: try reader.read()) else {
                    throw reader.fault("an unknown end", back: 1)
                }
                self = .end(ObservationEnd(cause: cause, lost: try reader.read()))
            default: throw reader.fault("an unknown answer", back: 1)
            }
            try reader.finish()
        } catch {
            throw ObservationError("the forwarder's answer can't be understood: \(error)")
        }
    }
}

public import Packets
public import Ports
public import Tables
import Wire

/// A packet as a capture takes it.
public struct ObservedPacket: Equatable, Sendable {
    /// What the packet was to the port.
    public enum Role: UInt8, BitwiseCopyable, Sendable {
        case received
        case sent
        /// Received, and gone no further; or a fragment of ours that could not be sent, with the port where it should have
        /// left.
        case dropped
    }

    public var role: Role
    /// The slot of the port it came in by, or left by.
    public var port: UInt16
    public var link: LinkType
    /// Why it was dropped; only where it was.
    public var reason: DropReason?
    /// Session slot and direction, where it belongs to one.
    public var conversion: ConversionIndex?
    /// In nanoseconds since the Unix epoch.
    public var timestamp: UInt64
    /// The frame's length on the link.
    public var frameByteCount: Int
    /// As much of it as was asked for.
    public var bytes: [UInt8]

    public init(
        role: Role, port: UInt16, link: LinkType, reason: DropReason? = nil,
        conversion: ConversionIndex? = nil,
        timestamp: UInt64, frameByteCount: Int, bytes: [UInt8]
    ) {
        self.role = role
        self.port = port
        self.link = link
        self.reason = reason
        self.conversion = conversion
        self.timestamp = timestamp
        self.frameByteCount = frameByteCount
        self.bytes = bytes
    }

    init(_ header: RecordHeader, _ bytes: UnsafeRawBufferPointer) {
        self.init(
            role: header.role, port: header.port, link: LinkType(rawValue: header.link) ?? .ip,
            reason: header.role == .dropped ? DropReason(rawValue: header.reason) : nil,
            conversion: header.counter == Packet.noCounter ? nil : ConversionIndex(rawValue: header.counter),
            timestamp: header.timestamp, frameByteCount: Int(header.frameByteCount), bytes: Array(bytes))
    }

    func write(to writer: inout ByteWriter) {
        writer.write(role.rawValue)
        writer.write(port)
        writer.write(link.rawValue)
        writer.write(reason) { $0.write($1.rawValue) }
        writer.write(conversion) { $0.write($1.rawValue) }
        writer.write(timestamp)
        writer.write(count: frameByteCount)
        writer.write(count: bytes.count)
        writer.write(raw: bytes)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        guard let role = Role(rawValue: try reader.read()) else {
            throw reader.fault("an unknown role", back: 1)
        }
        let port: UInt16 = try reader.read()
        let link = try reader.readLinkType()
        self.init(
            role: role, port: port, link: link,
            reason: try reader.readOptional { reader throws(ByteReaderError) in try reader.readDropReason() },
            conversion: try reader.readOptional { reader throws(ByteReaderError) in
                ConversionIndex(rawValue: try reader.read())
            }, timestamp: try reader.read(), frameByteCount: Int(try reader.read(UInt32.self)),
            bytes: Array(try reader.readRaw(try reader.readCount())))
    }
}

extension ByteReader {
    mutating func readLinkType() throws(ByteReaderError) -> LinkType {
        guard let link = LinkType(rawValue: try read()) else { throw fault("an unknown link type", back: 1) }
        return link
    }
}

public import Ports

/// Makes a capture in the pcapng format (draft-ietf-opsawg-pcapng): blocks, one after the other, in little-endian order.
/// Time stamps are in nanoseconds. What has been made is taken away by `take`, so that it can go to a file or a pipe.
public struct PcapngWriter: Sendable {
    /// Which way a packet went through its interface (`epb_flags`, §4.3.1).
    public enum Direction: UInt32, Sendable {
        case inbound = 1
        case outbound = 2
    }

    private enum Block {
        static let section: UInt32 = 0x0a0d_0d0a
        static let interface: UInt32 = 1
        static let packet: UInt32 = 6
    }

    private enum Option {
        static let end: UInt16 = 0
        static let comment: UInt16 = 1
        static let userApplication: UInt16 = 4
        static let interfaceName: UInt16 = 2
        static let timeResolution: UInt16 = 9
        static let packetFlags: UInt16 = 2
    }

    private var made: [UInt8] = []
    /// Interfaces described so far.
    public private(set) var interfaceCount = 0

    /// Begins a section.
    public init(application: String) {
        block(Block.section) { body in
            body.append(little: UInt32(0x1a2b_3c4d))
            body.append(little: UInt16(1))
            body.append(little: UInt16(0))
            // The section's length isn't known.
            body.append(little: UInt64.max)
            Self.option(Option.userApplication, Array(application.utf8), &body)
            Self.end(&body)
        }
    }

    /// Describes an interface.
    /// - Returns: its number, for `write`.
    public mutating func addInterface(name: String, link: LinkType, snapshotByteCount: Int) -> Int {
        block(Block.interface) { body in
            // LINKTYPE_ETHERNET, LINKTYPE_RAW.
            body.append(little: UInt16(link == .ethernet ? 1 : 101))
            body.append(little: UInt16(0))
            body.append(little: UInt32(snapshotByteCount))
            Self.option(Option.interfaceName, Array(name.utf8), &body)
            Self.option(Option.timeResolution, [9], &body)
            Self.end(&body)
        }
        interfaceCount += 1
        return interfaceCount - 1
    }

    /// Appends a packet.
    /// - Parameter timestamp: in nanoseconds since the Unix epoch.
    /// - Parameter frameByteCount: the frame's length on the link, of which `frame` may be the beginning.
    public mutating func write(
        _ frame: [UInt8], frameByteCount: Int, timestamp: UInt64, interface: Int, direction: Direction,
        comment: String? = nil
    ) {
        precondition(interface < interfaceCount && frame.count <= frameByteCount)
        block(Block.packet) { body in
            body.append(little: UInt32(interface))
            body.append(little: UInt32(timestamp >> 32))
            body.append(little: UInt32(truncatingIfNeeded: timestamp))
            body.append(little: UInt32(frame.count))
            body.append(little: UInt32(frameByteCount))
            body += frame
            Self.pad(&body)
            Self.option(
                Option.packetFlags, (0..<4).map { UInt8(direction.rawValue >> (8 * $0) & 0xff) }, &body)
            if let comment {
                // An option's length has 16 bits.
                Self.option(Option.comment, Array(comment.utf8.prefix(65_532)), &body)
            }
            Self.end(&body)
        }
    }

    /// Bytes that `take` would give.
    public var byteCount: Int { made.count }

    /// The blocks made since the last time, whole ones.
    public mutating func take() -> [UInt8] {
        defer { made = [] }
        return made
    }

    private mutating func block(_ type: UInt32, _ write: (inout [UInt8]) -> Void) {
        var body: [UInt8] = []
        write(&body)
        let length = UInt32(12 + body.count)
        made.append(little: type)
        made.append(little: length)
        made += body
        made.append(little: length)
    }

    private static func option(_ code: UInt16, _ value: [UInt8], _ body: inout [UInt8]) {
        body.append(little: code)
        body.append(little: UInt16(value.count))
        body += value
        pad(&body)
    }

    private static func end(_ body: inout [UInt8]) { body.append(little: UInt32(Option.end)) }

    /// Everything is aligned to 32 bits.
    private static func pad(_ body: inout [UInt8]) { while body.count % 4 != 0 { body.append(0) } }
}

extension [UInt8] {
    fileprivate mutating func append<Number: FixedWidthInteger>(little number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}

/// Where the fields of a neighbour solicitation or advertisement stand, in bytes from the ICMPv6 header's
/// first (RFC 4861 §4.3, §4.4).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+---------------+-------------------------------+
/// |  135 or 136   |   code = 0    |           checksum            |
/// +-+-+-+---------+---------------+-------------------------------+
/// |R|S|O|                  reserved: zero                         |   R, S, O: advertisements only
/// +-+-+-+---------------------------------------------------------+
/// |                   target address, 16 bytes                    |
/// +---------------+---------------+-------------------------------+
/// |  option type  |  length ÷ 8   |  link-layer address, 6 octets |   options, each a multiple of 8 bytes
/// +---------------+---------------+-------------------------------+
/// ```
public enum NDField {
    /// One octet: R, S and O in its upper three bits.
    @inlinable public static var flags: Int { 4 }
    /// 16 octets.
    @inlinable public static var target: Int { 8 }
    /// Where options begin.
    @inlinable public static var options: Int { 24 }

    /// A message without options.
    @inlinable public static var minimumByteCount: Int { 24 }
    /// An option with an Ethernet address (RFC 2464 §6).
    @inlinable public static var linkLayerOptionByteCount: Int { 8 }
}

/// The rules that solicitations and advertisements share (RFC 4861 §7.1).
enum NeighbourDiscovery {
    /// A link-layer address option's type (RFC 4861 §4.6).
    enum LinkLayerOption: UInt8 {
        case source = 1
        case target = 2
    }

    /// A message that has passed the checks that both kinds must pass.
    struct Message {
        let flags: UInt8
        let target: IPv6Address
        let linkLayerAddress: MACAddress?
    }

    /// The hop limit that only a packet from this link can still have.
    static let hopLimit: UInt8 = 255

    /// Reads a message of `type` and checks it: hop limit 255, not fragmented (RFC 6980), checksum, code 0,
    /// length of 24 or more, a target that isn't multicast, options with lengths that fit.
    static func parse(
        _ packet: borrowing IPv6View, type: ICMPv6Type, option: LinkLayerOption
    ) throws(WireError) -> Message {
        guard packet.hopLimit == hopLimit else { throw WireError(.neighbourDiscovery, .hopLimit) }
        let upper = try packet.upper()
        guard upper.protocol == .icmpv6, !upper.isFragment else {
            throw WireError(.neighbourDiscovery, .version)
        }
        let bytes = packet.bytes.extracting(droppingFirst: upper.offset)
        let message = try ICMPView(bytes, over: .v6)
        guard message.type == type.rawValue else { throw WireError(.neighbourDiscovery, .version) }
        guard message.code == 0 else { throw WireError(.neighbourDiscovery, .code) }
        guard bytes.byteCount >= NDField.minimumByteCount else {
            throw WireError(.neighbourDiscovery, .truncated)
        }
        let sum = TransportChecksum.pseudoHeaderSum(
            source: packet.source, destination: packet.destination, protocol: .icmpv6,
            byteCount: bytes.byteCount)
        guard message.hasValidChecksum(pseudoHeader: sum) else {
            throw WireError(.neighbourDiscovery, .checksum)
        }
        let target = bytes.ipv6Address(at: NDField.target)
        guard !target.isMulticast else { throw WireError(.neighbourDiscovery, .address) }
        return Message(
            flags: bytes.octet(at: NDField.flags), target: target,
            linkLayerAddress: try linkLayerAddress(
                in: bytes.extracting(droppingFirst: NDField.options), option: option))
    }

    /// Walks the options for the link-layer address of one kind; the first counts. Unknown options are
    /// stepped over. A group address is no station's and is refused.
    private static func linkLayerAddress(
        in options: RawSpan, option: LinkLayerOption
    ) throws(WireError) -> MACAddress? {
        var found: MACAddress?
        var offset = 0
        while offset < options.byteCount {
            guard offset + 2 <= options.byteCount else { throw WireError(.neighbourDiscovery, .option) }
            let byteCount = Int(options.octet(at: offset + 1)) * 8
            guard byteCount > 0, offset + byteCount <= options.byteCount else {
                throw WireError(.neighbourDiscovery, .option)
            }
            if found == nil, options.octet(at: offset) == option.rawValue {
                let address = options.macAddress(at: offset + 2)
                guard !address.isGroup else { throw WireError(.neighbourDiscovery, .option) }
                found = address
            }
            offset += byteCount
        }
        return found
    }

    /// Writes a whole IPv6 packet with a message of `type`.
    /// - Returns: its length: 64 bytes, or 72 with a link-layer address.
    static func emit(
        _ message: Message, type: ICMPv6Type, option: LinkLayerOption, source: IPv6Address,
        destination: IPv6Address, into bytes: inout MutableRawSpan, at start: Int
    ) -> Int {
        let body = start + IPv6Field.byteCount
        bytes.store(message.target, at: body + NDField.target)
        var byteCount = NDField.minimumByteCount
        if let address = message.linkLayerAddress {
            bytes.store(option.rawValue, at: body + byteCount)
            bytes.store(1 as UInt8, at: body + byteCount + 1)
            bytes.store(address, at: body + byteCount + 2)
            byteCount += NDField.linkLayerOptionByteCount
        }
        var header = IPv6Header(
            nextHeader: .icmpv6, source: source, destination: destination, payloadByteCount: byteCount)
        header.hopLimit = hopLimit
        header.emit(into: &bytes, at: start)
        ICMPv6Message.other(type: type, code: 0, rest: UInt32(message.flags) << 24).emit(
            into: &bytes, at: body, payloadByteCount: byteCount - ICMPField.byteCount, source: source,
            destination: destination)
        return header.totalByteCount
    }
}

/// The type of an ICMPv6 message (IANA ICMPv6 parameters).
public struct ICMPv6Type: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// The number in the message.
    public var rawValue: UInt8

    /// The type with this number.
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// RFC 4443 §3.1.
    @inlinable public static var destinationUnreachable: Self { Self(rawValue: 1) }
    /// RFC 4443 §3.2.
    @inlinable public static var packetTooBig: Self { Self(rawValue: 2) }
    /// RFC 4443 §3.3.
    @inlinable public static var timeExceeded: Self { Self(rawValue: 3) }
    /// RFC 4443 §4.1.
    @inlinable public static var echoRequest: Self { Self(rawValue: 128) }
    /// RFC 4443 §4.2.
    @inlinable public static var echoReply: Self { Self(rawValue: 129) }
    /// RFC 4861 §4.1: who asks for routers.
    @inlinable public static var routerSolicitation: Self { Self(rawValue: 133) }
    /// RFC 4861 §4.3.
    @inlinable public static var neighbourSolicitation: Self { Self(rawValue: 135) }
    /// RFC 4861 §4.4.
    @inlinable public static var neighbourAdvertisement: Self { Self(rawValue: 136) }
    /// RFC 4861 §4.5.
    @inlinable public static var redirect: Self { Self(rawValue: 137) }

    /// Whether the message reports an error (RFC 4443 §2.1): the types below 128.
    @inlinable public var isError: Bool { rawValue < 128 }
}

/// The header of an ICMPv6 message, as a value (RFC 4443). `ICMPField` draws the layout. Neighbour discovery
/// has values of its own.
public enum ICMPv6Message: Equatable, Sendable {
    case echoRequest(identifier: UInt16, sequence: UInt16)
    case echoReply(identifier: UInt16, sequence: UInt16)
    /// Code 0: no route; 1: administratively prohibited; 3: address unreachable; 4: port unreachable.
    case destinationUnreachable(code: UInt8)
    /// The MTU of the next hop's link, in bytes.
    case packetTooBig(mtu: UInt32)
    /// Code 0: hop limit ran out in transit; 1: not all fragments came in time.
    case timeExceeded(code: UInt8)
    /// A message that isn't taken apart here.
    case other(type: ICMPv6Type, code: UInt8, rest: UInt32)

    /// The values in a message's header.
    public init(_ view: borrowing ICMPView) {
        let upper = UInt16(view.rest >> 16)
        let lower = UInt16(view.rest & 0xffff)
        switch ICMPv6Type(rawValue: view.type) {
        case .echoRequest: self = .echoRequest(identifier: upper, sequence: lower)
        case .echoReply: self = .echoReply(identifier: upper, sequence: lower)
        case .destinationUnreachable: self = .destinationUnreachable(code: view.code)
        case .packetTooBig: self = .packetTooBig(mtu: view.rest)
        case .timeExceeded: self = .timeExceeded(code: view.code)
        case let type: self = .other(type: type, code: view.code, rest: view.rest)
        }
    }

    /// Writes the header's 8 bytes, with the checksum over the pseudo-header, them, and the payload, which
    /// must already stand behind.
    /// - Parameter start: where in `bytes` the message begins; header and payload must fit.
    /// - Parameter source: of the IPv6 header; so is `destination`.
    /// - Returns: 8 + `payloadByteCount`, the message's length.
    @discardableResult
    public func emit(
        into bytes: inout MutableRawSpan, at start: Int = 0, payloadByteCount: Int, source: IPv6Address,
        destination: IPv6Address
    ) -> Int {
        let (type, code, rest) = fields
        let byteCount = ICMPField.byteCount + payloadByteCount
        bytes.store(type.rawValue, at: start + ICMPField.type)
        bytes.store(code, at: start + ICMPField.code)
        bytes.store(rest, at: start + ICMPField.rest)
        bytes.storeChecksum(
            at: start + ICMPField.checksum, over: start..<start + byteCount,
            adding: TransportChecksum.pseudoHeaderSum(
                source: source, destination: destination, protocol: .icmpv6, byteCount: byteCount))
        return byteCount
    }

    private var fields: (type: ICMPv6Type, code: UInt8, rest: UInt32) {
        switch self {
        case .echoRequest(let identifier, let sequence):
            (.echoRequest, 0, UInt32(identifier) << 16 | UInt32(sequence))
        case .echoReply(let identifier, let sequence):
            (.echoReply, 0, UInt32(identifier) << 16 | UInt32(sequence))
        case .destinationUnreachable(let code): (.destinationUnreachable, code, 0)
        case .packetTooBig(let mtu): (.packetTooBig, 0, mtu)
        case .timeExceeded(let code): (.timeExceeded, code, 0)
        case .other(let type, let code, let rest): (type, code, rest)
        }
    }
}

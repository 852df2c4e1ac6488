/// The type of an ICMP message (IANA ICMP parameters).
public struct ICMPv4Type: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// The number in the message.
    public var rawValue: UInt8

    /// The type with this number.
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// RFC 792.
    @inlinable public static var echoReply: Self { Self(rawValue: 0) }
    /// RFC 792, RFC 1191.
    @inlinable public static var destinationUnreachable: Self { Self(rawValue: 3) }
    /// RFC 792.
    @inlinable public static var echoRequest: Self { Self(rawValue: 8) }
    /// RFC 792.
    @inlinable public static var timeExceeded: Self { Self(rawValue: 11) }

    /// Whether the message reports an error, so that none may be reported about it (RFC 1122 §3.2.2):
    /// destination unreachable, source quench, redirect, time exceeded and parameter problem.
    @inlinable public var isError: Bool {
        switch rawValue {
        case 3, 4, 5, 11, 12: true
        default: false
        }
    }
}

/// The header of an ICMP message, as a value (RFC 792). `ICMPField` draws the layout.
public enum ICMPv4Message: Equatable, Sendable {
    case echoRequest(identifier: UInt16, sequence: UInt16)
    case echoReply(identifier: UInt16, sequence: UInt16)
    /// The MTU, in bytes, only goes with code 4, fragmentation needed and DF set (RFC 1191 §4); else it is
    /// zero.
    case destinationUnreachable(code: UInt8, nextHopMTU: UInt16)
    /// Code 0: TTL ran out in transit; 1: not all fragments came in time.
    case timeExceeded(code: UInt8)
    /// A message that isn't taken apart here.
    case other(type: ICMPv4Type, code: UInt8, rest: UInt32)

    /// The code of "fragmentation needed and DF set".
    public static var fragmentationNeeded: UInt8 { 4 }

    /// The values in a message's header.
    public init(_ view: borrowing ICMPView) {
        let upper = UInt16(view.rest >> 16)
        let lower = UInt16(view.rest & 0xffff)
        switch ICMPv4Type(rawValue: view.type) {
        case .echoRequest: self = .echoRequest(identifier: upper, sequence: lower)
        case .echoReply: self = .echoReply(identifier: upper, sequence: lower)
        case .destinationUnreachable:
            self = .destinationUnreachable(
                code: view.code, nextHopMTU: view.code == Self.fragmentationNeeded ? lower : 0)
        case .timeExceeded: self = .timeExceeded(code: view.code)
        case let type: self = .other(type: type, code: view.code, rest: view.rest)
        }
    }

    /// Writes the header's 8 bytes, with the checksum over them and the payload, which must already stand
    /// behind.
    /// - Parameter start: where in `bytes` the message begins; header and payload must fit.
    /// - Returns: 8 + `payloadByteCount`, the message's length.
    @discardableResult
    public func emit(into bytes: inout MutableRawSpan, at start: Int = 0, payloadByteCount: Int) -> Int {
        let (type, code, rest) = fields
        let byteCount = ICMPField.byteCount + payloadByteCount
        bytes.store(type.rawValue, at: start + ICMPField.type)
        bytes.store(code, at: start + ICMPField.code)
        bytes.store(rest, at: start + ICMPField.rest)
        bytes.storeChecksum(at: start + ICMPField.checksum, over: start..<start + byteCount)
        return byteCount
    }

    private var fields: (type: ICMPv4Type, code: UInt8, rest: UInt32) {
        switch self {
        case .echoRequest(let identifier, let sequence):
            (.echoRequest, 0, UInt32(identifier) << 16 | UInt32(sequence))
        case .echoReply(let identifier, let sequence):
            (.echoReply, 0, UInt32(identifier) << 16 | UInt32(sequence))
        case .destinationUnreachable(let code, let nextHopMTU):
            (.destinationUnreachable, code, UInt32(nextHopMTU))
        case .timeExceeded(let code): (.timeExceeded, code, 0)
        case .other(let type, let code, let rest): (type, code, rest)
        }
    }
}

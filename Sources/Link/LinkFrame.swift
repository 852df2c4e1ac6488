import Wire

/// The unit that travels between forwarder and control plane.
///
/// ```
///  0                   1                   2                   3
/// +-------------------+-------------------+-------------------+-------------------+
/// |        'W'        |        'L'        |        'N'        |        'K'        |
/// +-------------------+-------------------+-------------------+-------------------+
/// |       kind        |     flags, 0      |              reserved, 0              |
/// +-------------------+-------------------+-------------------+-------------------+
/// |                        bytes of the payload, at most 2²⁰                      |
/// +-------------------+-------------------+-------------------+-------------------+
/// |                            CRC-32C of the payload                             |
/// +-------------------+-------------------+-------------------+-------------------+
/// |                                   payload …                                   |
/// ```
/// Numbers are in network byte order.
package struct LinkFrame: Equatable, Sendable {
    package static let headerByteCount = 16
    static let magic: UInt32 = 0x574c_4e4b

    package var kind: FrameKind
    /// At most `LinkProtocol.payloadLimit` bytes.
    package var payload: ArraySlice<UInt8>

    package init(_ kind: FrameKind, _ payload: ArraySlice<UInt8> = []) {
        precondition(payload.count <= LinkProtocol.payloadLimit)
        self.kind = kind
        self.payload = payload
    }

    /// The frame as it is sent.
    package var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.reserve(Self.headerByteCount + payload.count)
        writer.write(Self.magic)
        writer.write(kind.rawValue)
        writer.write(UInt8(0))
        writer.write(UInt16(0))
        writer.write(count: payload.count)
        writer.write(CRC32C.of(payload.span.bytes))
        writer.write(raw: payload)
        return writer.bytes
    }
}

/// What a frame says.
package enum FrameKind: UInt8, CaseIterable, Sendable {
    /// Forwarder, first: who it is and what it has.
    case hello = 1
    /// Control plane's answer: it takes the forwarder.
    case welcome
    /// Control plane's other answer: why it doesn't. Nothing follows.
    case refusal
    /// Control plane: a transaction begins.
    case begin
    /// Control plane: a piece of its changes.
    case changes
    /// Control plane: it is complete.
    case commit
    /// Forwarder: packets go by it.
    case applied
    /// Forwarder: it has changed nothing, and why.
    case rejected
    /// Forwarder: how all ports are.
    case ports
    /// Either: I'm here.
    case ping
    /// Either: so am I.
    case pong
}

import Wire

/// What one frame says, as a value.
package enum Message: Equatable, Sendable {
    case hello(Hello)
    case welcome(Welcome)
    case refusal(String)
    case begin(TransactionHead)
    case changes(ArraySlice<UInt8>)
    case commit(TransactionEnd)
    case applied(AppliedTransaction)
    case rejected(RejectedTransaction)
    case ports([PortStatus])
    case ping
    case pong
}

extension Message {
    /// The frame that carries the message.
    package var frame: LinkFrame {
        var writer = ByteWriter()
        switch self {
        case .hello(let hello): hello.write(to: &writer)
        case .welcome(let welcome): welcome.write(to: &writer)
        case .refusal(let reason): writer.write(sentence: reason)
        case .begin(let head): head.write(to: &writer)
        case .changes(let piece): return LinkFrame(.changes, piece)
        case .commit(let end): end.write(to: &writer)
        case .applied(let applied): applied.write(to: &writer)
        case .rejected(let rejected): rejected.write(to: &writer)
        case .ports(let ports): writer.write(ports) { $1.write(to: &$0) }
        case .ping, .pong: break
        }
        return LinkFrame(kind, writer.bytes[...])
    }

    /// What the frame says.
    /// - Throws: what of its payload can't be, and at which byte.
    package init(_ frame: LinkFrame) throws(LinkError) {
        do throws(ByteReaderError) {
            self = try Self.read(frame)
        } catch {
            throw LinkError("a \(frame.kind) frame with a fault at \(error)")
        }
    }

    var kind: FrameKind {
        switch self {
        case .hello: .hello
        case .welcome: .welcome
        case .refusal: .refusal
        case .begin: .begin
        case .changes: .changes
        case .commit: .commit
        case .applied: .applied
        case .rejected: .rejected
        case .ports: .ports
        case .ping: .ping
        case .pong: .pong
        }
    }

    private static func read(_ frame: LinkFrame) throws(ByteReaderError) -> Message {
        if frame.kind == .changes { return .changes(frame.payload) }
        var reader = ByteReader(frame.payload)
        let message: Message =
            switch frame.kind {
            case .hello: .hello(try Hello(reading: &reader))
            case .welcome: .welcome(try Welcome(reading: &reader))
            case .refusal: .refusal(try reader.readText())
            case .begin: .begin(try TransactionHead(reading: &reader))
            case .changes: .changes(frame.payload)
            case .commit: .commit(try TransactionEnd(reading: &reader))
            case .applied: .applied(try AppliedTransaction(reading: &reader))
            case .rejected: .rejected(try RejectedTransaction(reading: &reader))
            case .ports:
                .ports(
                    try reader.readList(elementByteCount: 12) { reader throws(ByteReaderError) in
                        try PortStatus(reading: &reader)
                    })
            case .ping: .ping
            case .pong: .pong
            }
        try reader.finish()
        return message
    }
}

extension ByteWriter {
    /// Writes a text for people, cut where it would be too long for a frame of many.
    mutating func write(sentence: String) { write(String(sentence.prefix(512))) }
}

import Wire

/// Cuts the bytes of a connection into frames. The first that is wrong ends it: what follows can't be trusted.
package struct FrameReader: Sendable {
    private var buffer: [UInt8] = []
    /// Bytes at the front of the buffer that have been taken.
    private var taken = 0

    package init() {}

    /// Whether the bytes so far end within a frame.
    package var isInsideFrame: Bool { buffer.count > taken }

    /// Takes in what has come. Cost: linear in it.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        // What has been taken goes once it is the larger part, so that each byte is moved once at most.
        if taken > 0, taken >= buffer.count - taken {
            buffer.removeFirst(taken)
            taken = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame; nil until more bytes have come.
    /// - Throws: what is wrong with the frame, as soon as it shows.
    package mutating func next() throws(LinkError) -> LinkFrame? {
        guard buffer.count - taken >= LinkFrame.headerByteCount else { return nil }
        var header = ByteReader(buffer[taken..<taken + LinkFrame.headerByteCount])
        let fields:
            (magic: UInt32, kind: UInt8, flags: UInt8, reserved: UInt16, length: UInt32, check: UInt32)
        do throws(ByteReaderError) {
            fields = (
                try header.read(), try header.read(), try header.read(), try header.read(), try header.read(),
                try header.read()
            )
        } catch {
            preconditionFailure("a header has \(LinkFrame.headerByteCount) bytes: \(error)")
        }
        guard fields.magic == LinkFrame.magic else {
            throw LinkError("what came is no frame: it begins with 0x\(String(fields.magic, radix: 16))")
        }
        guard let kind = FrameKind(rawValue: fields.kind) else {
            throw LinkError("a frame of unknown kind \(fields.kind)")
        }
        guard fields.flags == 0, fields.reserved == 0 else {
            throw LinkError("a \(kind) frame with unknown flags")
        }
        guard fields.length <= LinkProtocol.payloadLimit else {
            throw LinkError(
                "a \(kind) frame of \(fields.length) bytes, where \(LinkProtocol.payloadLimit) are possible")
        }
        let start = taken + LinkFrame.headerByteCount
        let end = start + Int(fields.length)
        guard end <= buffer.count else { return nil }
        let payload = buffer[start..<end]
        guard CRC32C.of(payload.span.bytes) == fields.check else {
            throw LinkError("a \(kind) frame whose checksum is wrong: its bytes have been garbled")
        }
        taken = end
        return LinkFrame(kind, ArraySlice(Array(payload)))
    }
}

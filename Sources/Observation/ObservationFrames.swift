/// Messages on the observation socket: each its length in four bytes, most significant first, and its bytes, at most 1
/// MiB. Both ends run on one host, and a connection lives no longer than a question: no checksum, and no version in
/// each, as the link between forwarder and control plane has.
struct ObservationFrames {
    static let payloadLimit = 1 << 20

    private var buffer: [UInt8] = []
    private var taken = 0

    mutating func append(_ bytes: some Sequence<UInt8>) {
        if taken > 0, taken >= buffer.count - taken {
            buffer.removeFirst(taken)
            taken = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Whether `next` would give a message.
    var hasNext: Bool {
        guard buffer.count - taken >= 4 else { return false }
        return buffer.count - taken - 4 >= buffer[taken..<taken + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    /// The next whole message; nil until more bytes have come.
    mutating func next() throws(ObservationError) -> ArraySlice<UInt8>? {
        guard buffer.count - taken >= 4 else { return nil }
        let length = buffer[taken..<taken + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.payloadLimit else {
            throw ObservationError("a message of \(length) bytes, where \(Self.payloadLimit) are possible")
        }
        guard buffer.count - taken - 4 >= length else { return nil }
        defer { taken += 4 + length }
        return ArraySlice(Array(buffer[taken + 4..<taken + 4 + length]))
    }

    /// Puts a message behind others.
    static func append(_ payload: some Collection<UInt8>, to output: inout [UInt8]) {
        let length = payload.count
        precondition(length <= payloadLimit)
        for shift in [24, 16, 8, 0] { output.append(UInt8(length >> shift & 0xff)) }
        output.append(contentsOf: payload)
    }
}

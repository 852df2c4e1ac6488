/// Takes an input apart. Behind its end there is nothing, and never a trap.
struct InputReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    /// The next octet, or 0.
    mutating func octet() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func word() -> UInt16 { UInt16(octet()) << 8 | UInt16(octet()) }

    /// As many bytes as the next word says, of those that are left.
    mutating func piece(atMost limit: Int = .max) -> [UInt8] {
        let count = min(Int(word()), limit, rest.count)
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// All that is left.
    mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }

    /// What `piece` reads.
    static func encoded(piece: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: piece.count >> 8), UInt8(truncatingIfNeeded: piece.count)] + piece
    }
}

public import Exchange

/// Bytes as hex digits, as people copy them from other tools.
public enum Hex {
    /// Reads pairs of hex digits. Blanks, tabs, line ends and colons may stand anywhere; `0x` at the beginning.
    /// - Throws: a `Rejection` that names the character at fault, counted from 1.
    public static func bytes(_ text: String) throws(Rejection) -> [UInt8] {
        var bytes: [UInt8] = []
        var high: (digit: UInt8, place: Int)?
        let characters = Array(text)
        var start = characters.firstIndex { !isFiller($0) } ?? characters.endIndex
        if characters[start...].starts(with: ["0", "x"]) || characters[start...].starts(with: ["0", "X"]) {
            start += 2
        }
        for (place, character) in characters.enumerated().dropFirst(start) where !isFiller(character) {
            guard character.isASCII, let digit = character.hexDigitValue else {
                throw Rejection(
                    "character \(place + 1) is '\(character)'; a packet is written as hex digits, with blanks, "
                        + "colons and line ends between them if need be")
            }
            if let first = high {
                bytes.append(first.digit << 4 | UInt8(digit))
                high = nil
            } else {
                high = (UInt8(digit), place)
            }
        }
        if let high {
            throw Rejection(
                "an odd number of hex digits, \(2 * bytes.count + 1): the last one, character \(high.place + 1), "
                    + "has no second digit")
        }
        guard !bytes.isEmpty else { throw Rejection("there is no hex digit in the packet") }
        return bytes
    }

    /// Two lower-case digits for each byte.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xf)]] })
    }

    private static func isFiller(_ character: Character) -> Bool {
        character.isWhitespace || character == ":"
    }
}

import Exchange

/// The tree of nodes in a JSON text (RFC 8259), with a place for each.
///
/// Strict, where YAML's is lenient: JSON comes from programs. Keys that stand twice are refused, and so is nesting
/// deeper than any exchange needs. Linear time.
struct JSONDocument {
    private static let maximumDepth = 32

    private let bytes: [UInt8]
    private var offset = 0
    private var line = 1
    private var column = 1
    private var depth = 0

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// The root of the one value in `text`.
    static func root(of text: String) throws(Rejection) -> Node {
        var document = JSONDocument(text)
        let root = try document.value()
        document.skipBlanks()
        if document.offset < document.bytes.count {
            throw document.fault("something stands behind the end of the value; remove it")
        }
        return root
    }

    // MARK: Values

    private mutating func value() throws(Rejection) -> Node {
        skipBlanks()
        let start = location
        guard let first = peek else { throw fault("the text ends where a value is due") }
        switch first {
        case UInt8(ascii: "{"): return try object(start)
        case UInt8(ascii: "["): return try array(start)
        case UInt8(ascii: "\""):
            return .scalar(Node.Scalar(string: try string(), style: .string, location: start))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .scalar(Node.Scalar(string: try number(), style: .number, location: start))
        default:
            for word in ["true", "false", "null"] where take(word) {
                return .scalar(Node.Scalar(string: word, style: .word, location: start))
            }
            throw fault("a JSON value can't begin like this; quote texts with `\"`")
        }
    }

    private mutating func object(_ start: SourceLocation) throws(Rejection) -> Node {
        try descend()
        defer { depth -= 1 }
        var entries: [(key: Node, value: Node)] = []
        var keys: Set<String> = []
        skipBlanks()
        if take("}") { return .mapping([], start) }
        repeat {
            skipBlanks()
            let place = location
            guard peek == UInt8(ascii: "\"") else { throw fault("a key in quotes is due here") }
            let key = try string()
            guard keys.insert(key).inserted else {
                throw Rejection("`\(key)`: given twice in the same object; keep one", at: place)
            }
            skipBlanks()
            guard take(":") else { throw fault("a colon is due behind the key `\(key)`") }
            entries.append(
                (.scalar(Node.Scalar(string: key, style: .string, location: place)), try value()))
            skipBlanks()
        } while take(",")
        guard take("}") else { throw fault("a comma or `}` is due here") }
        return .mapping(entries, start)
    }

    private mutating func array(_ start: SourceLocation) throws(Rejection) -> Node {
        try descend()
        defer { depth -= 1 }
        var items: [Node] = []
        skipBlanks()
        if take("]") { return .sequence([], start) }
        repeat {
            items.append(try value())
            skipBlanks()
        } while take(",")
        guard take("]") else { throw fault("a comma or `]` is due here") }
        return .sequence(items, start)
    }

    /// Into an object or array, whose first byte is taken.
    private mutating func descend() throws(Rejection) {
        guard depth < Self.maximumDepth else {
            throw fault("this is nested too deeply; no exchange needs that")
        }
        depth += 1
        advance()
    }

    // MARK: Scalars

    private mutating func number() throws(Rejection) -> String {
        let start = offset
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func digits() throws(Rejection) {
        guard isDigit(peek) else { throw fault("a digit is due here") }
        while isDigit(peek) { advance() }
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    }

    private mutating func string() throws(Rejection) -> String {
        advance()
        var text: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                advance()
                text += String(Character(try escape())).utf8
            case 0..<0x20: throw fault("a control character in a text is written as in `\\n` or `\\u001b`")
            default:
                text.append(byte)
                advance()
            }
        }
        throw fault("a text isn't closed; end it with `\"`")
    }

    /// What follows a backslash.
    private mutating func escape() throws(Rejection) -> Unicode.Scalar {
        let simple: [(String, Unicode.Scalar)] = [
            ("\"", "\""), ("\\", "\\"), ("/", "/"), ("b", "\u{8}"), ("f", "\u{c}"), ("n", "\n"), ("r", "\r"),
            ("t", "\t"),
        ]
        for (sign, scalar) in simple where take(sign) { return scalar }
        guard take("u") else { throw fault("there is no such escape; write `\\\\` for a backslash") }
        let high = try codeUnit()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard UTF16.isLeadSurrogate(high), take("\\u"), case let low = try codeUnit(),
            UTF16.isTrailSurrogate(low)
        else { throw fault("half a surrogate pair is no character") }
        return UTF16.decode(UTF16.EncodedScalar([high, low]))
    }

    private mutating func codeUnit() throws(Rejection) -> UInt16 {
        guard offset + 4 <= bytes.count,
            case let digits = bytes[offset..<offset + 4], digits.allSatisfy({ $0 != UInt8(ascii: "+") }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw fault("four hex digits are due behind `\\u`") }
        for _ in 0..<4 { advance() }
        return unit
    }

    // MARK: Bytes

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }
    private var location: SourceLocation { SourceLocation(line: line, column: column) }

    private mutating func advance() {
        if bytes[offset] == UInt8(ascii: "\n") {
            line += 1
            column = 1
        } else if bytes[offset] & 0xc0 != 0x80 {
            column += 1
        }
        offset += 1
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[offset...].starts(with: word.utf8) else { return false }
        for _ in 0..<word.utf8.count { advance() }
        return true
    }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { advance() }
    }

    private func fault(_ sentence: String) -> Rejection {
        Rejection("this is not well-formed JSON: \(sentence)", at: location)
    }
}

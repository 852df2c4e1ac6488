/// A JSON text (RFC 8259) of nothing but objects and whole numbers, as counters are: the numbers by their
/// path, member names joined with `/`. An empty object stands there without a number.
public struct JSONNumbers: Equatable, Sendable {
    public private(set) var values: [String: UInt64?] = [:]
    private var rest: Substring.UTF8View

    /// Nil for anything but one such object with unique names, alone in the text.
    public init?(_ text: String) {
        rest = Substring(text).utf8
        guard object(""), rest.allSatisfy(Self.isSpace) else { return nil }
        rest = Substring().utf8
    }

    public static func == (a: Self, b: Self) -> Bool { a.values == b.values }

    private static func isSpace(_ octet: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(octet) }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        rest = rest.drop(while: Self.isSpace)
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func object(_ path: String) -> Bool {
        guard take("{") else { return false }
        if take("}") { return add(path, nil) }
        repeat {
            guard take("\""), let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return false }
            let name = String(Substring(rest[..<end]))
            rest = rest[rest.index(after: end)...]
            guard !name.contains("\\"), take(":") else { return false }
            guard value(path.isEmpty ? name : "\(path)/\(name)") else { return false }
        } while take(",")
        return take("}")
    }

    private mutating func value(_ path: String) -> Bool {
        rest = rest.drop(while: Self.isSpace)
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { return object(path) }
        rest = rest[digits.endIndex...]
        guard digits.count == 1 || digits.first != 0x30 else { return false }
        guard let number = UInt64(Substring(digits)) else { return false }
        return add(path, number)
    }

    private mutating func add(_ path: String, _ number: UInt64?) -> Bool {
        values.updateValue(number, forKey: path) == nil
    }
}

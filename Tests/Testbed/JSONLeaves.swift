/// A JSON text (RFC 8259) of objects, arrays, plain strings and whole numbers, such as counters: its leaves by their path,
/// member names and places in arrays, counted from 0, joined with `/`.
public struct JSONLeaves: Equatable, Sendable {
    public enum Leaf: Equatable, Sendable {
        case number(UInt64)
        case text(String)
        /// An object or array that has nothing in it.
        case nothing
    }

    public private(set) var leaves: [String: Leaf] = [:]

    /// Nil for anything but one such object with unique names, alone in the text.
    public init?(_ text: String) {
        var reader = Reader(rest: Substring(text).utf8)
        guard reader.object(""), reader.rest.allSatisfy(Reader.isSpace) else { return nil }
        leaves = reader.leaves
    }

    public subscript(path: String) -> Leaf? { leaves[path] }

    public func number(_ path: String) -> UInt64? {
        if case .number(let number) = leaves[path] { number } else { nil }
    }

    public func text(_ path: String) -> String? {
        if case .text(let text) = leaves[path] { text } else { nil }
    }

    /// An array of strings, as far as it is one.
    public func texts(_ path: String) -> [String] {
        var texts: [String] = []
        while let text = text("\(path)/\(texts.count)") { texts.append(text) }
        return texts
    }

    /// The leaves whose path fulfils a condition.
    public func filter(_ isIncluded: (String) -> Bool) -> [String: Leaf] {
        leaves.filter { isIncluded($0.key) }
    }
}

private struct Reader {
    var rest: Substring.UTF8View
    var leaves: [String: JSONLeaves.Leaf] = [:]

    static func isSpace(_ octet: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(octet) }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        rest = rest.drop(while: Self.isSpace)
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func object(_ path: String) -> Bool {
        guard take("{") else { return false }
        if take("}") { return add(path, .nothing) }
        repeat {
            guard let name = string(), take(":"), value(Self.join(path, name)) else { return false }
        } while take(",")
        return take("}")
    }

    private mutating func array(_ path: String) -> Bool {
        if take("]") { return add(path, .nothing) }
        var place = 0
        repeat {
            guard value(Self.join(path, "\(place)")) else { return false }
            place += 1
        } while take(",")
        return take("]")
    }

    private static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path)/\(name)"
    }

    /// Nil for one with escapes too.
    private mutating func string() -> String? {
        guard take("\""), let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        let text = String(Substring(rest[..<end]))
        rest = rest[rest.index(after: end)...]
        return text.contains("\\") ? nil : text
    }

    private mutating func value(_ path: String) -> Bool {
        rest = rest.drop(while: Self.isSpace)
        guard let first = rest.first else { return false }
        switch first {
        case UInt8(ascii: "\""): return string().map { add(path, .text($0)) } ?? false
        case UInt8(ascii: "["): return take("[") && array(path)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return number(path)
        default: return object(path)
        }
    }

    private mutating func number(_ path: String) -> Bool {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest[digits.endIndex...]
        guard digits.count == 1 || digits.first != 0x30 else { return false }
        guard let number = UInt64(Substring(digits)) else { return false }
        return add(path, .number(number))
    }

    private mutating func add(_ path: String, _ leaf: JSONLeaves.Leaf) -> Bool {
        leaves.updateValue(leaf, forKey: path) == nil
    }
}

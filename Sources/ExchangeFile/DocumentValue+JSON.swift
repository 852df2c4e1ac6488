public import Exchange

extension DocumentValue {
    /// Reads a JSON text (RFC 8259).
    public init(json text: String) throws(Rejection) { self.init(try JSONDocument.root(of: text)) }

    init(_ node: Node) {
        switch node {
        case .mapping(let entries, _):
            self = .map(
                entries.map { key, value in
                    guard case .scalar(let scalar) = key else {
                        preconditionFailure("JSON has texts as keys")
                    }
                    return Member(scalar.string, DocumentValue(value))
                })
        case .sequence(let items, _): self = .list(items.map { DocumentValue($0) })
        case .scalar(let scalar):
            switch scalar.style {
            case .number: self = .number(scalar.string)
            case .word: self = scalar.string == "null" ? .null : .flag(scalar.string == "true")
            case .plain, .quoted, .string: self = .text(scalar.string)
            }
        }
    }

    /// As JSON on one line, without blanks.
    public var json: String {
        var text = ""
        writeJSON(&text)
        return text
    }

    private func writeJSON(_ text: inout String) {
        switch self {
        case .text(let string): Self.writeQuoted(string, &text, alsoEscaping: { _ in false })
        case .number(let digits): text += digits
        case .flag(let flag): text += flag ? "true" : "false"
        case .null: text += "null"
        case .list(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                item.writeJSON(&text)
            }
            text += "]"
        case .map(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                Self.writeQuoted(member.key, &text, alsoEscaping: { _ in false })
                text += ":"
                member.value.writeJSON(&text)
            }
            text += "}"
        }
    }

    /// In double quotes, as JSON and YAML both read it: control characters and those that `alsoEscaping` names (of the
    /// first 65,536) as `\uXXXX`.
    static func writeQuoted(
        _ string: String, _ text: inout String, alsoEscaping isEscaped: (Unicode.Scalar) -> Bool
    ) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                text += "\\"
                text.unicodeScalars.append(scalar)
            case "\u{0}"..<"\u{20}": writeEscaped(scalar, &text)
            default:
                if isEscaped(scalar) {
                    writeEscaped(scalar, &text)
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }

    private static func writeEscaped(_ scalar: Unicode.Scalar, _ text: inout String) {
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }
}

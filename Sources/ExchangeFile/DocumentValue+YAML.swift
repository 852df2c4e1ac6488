extension DocumentValue {
    /// The longest line in which a mapping or list is written in braces or brackets, in characters.
    private static let lineLength = 110

    /// As YAML: what fits on a line in braces and brackets, the rest indented. `depth` mappings at the top are always
    /// indented, as the sections of an exchange file are.
    public func yaml(indentedDepth depth: Int = 0) -> String {
        var text = ""
        if isContainerWithContent, depth > 0 || flow.count > Self.lineLength {
            writeBlock(&text, indent: 0, depth: depth)
        } else {
            text = flow + "\n"
        }
        return text
    }

    private var isContainerWithContent: Bool { !members.isEmpty || !items.isEmpty }

    // MARK: Block style

    private func writeBlock(_ text: inout String, indent: Int, depth: Int) {
        let margin = String(repeating: " ", count: indent)
        for member in members {
            text += margin
            Self.writeScalar(member.key, &text)
            text += ":"
            member.value.writeValue(&text, indent: indent, used: member.key.count + 1, depth: depth - 1)
        }
        for item in items {
            text += margin + "-"
            item.writeValue(&text, indent: indent, used: 1, depth: depth - 1)
        }
    }

    /// What stands behind a `key:` or `-`, line end included.
    private func writeValue(_ text: inout String, indent: Int, used: Int, depth: Int) {
        let flow = depth > 0 && isContainerWithContent ? nil : flow
        if let flow, !isContainerWithContent || indent + used + 1 + flow.count <= Self.lineLength {
            text += " " + flow + "\n"
        } else {
            text += "\n"
            writeBlock(&text, indent: indent + 2, depth: depth)
        }
    }

    // MARK: Flow style

    /// As YAML on one line, in braces and brackets.
    public var flow: String {
        var text = ""
        writeFlow(&text)
        return text
    }

    private func writeFlow(_ text: inout String) {
        switch self {
        case .text(let string): Self.writeScalar(string, &text)
        case .number(let digits): text += digits
        case .flag(let flag): text += flag ? "true" : "false"
        case .null: text += "null"
        case .list(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += ", " }
                item.writeFlow(&text)
            }
            text += "]"
        case .map(let members):
            text += members.isEmpty ? "{" : "{ "
            for (index, member) in members.enumerated() {
                if index > 0 { text += ", " }
                Self.writeScalar(member.key, &text)
                text += ": "
                member.value.writeFlow(&text)
            }
            text += members.isEmpty ? "}" : " }"
        }
    }

    // MARK: Scalars

    /// Without quotes where no reader of YAML can mistake it.
    private static func writeScalar(_ string: String, _ text: inout String) {
        if isPlain(string) {
            text += string
        } else {
            writeQuoted(string, &text, alsoEscaping: mustEscape)
        }
    }

    /// Whether the text is made of harmless characters alone, and looks like no number, flag or null.
    private static func isPlain(_ string: String) -> Bool {
        let bytes = string.utf8
        guard let first = bytes.first, let last = bytes.last, isWordByte(first) || first == UInt8(ascii: "/"),
            last != UInt8(ascii: " "),
            bytes.allSatisfy({
                isWordByte($0) || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: "/")
                    || $0 == UInt8(ascii: ".")
            })
        else { return false }
        if typedWords.contains(string.lowercased()) { return false }
        // Two points or a slash make an address of what begins like a number.
        let beginsLikeNumber = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        return !beginsLikeNumber || bytes.contains(UInt8(ascii: "/"))
            || bytes.count { $0 == UInt8(ascii: ".") } > 1
            || Self.isUnitNumber(string)
    }

    /// A capacity or a range of ports: `100Mbit`, `8000-8099`.
    private static func isUnitNumber(_ string: String) -> Bool {
        let rest = string.utf8.drop {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
        }
        guard let next = rest.first else { return false }
        return "kMGT".utf8.contains(next) && String(rest)?.hasSuffix("bit") == true
            || next == UInt8(ascii: "-") && rest.dropFirst().count <= 5
                && rest.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// What YAML 1.1 takes for something else than a text.
    private static let typedWords: Set<String> = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n",
    ]

    /// Line ends and what no YAML text may hold as it is; and `*`, lest two words look like an anchor and its alias.
    private static func mustEscape(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2a, 0x7f...0x9f, 0x2028...0x2029, 0xfeff, 0xfffe...0xffff: true
        default: false
        }
    }
}

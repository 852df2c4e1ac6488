import Exchange

/// A value in a file, with its place: what YAML and JSON have in common.
indirect enum Node {
    case scalar(Scalar)
    /// Entries in their order; no key stands twice.
    case mapping([(key: Node, value: Node)], SourceLocation)
    case sequence([Node], SourceLocation)

    /// Where it begins.
    var location: SourceLocation {
        switch self {
        case .scalar(let scalar): scalar.location
        case .mapping(_, let location), .sequence(_, let location): location
        }
    }

    /// A value without parts.
    struct Scalar {
        /// As written; of quoted ones what stands between the quotes, escapes resolved.
        let string: String
        let style: Style
        let location: SourceLocation
    }

    /// How a scalar is written. YAML's are read by what is due in their place, however they are written; JSON has
    /// types of its own, and they must be the right ones.
    enum Style {
        /// YAML without quotes.
        case plain
        /// YAML in quotes, or as a block.
        case quoted
        /// A JSON string.
        case string
        /// A JSON number.
        case number
        /// JSON's `true`, `false` and `null`.
        case word
    }

    /// Whether it stands in a JSON text. Of lists and mappings it isn't known, and makes no difference.
    var isJSONScalar: Bool {
        guard case .scalar(let scalar) = self else { return false }
        return switch scalar.style {
        case .plain, .quoted: false
        case .string, .number, .word: true
        }
    }

    /// Whether there is no value: in YAML nothing behind the colon, or a bare `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
        return switch scalar.string {
        case "", "~", "null": true
        default: false
        }
    }
}

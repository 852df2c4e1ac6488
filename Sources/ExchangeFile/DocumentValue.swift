import Exchange

/// A value to be written as YAML or JSON, or read from JSON: a tree of mappings, lists and scalars. Members keep their
/// order.
public indirect enum DocumentValue: Equatable, Sendable {
    case text(String)
    /// By its digits, so that no number loses any.
    case number(String)
    case flag(Bool)
    case null
    case list([DocumentValue])
    case map([Member])

    /// A key and its value.
    public struct Member: Equatable, Sendable {
        public var key: String
        public var value: DocumentValue

        public init(_ key: String, _ value: DocumentValue) {
            self.key = key
            self.value = value
        }
    }

    /// A whole number.
    public init(_ number: some BinaryInteger) { self = .number(String(number)) }

    /// The value of a key; nil where there is none, or where this is no mapping.
    public subscript(_ key: String) -> DocumentValue? {
        guard case .map(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The members of a mapping; none of anything else.
    public var members: [Member] {
        if case .map(let members) = self { members } else { [] }
    }

    /// The items of a list; none of anything else.
    public var items: [DocumentValue] {
        if case .list(let items) = self { items } else { [] }
    }

    /// What a person reads of a scalar; nil of lists, mappings and null.
    public var scalar: String? {
        switch self {
        case .text(let text): text
        case .number(let digits): digits
        case .flag(let flag): flag ? "true" : "false"
        case .null, .list, .map: nil
        }
    }

    /// Puts a member at the end of a mapping, or in the place of the one with its key; takes it out where `value` is
    /// nil. Without effect on anything else.
    public mutating func set(_ key: String, _ value: DocumentValue?) {
        guard case .map(var members) = self else { return }
        if let index = members.firstIndex(where: { $0.key == key }) {
            if let value { members[index].value = value } else { members.remove(at: index) }
        } else if let value {
            members.append(Member(key, value))
        }
        self = .map(members)
    }
}

// MARK: Literals

extension DocumentValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral text: String) { self = .text(text) }
    public init(integerLiteral number: Int) { self = .number(String(number)) }
    public init(booleanLiteral flag: Bool) { self = .flag(flag) }
    public init(arrayLiteral items: DocumentValue...) { self = .list(items) }
    public init(dictionaryLiteral members: (String, DocumentValue)...) {
        self = .map(members.map { Member($0, $1) })
    }
}

import Exchange

/// The two ways to write an exchange or an object of it.
public enum ExchangeFormat: Sendable {
    /// For people: a value is read by what is due in its place, however it is written.
    case yaml
    /// For programs: RFC 8259, with numbers, flags, lists and objects where they are due and nowhere else.
    case json

    /// The tree of a text.
    func root(of text: String) throws(Rejection) -> Node {
        switch self {
        case .yaml: try YAMLDocument.root(of: text)
        case .json: try JSONDocument.root(of: text)
        }
    }
}

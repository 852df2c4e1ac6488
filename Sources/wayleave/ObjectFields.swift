import ArgumentParser
import ExchangeFile

/// The options that say what an object is: named as its keys in an exchange file.
protocol ObjectFields: ParsableArguments {
    /// What says which object is meant.
    associatedtype Name: ObjectName
    /// What is given.
    func edits() throws -> FieldEdits
    /// How it is used, for the help texts: the options of a good `add`.
    static var example: String { get }
}

/// What says which object of a kind is meant.
protocol ObjectName: ParsableArguments {
    static var kind: ExchangeKind { get }
    /// The parts of the path behind the kind.
    var parts: [String] { get }
    static var example: String { get }
}

extension ObjectName {
    /// For people: `line north`.
    var title: String { "\(Self.kind.noun) \(parts.joined(separator: " "))" }
}

/// Changes of single keys. An empty value takes the key away.
struct FieldEdits {
    /// Keys of nested mappings are joined by a point, as in `mpls.send`.
    private(set) var values: [(path: String, value: DocumentValue?)] = []

    var isEmpty: Bool { values.isEmpty }

    mutating func text(_ path: String, _ value: String?) {
        guard let value else { return }
        values.append((path, value.isEmpty ? nil : .text(value)))
    }

    /// Items in one argument by commas, or in several.
    mutating func list(_ path: String, _ values: [String]) {
        let items = values.flatMap { $0.split(separator: ",").map(String.init) }
        if values.isEmpty { return }
        self.values.append((path, items.isEmpty ? nil : .list(items.map { .text($0) })))
    }

    mutating func value(_ path: String, _ value: DocumentValue?) {
        if let value { values.append((path, value)) }
    }

    /// A mapping, `KEY=VALUE` each, by commas in one argument or in several; nil: nothing is said.
    /// - Parameters:
    ///   - option: what it is called, for messages.
    ///   - form: what a pair looks like, with an example.
    mutating func map(_ path: String, _ texts: [String]?, option: String, form: String) throws {
        guard let texts, !texts.isEmpty else { return }
        let members = try texts.flatMap { $0.split(separator: ",") }.map { pair in
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts.contains("") else {
                throw ValidationError("\(option): `\(pair)` is not \(form)")
            }
            return DocumentValue.Member(parts[0], .text(parts[1]))
        }
        values.append((path, members.isEmpty ? nil : .map(members)))
    }

    /// A word, or a mapping.
    mutating func wordOrMap(_ path: String, _ text: String?, option: String, form: String) throws {
        guard let text, text.contains("=") else { return self.text(path, text) }
        try map(path, [text], option: option, form: form)
    }

    /// The document with these keys changed.
    func applied(to document: DocumentValue) -> DocumentValue {
        var document = document
        for (path, value) in values {
            Self.set(path.split(separator: ".").map(String.init)[...], value, in: &document)
        }
        return document
    }

    private static func set(
        _ path: ArraySlice<String>, _ value: DocumentValue?, in document: inout DocumentValue
    ) {
        guard let key = path.first else { return }
        if path.count == 1 { return document.set(key, value) }
        // What is no mapping, as a list of paths, gives way to one.
        var inner = DocumentValue.map(document[key]?.members ?? [])
        set(path.dropFirst(), value, in: &inner)
        document.set(key, inner.members.isEmpty && value == nil ? nil : inner)
    }
}

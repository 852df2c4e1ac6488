import Exchange
import Yams

/// The tree of nodes in a YAML text, with a place for each.
///
/// A subset of YAML on purpose. Scalars are read by what is expected of them, never by how they look, so that
/// `no` and
/// `1.0` and `02:00:00:00:00:01` need no quotes. Anchors and aliases are refused: nothing here repeats enough
/// to need them, and a few lines of nested aliases can stand for more nodes than any memory holds.
enum YAMLDocument {
    /// The root of the one document in `text`.
    static func root(of text: String) throws(Rejection) -> Node {
        let text = text.first == byteOrderMark ? String(text.dropFirst()) : text
        if let rejection = firstAlias(in: text) { throw rejection }
        let root: Yams.Node?
        do {
            root = try Yams.compose(yaml: text, .basic, .default, .utf8)
        } catch let error as YamlError {
            throw Rejection(error, in: text)
        } catch {
            throw Rejection("this is not YAML: \(error)", at: start)
        }
        guard let root = root.map({ Node($0, ifUnmarked: start) }), !root.isNull else {
            throw Rejection("the file is empty; describe at least one of `ports:`, `lines:` …", at: start)
        }
        return root
    }

    private static let byteOrderMark: Character = "\u{feff}"
    private static let start = SourceLocation(line: 1, column: 1)

    // MARK: Aliases

    /// The first `*name` for which there is an `&name` anywhere.
    ///
    /// The parser expands aliases as it reads, so this must be known before. It errs on the safe side: every
    /// alias is found, and two words in comments or quotes that look like an anchor and its alias are taken
    /// for one.
    private static func firstAlias(in text: String) -> Rejection? {
        let bytes = text.utf8Span.span
        var anchors: Set<String> = []
        forEachWord(after: UInt8(ascii: "&"), in: bytes) { word, _ in
            anchors.insert(word)
            return true
        }
        guard !anchors.isEmpty else { return nil }
        var rejection: Rejection?
        forEachWord(after: UInt8(ascii: "*"), in: bytes) { word, offset in
            guard anchors.contains(word) else { return true }
            rejection = Rejection(
                "`*\(word)` repeats `&\(word)`; write the value out again (or, in plain words, put a blank "
                    + "behind `*`)", at: location(ofByte: offset, in: bytes))
            return false
        }
        return rejection
    }

    /// Calls `body` with each word that directly follows `sign`, and where the sign stands, until it returns
    /// false.
    private static func forEachWord(after sign: UInt8, in bytes: Span<UInt8>, _ body: (String, Int) -> Bool) {
        var index = 0
        while index < bytes.count {
            defer { index += 1 }
            guard bytes[index] == sign, index == 0 || !isWordByte(bytes[index - 1]) else { continue }
            var word: [UInt8] = []
            while index + 1 + word.count < bytes.count, isWordByte(bytes[index + 1 + word.count]) {
                word.append(bytes[index + 1 + word.count])
            }
            guard word.isEmpty || body(String(decoding: word, as: UTF8.self), index) else { return }
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// The line and column of a byte of well-formed UTF-8.
    static func location(ofByte offset: Int, in bytes: Span<UInt8>) -> SourceLocation {
        var location = SourceLocation(line: 1, column: 1)
        for index in 0..<min(offset, bytes.count) {
            if bytes[index] == UInt8(ascii: "\n") {
                location.line += 1
                location.column = 1
            } else if bytes[index] & 0xc0 != 0x80 {
                location.column += 1
            }
        }
        return location
    }
}

extension Node {
    /// The parser's node as ours. One that it gave no place stands at `location`, where what holds it does.
    fileprivate init(_ node: Yams.Node, ifUnmarked location: SourceLocation) {
        let location = node.mark.map(SourceLocation.init) ?? location
        switch node {
        case .scalar(let scalar):
            let style: Style = scalar.style == .plain ? .plain : .quoted
            self = .scalar(Scalar(string: scalar.string, style: style, location: location))
        case .mapping(let mapping):
            self = .mapping(
                mapping.map { key, value in
                    let key = Node(key, ifUnmarked: location)
                    return (key, Node(value, ifUnmarked: key.location))
                }, location)
        case .sequence(let sequence):
            self = .sequence(sequence.map { Node($0, ifUnmarked: location) }, location)
        case .alias:
            preconditionFailure("aliases are refused before the text is parsed")
        }
    }
}

extension SourceLocation {
    fileprivate init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}

extension Rejection {
    /// What the parser says, as a sentence of ours.
    fileprivate init(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let sentence =
                problem.contains("nesting level")
                ? "this is nested too deeply; no exchange needs that" : problem
            self.init("this is not well-formed YAML: \(sentence)", at: SourceLocation(mark))
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "`\($0)`" }.joined(separator: ", ")
            self.init(
                "\(names): given again further down in the same mapping; keep one",
                at: SourceLocation(context.mark))
        case .reader(let problem, let offset, _, _):
            let scalars = text.prefix(offset ?? 0).utf8.count
            self.init(
                "this is not YAML text: \(problem); remove it",
                at: YAMLDocument.location(ofByte: scalars, in: text.utf8Span.span))
        default:
            self.init("this is not YAML: \(error)", at: SourceLocation(line: 1, column: 1))
        }
    }
}

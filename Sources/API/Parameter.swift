import Exchange
import ExchangeFile
import Wire

/// A part of a request besides its body: what it may be, for the check and for the OpenAPI document alike.
struct Parameter: Sendable {
    let name: String
    let place: Place
    let form: Form
    let summary: String
    var isRequired = false
    /// One that makes sense, for readers of the document.
    var example: String?

    enum Place: String, Sendable { case path, query, header }

    /// What its value must look like.
    enum Form: Sendable {
        /// A whole number.
        case number(ClosedRange<Int>)
        case flag
        /// The name of an object.
        case name
        /// One of these words.
        case choice([String])
        /// Where an answer about usage ended: session, leg, sequence and forwarder.
        case usageCursor
        /// A time by RFC 3339.
        case time
        /// A revision in quotes, as in `"12"`.
        case revision
        /// An asterisk.
        case any
    }

    /// Whether a value has the form.
    func accepts(_ value: String) -> Bool {
        switch form {
        case .number(let range): Self.decimal(value).map(range.contains) ?? false
        case .flag: value == "true" || value == "false"
        case .name: ExchangeObject.isName(value)
        case .choice(let words): words.contains(value)
        case .usageCursor: UsageCursor(value) != nil
        case .time: Timestamp(value) != nil
        case .revision: Self.revision(value) != nil
        case .any: value == "*"
        }
    }

    /// Digits alone.
    static func decimal(_ text: some StringProtocol) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    /// The number between the quotes.
    static func revision(_ value: String) -> UInt64? {
        guard value.count > 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return nil }
        return decimal(value.dropFirst().dropLast()).map(UInt64.init)
    }

    /// What is due, for messages.
    var due: String {
        switch form {
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .name: "a name of 1 to 64 of the characters A-Z a-z 0-9 . _ -"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .usageCursor: "what an answer gave as `next`"
        case .time: "a time as in 2026-01-31T23:59:59Z"
        case .revision: "a revision in quotes, as in \"12\""
        case .any: "*"
        }
    }

    // MARK: OpenAPI

    var document: DocumentValue {
        var document: DocumentValue = [
            "name": .text(name), "in": .text(place.rawValue), "required": .flag(isRequired || place == .path),
            "description": .text(summary), "schema": schema,
        ]
        document.set("example", example.map { .text($0) })
        return document
    }

    private var schema: DocumentValue {
        switch form {
        case .number(let range):
            [
                "type": "integer", "minimum": DocumentValue(range.lowerBound),
                "maximum": DocumentValue(range.upperBound),
            ]
        case .flag: ["type": "boolean"]
        case .name: Schemas.name
        case .choice(let words): ["type": "string", "enum": .list(words.map { .text($0) })]
        case .usageCursor: ["type": "string", "pattern": .text(UsageCursor.pattern)]
        case .time: ["type": "string", "format": "date-time"]
        case .revision: ["type": "string", "pattern": "^\"[0-9]{1,19}\"$"]
        case .any: ["type": "string", "const": "*"]
        }
    }
}

extension Parameter {
    static let limit = Parameter(
        name: "limit", place: .query, form: .number(1...100_000),
        summary: "At most so many items; 1,000 if not given.")
    static let after = Parameter(
        name: "after", place: .query, form: .number(0...(1 << 53)),
        summary: "Go on where an answer ended: the number that it gave as `next`.")
    static let wait = Parameter(
        name: "wait", place: .query, form: .number(0...600),
        summary:
            "Seconds to wait until every connected forwarder has applied the change. The answer tells the outcome."
    )
    static let dryRun = Parameter(
        name: "dryRun", place: .query, form: .flag, summary: "Only say what would change.")
    static let ifMatch = Parameter(
        name: "If-Match", place: .header, form: .revision,
        summary: "The revision that the object must have now; else the answer is 409 and nothing changes.")
    static let ifNoneMatch = Parameter(
        name: "If-None-Match", place: .header, form: .any,
        summary: "The object must not exist yet; else the answer is 409 and nothing changes.")

    /// A part of the path that names an object.
    static func name(_ name: String, _ summary: String, example: String) -> Parameter {
        Parameter(name: name, place: .path, form: .name, summary: summary, example: example)
    }

    /// A label, 16 to 1,048,575.
    static func label(_ name: String, _ place: Place, _ summary: String) -> Parameter {
        let labels = Label.bindable
        return Parameter(
            name: name, place: place,
            form: .number(Int(labels.lowerBound.rawValue)...Int(labels.upperBound.rawValue)),
            summary: summary,
            isRequired: true)
    }

    /// A time, given or not.
    static func time(_ name: String, _ summary: String) -> Parameter {
        Parameter(name: name, place: .query, form: .time, summary: summary)
    }
}

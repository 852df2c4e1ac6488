import Exchange
import ExchangeFile

/// The JSON schemas (draft 2020-12) of what is handed over and answered.
enum Schemas {
    /// All that are referred to, by name.
    static let all: DocumentValue = .map(objects + answers)

    /// A schema by its name in the document.
    static func reference(_ name: String) -> DocumentValue { ["$ref": .text("#/components/schemas/\(name)")] }

    /// The same in YAML, where a value is read by what is due in its place.
    static func lenient(_ name: String) -> DocumentValue {
        [
            "type": "object",
            "description": .text(
                "As \(name), but numbers may stand in quotes and texts without, and a single value for a list."
            ),
        ]
    }

    /// A page of items, with the place to go on from.
    static func page(of name: String, next: DocumentValue = ["type": "integer", "minimum": 0])
        -> DocumentValue
    {
        object(["items": list(reference(name)), "next": next], required: ["items"])
    }

    /// All items at once.
    static func items(_ item: DocumentValue) -> DocumentValue {
        object(["items": list(item)], required: ["items"])
    }

    // MARK: Building blocks

    static let name: DocumentValue = ["type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"]
    static let text: DocumentValue = ["type": "string"]
    static let count: DocumentValue = ["type": "integer", "minimum": 0]
    static let time: DocumentValue = ["type": "string", "format": "date-time"]

    /// An object with these members and no others.
    static func object(_ properties: DocumentValue, required: [String] = []) -> DocumentValue {
        var schema: DocumentValue = [
            "type": "object", "properties": properties, "additionalProperties": false,
        ]
        if !required.isEmpty { schema.set("required", .list(required.map { .text($0) })) }
        return schema
    }

    static func list(
        _ item: DocumentValue, atLeast least: Int = 0, atMost most: Int? = nil, isUnique: Bool = false
    ) -> DocumentValue {
        var schema: DocumentValue = ["type": "array", "items": item]
        if least > 0 { schema.set("minItems", DocumentValue(least)) }
        schema.set("maxItems", most.map { DocumentValue($0) })
        if isUnique { schema.set("uniqueItems", true) }
        return schema
    }

    static func map(_ value: DocumentValue) -> DocumentValue {
        ["type": "object", "additionalProperties": value]
    }

    /// Objects by their names.
    static func named(_ value: DocumentValue, atMost most: Int) -> DocumentValue {
        [
            "type": "object", "propertyNames": name, "additionalProperties": value,
            "maxProperties": DocumentValue(most),
        ]
    }

    static func integer(_ range: ClosedRange<Int>) -> DocumentValue {
        [
            "type": "integer", "minimum": DocumentValue(range.lowerBound),
            "maximum": DocumentValue(range.upperBound),
        ]
    }

    static func choice(_ values: [String]) -> DocumentValue { ["enum": .list(values.map { .text($0) })] }

    static func any(of schemas: [DocumentValue]) -> DocumentValue { ["anyOf": .list(schemas)] }

    /// An object that has one of these keys, and not two.
    static func exactlyOne(_ keys: [String], of object: DocumentValue) -> DocumentValue {
        var schema = object
        schema.set("oneOf", .list(keys.map { ["required": [.text($0)]] }))
        return schema
    }

    /// A schema whose value only the edge says.
    static func own(_ schema: DocumentValue) -> DocumentValue {
        var schema = schema
        schema.set("readOnly", true)
        return schema
    }
}

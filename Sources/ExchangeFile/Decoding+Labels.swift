import Exchange
import Wire

extension Decoding {
    mutating func decodeLabels(_ file: Fields) {
        exchange.labels = decodeListed(file["labels"], "label binding", as: .label) { decoding, fields in
            let label = decoding.require("in", in: fields).flatMap { decoding.readLabel($0) }
            return decoding.decodeBinding(fields, in: label)
        }
    }

    /// What is done with an incoming label; nil where that, or the label, has been rejected.
    mutating func decodeBinding(_ fields: Fields, in label: Label?) -> LabelBinding? {
        let operation = decodeOperation(fields)
        let via = require("via", in: fields).flatMap { decodeVia($0) }
        guard let label, let operation, let via else { return nil }
        return LabelBinding(in: label, operation: operation, via: via, location: fields.location)
    }

    /// `swap: LABEL`, `swap: [TOP, BOTTOM]` or `pop: true`.
    private mutating func decodeOperation(_ fields: Fields) -> LabelBinding.Operation? {
        guard let (key, field) = requireOne(of: ["swap", "pop"], in: fields) else { return nil }
        if key == "swap" { return .swap(list(field) { $0.readLabel($1) }) }
        guard let pop = readFlag(field) else { return nil }
        if !pop { reject(field, "`pop: false` says nothing; write `pop: true`, or `swap`") }
        return .pop
    }

    /// `NAME` or `{ line: NAME }` for a line, `{ tunnel: NAME }` for a tunnel.
    private mutating func decodeVia(_ field: Field) -> LabelBinding.Via? {
        if case .scalar = field.node {
            return readText(field, "a line's name, or `{ tunnel: NAME }`,").map { .line($0) }
        }
        guard let fields = fields(field, as: .via),
            let (key, name) = requireOne(of: ["line", "tunnel"], in: fields),
            let name = readText(name, "a \(key)'s name")
        else { return nil }
        return key == "line" ? .line(name) : .tunnel(name)
    }
}

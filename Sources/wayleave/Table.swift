import ExchangeFile

/// Columns side by side for people: numbers to the right, everything else to the left.
struct Table: CustomStringConvertible {
    let header: [String]
    private(set) var rows: [[String]] = []

    init(_ header: [String]) { self.header = header }

    mutating func add(_ row: [String]) { rows.append(row) }

    var description: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let numeric = header.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { Self.isNumber($0[column]) }
        }
        return all.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - text.count)
                if column > 0 { line += "  " }
                if numeric[column] {
                    line += padding + text
                } else {
                    line += column == row.count - 1 ? text : text + padding
                }
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}

extension Table {
    /// Digits, with a decimal point among them or without; nothing at all, too.
    private static func isNumber(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            && text.utf8.count { $0 == UInt8(ascii: ".") } <= 1
    }

    /// A row for each item and a column for each key that one of them has, but for `hidden` ones.
    init(_ items: [DocumentValue], hidden: Set<String> = []) {
        var keys: [String] = []
        for item in items {
            for member in item.members where !hidden.contains(member.key) && !keys.contains(member.key) {
                keys.append(member.key)
            }
        }
        self.init(keys)
        for item in items { add(keys.map { item[$0].map(Self.cell) ?? "" }) }
    }

    /// What stands in a cell: of traffic the bytes, of lists the items.
    private static func cell(_ value: DocumentValue) -> String {
        if let scalar = value.scalar { return scalar }
        if let bytes = value["bytes"]?.scalar { return bytes }
        let items = value.items
        if !items.isEmpty, items.allSatisfy({ $0.scalar != nil }) {
            return items.compactMap(\.scalar).joined(separator: ",")
        }
        return value == .null ? "" : value.flow
    }
}

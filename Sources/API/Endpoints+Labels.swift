import ControlPlane
import Exchange
import ExchangeFile
import Hummingbird
import Wire

extension Endpoints {
    /// The label table as a whole: it may be long.
    static func labelTable(_ controlPlane: ControlPlane) -> [Endpoint] {
        let csv: DocumentValue = [
            "type": "string", "examples": [.text("\(LabelCSV.header)\n20001,30001,north,\n")],
        ]
        let receipt = Schemas.reference("Receipt")
        return [
            Endpoint(
                method: .get, path: "/labels", name: "listLabels",
                summary: "All labels: page by page as JSON, or the whole table as CSV",
                parameters: [.limit, .after],
                answers: [
                    .init(
                        status: 200,
                        summary: "A page as JSON, or the whole table as CSV if the header Accept asks for it",
                        content: [(.json, Schemas.page(of: "Label")), (.csv, csv)])
                ]
            ) { call in
                guard call.preferred([.json, .csv]) == .csv else {
                    return .json(await page(.labels, call, controlPlane))
                }
                let bindings = await controlPlane.read { $0 }.labels.all.map(\.entry.object)
                    .sorted { $0.in < $1.in }
                return .pieces(.csv, CSVPieces(header: LabelCSV.header, rows: bindings, line: LabelCSV.line))
            },
            Endpoint(
                method: .post, path: "/labels", name: "loadLabels",
                summary: "Puts in all bindings of a table, or none", parameters: [.wait],
                body: .init(types: [(.csv, csv)], limit: tableLimit),
                answers: [.init(status: 200, summary: "They are in", content: [(.json, receipt)])],
                problems: [.notFound, .conflict, .tooLarge, .unsupportedMediaType, .rejected, .unavailable]
            ) { call in
                var table = LabelCSV()
                try await call.forEachPiece { table.take($0) }
                table.finish()
                guard table.faults.isEmpty else { throw Problem(table.faults) }
                let made = try await controlPlane.make(table.bindings.map { Change(.put(.label($0))) })
                return .json(await controlPlane.document(made, wait: call.wait))
            },
            Endpoint(
                method: .delete, path: "/labels", name: "deleteLabels",
                summary: "Removes all bindings of a range of labels",
                parameters: [
                    .label("from", .query, "The first label."), .label("to", .query, "The last label."),
                    .wait,
                ],
                answers: [.init(status: 200, summary: "They are gone", content: [(.json, receipt)])],
                problems: [.notFound, .conflict, .rejected, .unavailable]
            ) { call in
                guard let from = call.label("from"), let to = call.label("to"), from <= to else {
                    throw Problem(.malformed, "`from` is above `to`; exchange them")
                }
                let labels = await controlPlane.read { $0 }.labels.all.map(\.entry.key)
                    .filter { (from...to).contains($0) }
                let made = try await controlPlane.make(labels.map { Change(.remove(.label($0))) })
                return .json(await controlPlane.document(made, wait: call.wait))
            },
        ]
    }
}

/// A table as CSV in pieces of a few kilobytes, so that a long one is never in memory as text.
struct CSVPieces<Row: Sendable>: Sequence, Sendable {
    let header: String
    let rows: [Row]
    let line: @Sendable (Row) -> String
    private static var rowsPerPiece: Int { 1000 }

    init(header: String, rows: [Row], line: @escaping @Sendable (Row) -> String) {
        self.header = header
        self.rows = rows
        self.line = line
    }

    func makeIterator() -> AnyIterator<String> {
        var next: Int?
        return AnyIterator {
            guard let start = next else {
                next = 0
                return header + "\n"
            }
            guard start < rows.count else { return nil }
            let end = Swift.min(start + Self.rowsPerPiece, rows.count)
            next = end
            return rows[start..<end].map(line).joined()
        }
    }
}

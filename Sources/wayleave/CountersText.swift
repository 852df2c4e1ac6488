import Forwarder

/// Counters for people: a short table.
struct CountersText: CustomStringConvertible {
    let report: CountersReport
    init(_ report: CountersReport) { self.report = report }

    var description: String {
        var rows = [["session", "up packets", "up bytes", "down packets", "down bytes"]]
        rows += report.sessions.map {
            [$0.name, "\($0.up.packets)", "\($0.up.bytes)", "\($0.down.packets)", "\($0.down.bytes)"]
        }
        var ports = [["port", "in", "out"]]
        ports += report.ports.map { [$0.name, "\($0.received)", "\($0.sent)"] }
        var drops = [["dropped because", "packets"]]
        drops += report.drops.map { ["\($0.reason)", "\($0.count)"] }
        return [rows, ports, report.drops.isEmpty ? [] : drops].filter { !$0.isEmpty }.map { Self.table($0) }
            .joined(separator: "\n\n") + "\n\n" + report.summary
    }

    /// Columns side by side: the first to the left, numbers to the right.
    private static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + padding : padding + text
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

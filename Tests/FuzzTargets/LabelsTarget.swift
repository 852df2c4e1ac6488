import Exchange
import ExchangeFile

extension FuzzTarget {
    /// Label tables in CSV. The first byte says in pieces of how many bytes they come, which must not matter.
    static let labels = FuzzTarget(name: "labels", byteCountLimit: 4096) { bytes throws(Finding) in
        var input = InputReader(bytes)
        let pieceByteCount = 1 + Int(input.octet())
        let text = input.remainder()
        let whole = table(text, pieceByteCount: max(1, text.count))
        let cut = table(text, pieceByteCount: pieceByteCount)
        try Finding.unless(
            whole.bindings == cut.bindings
                && whole.faults.map(\.description) == cut.faults.map(\.description),
            "cut otherwise the same bytes are another table")
        guard whole.faults.isEmpty else { return }
        let written = LabelCSV.header + "\n" + whole.bindings.map(LabelCSV.line).joined()
        let again = table(Array(written.utf8), pieceByteCount: 4096)
        try Finding.unless(
            again.faults.isEmpty && again.bindings.map(LabelCSV.line) == whole.bindings.map(LabelCSV.line),
            "the table reads back as another: \(written)")
    } seeds: {
        let good =
            LabelCSV.header + "\n20001,30001,north,\n20002,30001/30002,,acme\n\n 20003 ,\"pop\",north,\r\n"
        return [good, "\u{feff}" + good, good + good, String(good.dropLast(3)), "in,out\n1,2\n"].map {
            [7] + $0.utf8
        }
    }

    private static func table(_ text: [UInt8], pieceByteCount: Int) -> LabelCSV {
        var table = LabelCSV()
        for start in stride(from: 0, to: text.count, by: pieceByteCount) {
            table.take(Array(text[start..<min(start + pieceByteCount, text.count)]))
        }
        table.finish()
        return table
    }
}

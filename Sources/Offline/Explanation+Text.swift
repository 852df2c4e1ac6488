extension Explanation: CustomStringConvertible {
    /// The heading, and a line for each thing there is to say, subjects and texts in two columns.
    public var description: String { text() }

    /// As `description`, with the frames in hex behind it if they are wanted.
    public func text(hex: Bool = false) -> String {
        var rows = lines
        if hex {
            rows += frames.map { Line(subject: "frame out", text: "\($0.port): \(Hex.text($0.bytes))") }
        }
        // As wide as the widest subject, and never narrower than what most packets need.
        let width = max(10, rows.map(\.subject.count).max() ?? 0)
        let texts = rows.map {
            $0.subject + String(repeating: " ", count: width + 2 - $0.subject.count) + $0.text
        }
        return ([heading] + texts).joined(separator: "\n")
    }
}

package import Exchange
import Wire

/// A label table as CSV: a line for each binding, read piece by piece.
///
/// ```
/// in,out,line,tunnel
/// 20001,30001,north,          swap to 30001, out over the line north
/// 20002,30001/30002,,acme     swap to two labels (up to eight), the top one first, into the tunnel acme
/// 20003,pop,north,            pop
/// ```
///
/// Blanks and quotes around a field don't count, nor do empty lines. Faults carry their line.
package struct LabelCSV {
    package static let header = "in,out,line,tunnel"
    /// Longer lines than any binding needs.
    private static let maximumLineByteCount = 1024
    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    package private(set) var bindings: [LabelBinding] = []
    package private(set) var faults: [Rejection] = []
    private var lineNumber = 0
    private var hasHeader = false
    /// Whether the first line was another: what follows is no table of ours then.
    private var isForeign = false
    /// The beginning of a line whose end hasn't come yet.
    private var rest: [UInt8] = []
    /// Whether that line was refused for its length already.
    private var isTooLong = false
    /// The line of each label.
    private var lines = LabelPlaces()
    /// What the last plain line named, as bytes and as a text: mostly the next names it too.
    private var lastName: (bytes: [UInt8], text: String) = ([], "")

    package init() {}

    /// Takes in the next bytes. Nothing more once there are too many faults.
    package mutating func take(_ bytes: [UInt8]) {
        var start = 0
        if rest.isEmpty, !isTooLong, hasHeader {
            start = bytes.withUnsafeBufferPointer { takePlainLines($0) }
        }
        while !isFull, let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if !isTooLong {
                takeLine(rest.isEmpty ? bytes[start..<end] : (rest + bytes[start..<end])[...])
            }
            isTooLong = false
            rest.removeAll(keepingCapacity: true)
            start = end + 1
            // Behind the header, a line that began in the piece before, or one that wasn't plain.
            if hasHeader { start = bytes.withUnsafeBufferPointer { takePlainLines($0, from: start) } }
        }
        guard !isFull, !isTooLong else { return }
        rest += bytes[start...]
        if rest.count > Self.maximumLineByteCount {
            // Refused at once, so that a line without end isn't kept.
            takeLine(rest[...])
            rest.removeAll()
            isTooLong = true
        }
    }

    /// Takes the last line, if it had no end.
    package mutating func finish() {
        if !rest.isEmpty, !isFull { takeLine(rest[...]) }
        rest = []
        if !hasHeader, faults.isEmpty {
            faults.append(
                Rejection(
                    "the table is empty; its first line is `\(Self.header)`",
                    at: SourceLocation(line: 1, column: 1)))
        }
    }

    private var isFull: Bool { isForeign || faults.count >= ExchangeFile.maximumRejections }

    private mutating func reject(_ message: String) {
        faults.append(Rejection(message, at: SourceLocation(line: lineNumber, column: 1)))
    }

    // MARK: Lines

    private mutating func takeLine(_ line: ArraySlice<UInt8>) {
        lineNumber += 1
        if Self.trimmed(line).isEmpty { return }
        guard line.count <= Self.maximumLineByteCount else {
            return reject("the line is longer than \(Self.maximumLineByteCount) bytes; a binding needs less")
        }
        // A byte order mark is what spreadsheets begin with.
        let line = !hasHeader && line.starts(with: Self.byteOrderMark) ? line.dropFirst(3) : line
        var fields: [String] = []
        for field in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let text = String(validating: Self.unquoted(Self.trimmed(field)), as: UTF8.self) else {
                return reject("this is not UTF-8 text; save the file as UTF-8")
            }
            fields.append(text)
        }
        guard hasHeader else {
            hasHeader = true
            if fields.joined(separator: ",") != Self.header {
                isForeign = true
                reject("the first line must be `\(Self.header)`")
            }
            return
        }
        guard fields.count == 4 else {
            reject("four fields are due (`\(Self.header)`), not \(fields.count)")
            return
        }
        guard let label = label(fields[0], "`in`"), let operation = operation(fields[1]),
            let via = via(line: fields[2], tunnel: fields[3])
        else { return }
        append(label, operation, via)
    }

    private mutating func append(
        _ label: Label, _ operation: LabelBinding.Operation, _ via: LabelBinding.Via
    ) {
        if let first = lines.set(lineNumber, of: label) {
            reject("label \(label) is bound in line \(first) already; keep one")
            return
        }
        guard bindings.count < Limits.labels else {
            reject("there are more than \(Limits.labels) bindings, which is more than there are labels")
            return
        }
        bindings.append(
            LabelBinding(
                in: label, operation: operation, via: via,
                location: SourceLocation(line: lineNumber, column: 1)))
    }

    private static func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
        var field = field.drop(while: isBlank)
        while field.last.map(isBlank) == true { field.removeLast() }
        return field
    }

    /// Without the quotes that spreadsheets put around texts. Nothing in a table needs a quote within.
    private static func unquoted(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let quote = UInt8(ascii: "\"")
        guard field.count >= 2, field.first == quote, field.last == quote else { return field }
        return field.dropFirst().dropLast()
    }

    private mutating func label(_ text: some StringProtocol, _ place: String) -> Label? {
        guard let number = Self.decimal(text),
            let label = Label(rawValue: number),
            Label.bindable.contains(label)
        else {
            reject("\(place): a label from 16 to 1048575 is due, not `\(text)`")
            return nil
        }
        return label
    }

    /// Digits alone.
    private static func decimal(_ text: some StringProtocol) -> UInt32? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt32(text) : nil
    }

    private mutating func operation(_ text: String) -> LabelBinding.Operation? {
        if text == "pop" { return .pop }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= Limits.labelStack else {
            reject(
                "`out`: a label, up to \(Limits.labelStack) as in `30001/30002`, or `pop` is due, not `\(text)`"
            )
            return nil
        }
        var labels: [Label] = []
        for part in parts {
            guard let label = label(part, "`out`") else { return nil }
            labels.append(label)
        }
        return .swap(labels)
    }

    private mutating func via(line: String, tunnel: String) -> LabelBinding.Via? {
        switch (line.isEmpty, tunnel.isEmpty) {
        case (false, true): return .line(line)
        case (true, false): return .tunnel(tunnel)
        case (true, true): reject("name a line or a tunnel")
        case (false, false): reject("name a line or a tunnel, not both")
        }
        return nil
    }

    // MARK: Plain lines

    /// Takes lines as nearly all are: numbers, a name on either side of the last comma, no blank, no quote, and their end
    /// in the same piece. Stops before the first that is another, whatever may be wrong with it.
    /// - Returns: where it stopped.
    private mutating func takePlainLines(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Int {
        var position = start
        while !isFull, let line = PlainLine(bytes, at: position) {
            let operation: LabelBinding.Operation
            switch line.out {
            case nil: operation = .pop
            case let label?: operation = .swap([label])
            }
            let name = UnsafeBufferPointer(rebasing: bytes[line.name])
            if !lastName.bytes.elementsEqual(name) {
                guard let text = String(validating: name, as: UTF8.self) else { return position }
                lastName = (Array(name), text)
            }
            lineNumber += 1
            append(line.in, operation, line.isTunnel ? .tunnel(lastName.text) : .line(lastName.text))
            position = line.end
        }
        return position
    }

    /// Where the parts of such a line are.
    private struct PlainLine {
        let `in`: Label
        /// Nil: `pop`.
        let out: Label?
        let name: Range<Int>
        let isTunnel: Bool
        /// Behind its end.
        let end: Int

        /// Nil if it isn't one.
        init?(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) {
            var position = start
            /// Digits up to a comma.
            func label() -> Label? {
                var number: UInt32 = 0
                let first = position
                while position < bytes.count, position - first < 8 {
                    let digit = bytes[position] &- 0x30
                    guard digit < 10 else { break }
                    number = number * 10 + UInt32(digit)
                    position += 1
                }
                guard position > first, position < bytes.count, bytes[position] == UInt8(ascii: ","),
                    let label = Label(rawValue: number), Label.bindable.contains(label)
                else { return nil }
                position += 1
                return label
            }
            /// A name's bytes, up to a comma or the end of the line.
            func text() -> Range<Int> {
                let first = position
                while position < bytes.count, position - first <= Limits.nameCharacters {
                    switch bytes[position] {
                    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                        UInt8(ascii: "-"):
                        position += 1
                    default: return first..<position
                    }
                }
                return first..<position
            }
            guard let `in` = label() else { return nil }
            if position + 4 <= bytes.count, bytes[position..<position + 4].elementsEqual("pop,".utf8) {
                out = nil
                position += 4
            } else {
                guard let label = label() else { return nil }
                out = label
            }
            let line = text()
            guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { return nil }
            position += 1
            let tunnel = text()
            guard line.isEmpty != tunnel.isEmpty else { return nil }
            if position < bytes.count, bytes[position] == UInt8(ascii: "\r") { position += 1 }
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\n") else { return nil }
            self.in = `in`
            name = line.isEmpty ? tunnel : line
            isTunnel = line.isEmpty
            end = position + 1
        }
    }

    // MARK: Writing

    /// A binding's line, line end included.
    package static func line(_ binding: LabelBinding) -> String {
        let out =
            switch binding.operation {
            case .pop: "pop"
            case .swap(let labels): labels.map { "\($0)" }.joined(separator: "/")
            }
        return switch binding.via {
        case .line(let name): "\(binding.in),\(out),\(name),\n"
        case .tunnel(let name): "\(binding.in),\(out),,\(name)\n"
        }
    }
}

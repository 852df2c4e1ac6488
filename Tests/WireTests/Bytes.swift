import Wire

/// Bytes as a person writes them: pairs of hex digits, blanks where one likes.
func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }
    precondition(digits.count % 2 == 0, "half an octet in \(text)")
    var bytes: [UInt8] = []
    var index = digits.startIndex
    while index < digits.endIndex {
        let next = digits.index(index, offsetBy: 2)
        guard let octet = UInt8(digits[index..<next], radix: 16) else {
            preconditionFailure("not hex: \(text)")
        }
        bytes.append(octet)
        index = next
    }
    return bytes
}

/// A buffer that shows every byte which was not written.
func dirty(_ byteCount: Int) -> [UInt8] { [UInt8](repeating: 0xa5, count: byteCount) }

extension Array<UInt8> {
    /// Reads the bytes as a span. Spans can't stand inside `#expect`.
    func read<Result, Failure: Error>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
        try unsafe body(span.bytes)
    }

    /// Writes to the bytes as a span.
    mutating func write<Result>(_ body: (inout MutableRawSpan) -> Result) -> Result {
        var elements = mutableSpan
        var bytes = unsafe elements.mutableBytes
        return body(&bytes)
    }

    /// What `body` throws for each prefix of the bytes, shortest first: `count` results, the full length left
    /// out.
    func errorsOfPrefixes(_ body: (RawSpan) throws(WireError) -> Void) -> [WireError?] {
        (0..<count).map { byteCount in
            do throws(WireError) {
                try Array(self[..<byteCount]).read(body)
                return nil
            } catch {
                return error
            }
        }
    }
}

extension RawSpan {
    /// The bytes as an array that may leave the span's scope.
    var copied: [UInt8] { (0..<byteCount).map { octet(at: $0) } }
}

import Wire

extension Array<UInt8> {
    /// Reads the bytes as a span.
    func read<Result, Failure: Error>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(span.bytes)
    }

    /// Writes to the bytes as a span.
    mutating func write<Result>(_ body: (inout MutableRawSpan) -> Result) -> Result {
        var elements = mutableSpan
        var bytes = elements.mutableBytes
        return body(&bytes)
    }
}

extension RawSpan {
    /// The bytes one by one, each of them read.
    var copied: [UInt8] { (0..<byteCount).map { octet(at: $0) } }
}

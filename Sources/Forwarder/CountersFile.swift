import Glibc

/// A counters file that is always whole: written beside its place and then moved there.
public struct CountersFile: Sendable {
    public let path: String
    public init(path: String) { self.path = path }

    /// Puts the report in place of what was there.
    /// - Throws: `CountersFileError` with the path and the reason.
    public func write(_ report: CountersReport) throws(CountersFileError) {
        let temporary = path + ".new"
        guard let file = unsafe fopen(temporary, "we") else { throw failure(temporary) }
        let bytes = Array(report.json.utf8)
        let isWritten = unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count
        let isClosed = unsafe fclose(file) == 0
        guard isWritten, isClosed, unsafe rename(temporary, path) == 0 else {
            let error = failure(path)
            unsafe unlink(temporary)
            throw error
        }
    }

    private func failure(_ path: String) -> CountersFileError {
        CountersFileError(description: "can't write \(path): \(unsafe String(cString: strerror(errno)))")
    }
}

/// Why the counters file could not be written, in a sentence.
public struct CountersFileError: Error, CustomStringConvertible, Sendable {
    public let description: String
}

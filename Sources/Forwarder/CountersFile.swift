import Glibc

/// A counters file that is always whole: written beside its place and then moved there.
public struct CountersFile: Sendable {
    public let path: String
    public init(path: String) { self.path = path }

    /// Puts the report in place of what was there. Where that fails, what was there stays.
    /// - Throws: `CountersFileError` with the path and the reason.
    public func write(_ report: CountersReport) throws(CountersFileError) {
        let temporary = path + ".new"
        guard let file = unsafe fopen(temporary, "we") else { throw failure(temporary, errno) }
        let bytes = Array(report.json.utf8)
        // A full disk may show when bytes are written or when the last of them are flushed.
        var error = unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count ? 0 : errno
        if unsafe fclose(file) != 0, error == 0 { error = errno }
        if error == 0, unsafe rename(temporary, path) != 0 { error = errno }
        guard error == 0 else {
            unsafe unlink(temporary)
            throw failure(path, error)
        }
    }

    private func failure(_ path: String, _ errorNumber: Int32) -> CountersFileError {
        CountersFileError(
            description: "can't write \(path): \(unsafe String(cString: strerror(errorNumber)))")
    }
}

/// Why the counters file could not be written, in a sentence.
public struct CountersFileError: Error, Equatable, CustomStringConvertible, Sendable {
    public let description: String
}

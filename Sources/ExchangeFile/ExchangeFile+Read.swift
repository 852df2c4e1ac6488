public import Exchange
import Glibc

extension ExchangeFile {
    /// The text of the file at `path`, which may be a pipe. At most `maximumByteCount` bytes of UTF-8.
    static func read(path: String) throws(ExchangeFileError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: reason(errno)) }
        defer { close(descriptor) }
        let bytes = try readToEnd(descriptor, path: path)
        do throws(Rejection) {
            return try text(of: bytes)
        } catch {
            throw .malformed(fileName: path, error)
        }
    }

    private static func readToEnd(_ descriptor: Int32, path: String) throws(ExchangeFileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(path: path, reason: reason(errno))
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= maximumByteCount else {
                let sentence =
                    "the file is longer than \(maximumByteCount >> 20) MiB; describe several smaller "
                    + "exchanges"
                throw .rejected(fileName: path, [Rejection(sentence, at: SourceLocation(line: 1, column: 1))])
            }
        }
    }

    /// Bytes as text. The first byte that isn't UTF-8 is named by its line and column.
    public static func text(of bytes: [UInt8]) throws(Rejection) -> String {
        do throws(UTF8.ValidationError) {
            return String(copying: try UTF8Span(validating: bytes.span))
        } catch {
            let offset = error.byteOffsets.lowerBound
            let line = 1 + bytes[..<offset].count { $0 == UInt8(ascii: "\n") }
            let lineStart = bytes[..<offset].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let column = 1 + String(decoding: bytes[lineStart..<offset], as: UTF8.self).unicodeScalars.count
            throw Rejection(
                "this is not UTF-8 text; save the file as UTF-8",
                at: SourceLocation(line: line, column: column))
        }
    }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: "there is no such file"
        case EISDIR: "this is a directory; name an exchange file"
        case EACCES: "no permission to read it"
        default: String(cString: strerror(code))
        }
    }
}

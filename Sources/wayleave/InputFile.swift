import ArgumentParser
@preconcurrency import Glibc

/// A file that is handed over as it is; `-` is standard input.
struct InputFile {
    let name: String
    let bytes: [UInt8]

    /// Reads it; where that can't be, says why and ends with exit code 1.
    init(_ path: String) throws {
        name = path == "-" ? "standard input" : path
        guard let stream = path == "-" ? stdin : fopen(path, "r") else {
            printError("\(path): \(String(cString: strerror(errno)))")
            throw ExitCode(1)
        }
        defer { if path != "-" { fclose(stream) } }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { bytes += chunk[..<count] }
        guard ferror(stream) == 0 else {
            printError("\(path): \(String(cString: strerror(errno)))")
            throw ExitCode(1)
        }
        self.bytes = bytes
    }

    /// JSON by its name, else YAML, of which JSON is a part.
    var contentType: String { name.hasSuffix(".json") ? "application/json" : "application/yaml" }
}
